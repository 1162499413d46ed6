package httpv1

import (
	"context"
	"encoding/base64"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/modules/notifications/internal/adapters/memstore"
	"parley/modules/notifications/internal/core"
	"parley/modules/users"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/seal"
	"parley/platform/memory"
	"parley/platform/webtest"
)

// api has the notifications 1 to 3 of jo, the newest last, and 4 of al.
func api(t *testing.T) (webtest.Client, *clock.Fixed) {
	t.Helper()
	c := clock.NewFixed(time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC))
	db := memory.New(c)
	store := memstore.New(db)
	var ns []core.Notification
	for i := range 4 {
		user := int64(7)
		if i == 3 {
			user = 8
		}
		ns = append(ns, core.Notification{
			OrganizationID: 1, UserID: user, Title: "A user was deleted", Message: fmt.Sprintf("User %d was deleted by the server.", i), Kind: core.KindUserDeleted,
			CreatedBy: "System", CreatedOn: c.Now().Add(time.Duration(i) * time.Second), Cause: fmt.Sprint(i),
		})
	}
	if _, err := store.Add(context.Background(), ns); err != nil {
		t.Fatal(err)
	}
	actors := webtest.Actors{"jo": {UserID: 7, OrganizationID: 1}, "al": {UserID: 8, OrganizationID: 1}, "new": {UserID: 9, OrganizationID: 1}}
	return webtest.Serve(t, actors, New(core.New(core.Deps{Unit: db, Store: store, Clock: c})).Routes()).Watching(db), c
}

const (
	unread = `{"id":3,"user":7,"title":"A user was deleted","message":"User 2 was deleted by the server.","kind":"user_deleted","link":null,"is_read":false,"read_on":null,"created_by":"System","created_on":"2026-05-20T12:00:02.000000Z"}`
	read   = `{"id":3,"user":7,"title":"A user was deleted","message":"User 2 was deleted by the server.","kind":"user_deleted","link":null,"is_read":true,"read_on":"2026-05-20T12:05:00.000000Z","created_by":"System","created_on":"2026-05-20T12:00:02.000000Z"}`
)

func TestAnInboxIsOnesOwnNewestFirstWithTheUnreadCounted(t *testing.T) {
	client, _ := api(t)
	body := strings.TrimSpace(string(client.As("jo").Do("GET", "/api/notification?items_per_page=1", nil).Want(200).Body))
	want := `{"success":true,"message":"Notifications retrieved successfully.","data":[` + unread + `],"meta":{"count":3,"num_pages":3,"current_page":1,"items_per_page":1,"next_cursor":`
	if !strings.HasPrefix(body, want) || !strings.HasSuffix(body, `","unread":3,"sequence_number":3}}`) {
		t.Errorf("got %s", body)
	}
	client.As("jo").Do("PUT", "/api/notification/3/read", nil).Want(200)
	for name, c := range map[string]struct {
		who, query string
		ids        []int64
		unread     int
	}{
		"all":             {"jo", "", []int64{3, 2, 1}, 2},
		"the read ones":   {"jo", "?is_read=true", []int64{3}, 2},
		"the unread ones": {"jo", "?is_read=false", []int64{2, 1}, 2},
		"another's":       {"al", "", []int64{4}, 1},
		"an empty one":    {"new", "", []int64{}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var meta struct{ Unread int }
			answer := client.On(t).As(c.who).Do("GET", "/api/notification"+c.query, nil).Want(200)
			answer.Meta(&meta)
			var items []struct{ ID int64 }
			answer.Data(&items)
			ids := []int64{}
			for _, i := range items {
				ids = append(ids, i.ID)
			}
			if diff := cmp.Diff(c.ids, ids); diff != "" || meta.Unread != c.unread {
				t.Errorf("%d unread, %s", meta.Unread, diff)
			}
		})
	}
}

func TestACursorWalksAnInboxWithoutCounting(t *testing.T) {
	client, _ := api(t)
	var meta struct {
		Count      *int    `json:"count"`
		NextCursor *string `json:"next_cursor"`
		Unread     int     `json:"unread"`
	}
	client.As("jo").Do("GET", "/api/notification?cursor=&items_per_page=2", nil).Want(200).Meta(&meta)
	if meta.Count != nil || meta.NextCursor == nil || meta.Unread != 3 {
		t.Fatalf("got %+v", meta)
	}
	var rest []struct{ ID int64 }
	client.As("jo").Do("GET", "/api/notification?items_per_page=2&cursor="+*meta.NextCursor, nil).Want(200).Data(&rest)
	if len(rest) != 1 || rest[0].ID != 1 {
		t.Errorf("got %v", rest)
	}
}

func TestReadingANotificationAgainChangesNothing(t *testing.T) {
	client, c := api(t)
	c.Advance(5 * time.Minute)
	want := `{"success":true,"message":"Notification read successfully.","data":` + read + `}`
	for range 2 {
		body := strings.TrimSpace(string(client.As("jo").Do("PUT", "/api/notification/3/read", nil).Want(200).Body))
		if diff := cmp.Diff(want, body); diff != "" {
			t.Error(diff)
		}
		c.Advance(time.Hour)
	}
}

func TestNotificationsAreRefused(t *testing.T) {
	client, _ := api(t)
	for name, c := range map[string]struct {
		who, method, path string
		body              any
		status            int
		code              string
	}{
		"a list to nobody":           {"", "GET", "/api/notification", nil, 401, "unauthenticated"},
		"a reading by nobody":        {"", "PUT", "/api/notification/1/read", nil, 401, "unauthenticated"},
		"reading another's":          {"al", "PUT", "/api/notification/1/read", nil, 404, "notifications.not_found"},
		"reading what never was":     {"jo", "PUT", "/api/notification/99/read", nil, 404, "notifications.not_found"},
		"an id that is none":         {"jo", "PUT", "/api/notification/x/read", nil, 404, "not_found"},
		"a body where there is none": {"jo", "PUT", "/api/notification/1/read", `{"is_read":false}`, 400, "malformed_request"},
		"a filter of another type":   {"jo", "GET", "/api/notification?is_read=maybe", nil, 400, "malformed_request"},
		"a filter for a user":        {"jo", "GET", "/api/notification?user_id=8", nil, 400, "malformed_request"},
		"a cursor of nowhere":        {"jo", "GET", "/api/notification?cursor=x", nil, 422, "invalid_cursor"},
	} {
		t.Run(name, func(t *testing.T) {
			client.On(t).As(c.who).Do(c.method, c.path, c.body).Refused(c.status, c.code)
		})
	}
}

func TestALinkOfAMailIsAPageAndAPostEndsSuchMails(t *testing.T) {
	c := clock.NewFixed(time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC))
	db := memory.New(c)
	sealer, err := seal.New("unsubscribe", []byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	store := memstore.New(db)
	sealed, err := sealer.Seal([]byte(`{"o":1,"u":7,"k":["content_opened","message"]}`))
	if err != nil {
		t.Fatal(err)
	}
	link := "/api/notification/unsubscribe?token=" + base64.RawURLEncoding.EncodeToString(sealed)
	api := New(core.New(core.Deps{Unit: db, Store: store, Users: jo{}, Clock: c, Sealer: sealer}))
	client := webtest.Serve(t, webtest.Actors{"jo": {UserID: 7, OrganizationID: 1}}, api.Routes()).Watching(db)
	client.Do("POST", "/api/notification/unsubscribe", nil).Want(400)
	client.Do("POST", "/api/notification/unsubscribe?token=abc", nil).Refused(422, "notifications.invalid_token")
	client.Send("POST", link, "application/x-www-form-urlencoded", strings.NewReader(strings.Repeat("x", 5000))).Want(413)
	chosen := func() map[string]core.Mail {
		found, err := store.Preferences(t.Context(), []int64{7})
		if err != nil {
			t.Fatal(err)
		}
		return found[7].Mail
	}
	if len(chosen()) != 0 {
		t.Errorf("chosen %v", chosen())
	}
	for contentType, body := range map[string]string{
		"application/x-www-form-urlencoded": "List-Unsubscribe=One-Click",
		"multipart/form-data; boundary=b":   "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n",
		"":                                  "",
	} {
		a := client.Send("POST", link, contentType, strings.NewReader(body)).Want(200)
		if !strings.Contains(string(a.Body), `"data":{"kinds":["content_opened","message"]}`) {
			t.Errorf("%s: %s", contentType, a.Body)
		}
	}
	if m := chosen(); m["content_opened"] != core.MailOff || m["message"] != core.MailOff || len(m) != 2 {
		t.Errorf("chosen %v", m)
	}
	if p := api.Pages(); len(p) != 1 || p[0].Path != core.UnsubscribePath || !strings.Contains(p[0].HTML, "One-Click") {
		t.Errorf("pages %+v", p)
	}
}

// jo is the only user there is.
type jo struct{ users.Directory }

// Users implements users.Directory.
func (jo) Users(_ context.Context, org int64, ids []int64) ([]users.User, error) {
	if org != 1 || !slices.Contains(ids, 7) {
		return nil, nil
	}
	return []users.User{{ID: 7, OrganizationID: 1, Email: "jo@example.com", IsActive: true}}, nil
}
