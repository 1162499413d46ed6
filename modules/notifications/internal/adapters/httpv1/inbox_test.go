package httpv1

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/modules/notifications"
	"parley/modules/notifications/internal/adapters/memstore"
	"parley/modules/notifications/internal/core"
	"parley/modules/users"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/memory"
	"parley/platform/webtest"
)

// directory has jo and al.
type directory struct{ users.Directory }

// Users implements users.Directory.
func (directory) Users(_ context.Context, _ int64, ids []int64) ([]users.User, error) {
	all := []users.User{{ID: 7, OrganizationID: 1}, {ID: 8, OrganizationID: 1}}
	return slices.DeleteFunc(all, func(u users.User) bool { return !slices.Contains(ids, u.ID) }), nil
}

// house is an organization where al may write to jo and nobody else to anybody.
func house(t *testing.T) (webtest.Client, *clock.Fixed) {
	t.Helper()
	c := clock.NewFixed(time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC))
	db := memory.New(c)
	service := core.New(core.Deps{Unit: db, Store: memstore.New(db), Users: directory{}, Clock: c})
	service.Decided([]access.Decider{{Resource: actor.Account, May: func(_ context.Context, who actor.Actor, id int64, _ access.Action) error {
		switch {
		case who.OrganizationID != 1 || id > 8:
			return users.ErrNotFound
		case who.UserID == 8:
			return nil
		}
		return core.ErrNotSender
	}}})
	actors := webtest.Actors{"jo": {UserID: 7, OrganizationID: 1, Email: "jo@example.com"}, "al": {UserID: 8, OrganizationID: 1, Email: "al@example.com", FullName: "Al Lee"}, "far": {UserID: 9, OrganizationID: 2}}
	return webtest.Serve(t, actors, New(service).Routes()).Watching(db), c
}

func created(id, user, sequence, by int64, kind string) []event.Event {
	return []event.Event{notifications.NotificationCreated{NotificationID: id, OrganizationID: 1, UserID: user, Kind: kind, SequenceNumber: sequence, SentBy: by}}
}

func TestSendingANotification(t *testing.T) {
	client, _ := house(t)
	const path = "/api/notification/user/7"
	for _, s := range []webtest.Scenario{
		{Who: "al", Method: "POST", Path: path, Body: `{"message":"Hello."}`, Status: 201, Events: created(1, 7, 1, 8, "message")},
		{Who: "al", Method: "POST", Path: path, Body: `{"title":"T","message":"M","kind":"food","link":"/api/agent/7"}`, Status: 201, Events: created(2, 7, 2, 8, "food")},
		{Who: "al", Method: "POST", Path: path, Body: `{"message":"M","link":null}`, Status: 201, Events: created(3, 7, 3, 8, "message")},
		{Method: "POST", Path: path, Body: `{"message":"M"}`, Status: 401, Code: "unauthenticated"},
		{Who: "jo", Method: "POST", Path: "/api/notification/user/8", Body: `{"message":"M"}`, Status: 403, Code: "notifications.not_sender"},
		{Who: "far", Method: "POST", Path: path, Body: `{"message":"M"}`, Status: 404, Code: "users.not_found"},
		{Who: "al", Method: "POST", Path: "/api/notification/user/99", Body: `{"message":"M"}`, Status: 404, Code: "users.not_found"},
		{Who: "al", Method: "POST", Path: "/api/notification/user/x", Body: `{"message":"M"}`, Status: 404, Code: "not_found"},
		{Who: "al", Method: "POST", Path: path, Body: `{}`, Status: 400, Code: "malformed_request"},
		{Who: "al", Method: "POST", Path: path, Body: `{"message":"M","created_by":"root@example.com"}`, Status: 400, Code: "malformed_request"},
		{Who: "al", Method: "POST", Path: path, Body: `{"message":"M","user_id":8}`, Status: 400, Code: "malformed_request"},
		{Who: "al", Method: "POST", Path: path, Body: `{"message":""}`, Status: 422, Code: "unacceptable_value"},
		{Who: "al", Method: "POST", Path: path, Body: `{"message":"` + strings.Repeat("x", 4001) + `"}`, Status: 422, Code: "unacceptable_value"},
		{Who: "al", Method: "POST", Path: path, Body: `{"message":"M","title":"` + strings.Repeat("x", 201) + `"}`, Status: 422, Code: "unacceptable_value"},
		{Who: "al", Method: "POST", Path: path, Body: `{"message":"M","kind":"Food"}`, Status: 422, Code: "unacceptable_value"},
		{Who: "al", Method: "POST", Path: path, Body: `{"message":"M","kind":"content_opened"}`, Status: 422, Code: "notifications.reserved_kind"},
		{Who: "al", Method: "POST", Path: path, Body: `{"message":"M","link":"//evil.example"}`, Status: 422, Code: "notifications.bad_link"},
		{Who: "al", Method: "POST", Path: path, Body: `{"message":"a\u0007b"}`, Status: 422, Code: "notifications.bad_text"},
	} {
		client.Play(s)
	}
	sent := client.As("al").Expecting(created(4, 7, 4, 8, "message")...).Do("POST", path, `{"message":"Hello."}`).Want(201)
	body := strings.TrimSpace(string(sent.Body))
	want := `{"success":true,"message":"Notification sent successfully.","data":{"id":4,"user":7,"title":"Message from Al Lee","message":"Hello.","kind":"message","link":null,` +
		`"is_read":false,"read_on":null,"created_by":"al@example.com","created_on":"2026-05-20T12:00:00.000000Z"}}`
	if diff := cmp.Diff(want, body); diff != "" {
		t.Error(diff)
	}
}

func TestTheTwentyFirstWithinAnHourIsRefusedWithHowLongToWait(t *testing.T) {
	client, c := house(t)
	for i := range int64(20) {
		client.As("al").Expecting(created(i+1, 7, i+1, 8, "message")...).Do("POST", "/api/notification/user/7", `{"message":"M"}`).Want(201)
	}
	c.Advance(10 * time.Minute)
	answer := client.Play(webtest.Scenario{Who: "al", Method: "POST", Path: "/api/notification/user/7", Body: `{"message":"M"}`, Status: 429, Code: "notifications.too_many"})
	if got := answer.Header.Get("Retry-After"); got != "3000" {
		t.Errorf("Retry-After is %q", got)
	}
}

func TestReadingAll(t *testing.T) {
	client, _ := house(t)
	for i := range int64(3) {
		client.As("al").Expecting(created(i+1, 7, i+1, 8, "message")...).Do("POST", "/api/notification/user/7", `{"message":"M"}`).Want(201)
	}
	client.As("jo").Do("PUT", "/api/notification/2/read", nil).Want(200)
	for _, want := range []string{`{"read":2}`, `{"read":0}`} {
		a := client.Play(webtest.Scenario{Who: "jo", Method: "PUT", Path: "/api/notification/read", Status: 200})
		if body := strings.TrimSpace(string(a.Body)); body != `{"success":true,"message":"Notifications read successfully.","data":`+want+`}` {
			t.Errorf("got %s", body)
		}
	}
	client.As("").Do("PUT", "/api/notification/read", nil).Refused(401, "unauthenticated")
	var meta struct{ Unread int }
	client.As("jo").Do("GET", "/api/notification", nil).Want(200).Meta(&meta)
	if meta.Unread != 0 {
		t.Errorf("%d unread", meta.Unread)
	}
}

func TestPreferences(t *testing.T) {
	client, _ := house(t)
	const path = "/api/notification/preference"
	for _, s := range []webtest.Scenario{
		{Who: "jo", Method: "GET", Path: path, Status: 200},
		{Method: "GET", Path: path, Status: 401, Code: "unauthenticated"},
		{Method: "PUT", Path: path, Body: `{}`, Status: 401, Code: "unauthenticated"},
		{Who: "jo", Method: "PUT", Path: path, Body: `{"muted":["message"],"mail":{"document_failed":"at_once","run_interrupted":"digest"}}`, Status: 200},
		{Who: "jo", Method: "PUT", Path: path, Body: `{"mail":{"run_interrupted":"off"}}`, Status: 200},
		{Who: "jo", Method: "PUT", Path: path, Body: `{}`, Status: 200},
		{Who: "jo", Method: "PUT", Path: path, Status: 400, Code: "malformed_request"},
		{Who: "jo", Method: "PUT", Path: path, Body: `{"user_id":8}`, Status: 400, Code: "malformed_request"},
		{Who: "jo", Method: "PUT", Path: path, Body: `{"muted":["food"]}`, Status: 422, Code: "notifications.unknown_kind"},
		{Who: "jo", Method: "PUT", Path: path, Body: `{"muted":["content_opened"]}`, Status: 422, Code: "notifications.kind_stays"},
		{Who: "jo", Method: "PUT", Path: path, Body: `{"mail":{"food":"off"}}`, Status: 422, Code: "notifications.unknown_kind"},
		{Who: "jo", Method: "PUT", Path: path, Body: `{"mail":{"message":"weekly"}}`, Status: 422, Code: "notifications.unknown_mail"},
		{Who: "al", Method: "POST", Path: "/api/notification/user/7", Body: `{"message":"M"}`, Status: 409, Code: "notifications.muted"},
	} {
		client.Play(s)
	}
	type preference struct {
		Muted []string
		Mail  map[string]string
		Kinds []string
	}
	var got preference
	client.As("jo").Do("GET", path, nil).Want(200).Data(&got)
	want := preference{Muted: []string{"message"}, Mail: map[string]string{}, Kinds: core.Kinds}
	for _, kind := range core.Kinds {
		want.Mail[kind] = "off"
	}
	for _, kind := range []string{"document_failed", "content_opened", "webhook_disabled", "budget"} {
		want.Mail[kind] = "at_once"
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	client.As("jo").Do("PUT", path, `{"muted":[]}`).Want(200).Data(&got)
	if len(got.Muted) != 0 {
		t.Errorf("muted are %v", got.Muted)
	}
}

func TestAnInboxIsFollowed(t *testing.T) {
	client, _ := house(t)
	said := int64(0)
	say := func(text string) {
		said++
		client.As("al").Expecting(created(said, 7, said, 8, "message")...).Do("POST", "/api/notification/user/7", fmt.Sprintf(`{"message":%q}`, text)).Want(201)
	}
	next := func(s *webtest.Stream) string {
		t.Helper()
		e, ok := s.Next()
		if !ok {
			t.Fatal("the stream ended")
		}
		text := ""
		if n, is := e["notification"].(map[string]any); is {
			text = n["message"].(string)
			if n["created_by"] != "al@example.com" || e["message"] != n["title"] {
				t.Errorf("got %v", e)
			}
		}
		if output, is := e["output"]; !is || output != nil {
			t.Errorf("the output is %v", output)
		}
		return fmt.Sprint(e["sequence_number"], e["step"], " ", text, " ", e["unread"])
	}
	say("one")
	var meta struct {
		SequenceNumber int `json:"sequence_number"`
	}
	client.As("jo").Do("GET", "/api/notification", nil).Want(200).Meta(&meta)
	say("two")
	now := client.As("jo").Stream("GET", "/api/notification/stream", nil)
	behind := client.As("jo").Stream("GET", fmt.Sprintf("/api/notification/stream?starting_after=%d", meta.SequenceNumber), nil)
	back := client.As("jo").With("Last-Event-ID", "0").Stream("GET", "/api/notification/stream", nil)
	for name, c := range map[string]struct {
		s    *webtest.Stream
		want []string
	}{
		"from now on":             {now, []string{"2start  2"}},
		"behind the list":         {behind, []string{"1start  2", "2notification two 2"}},
		"from the very beginning": {back, []string{"0start  2", "1notification one 2", "2notification two 2"}},
	} {
		for _, want := range c.want {
			if got := next(c.s); got != want {
				t.Errorf("%s: %q, not %q", name, got, want)
			}
		}
	}
	say("three")
	for _, s := range []*webtest.Stream{now, behind, back} {
		if got := next(s); got != "3notification three 3" {
			t.Errorf("got %q", got)
		}
		s.Close()
	}
	client.As("").Do("GET", "/api/notification/stream", nil).Refused(401, "unauthenticated")
	client.As("jo").Do("GET", "/api/notification/stream?starting_after=-1", nil).Refused(422, "unacceptable_value")
	client.As("jo").With("Last-Event-ID", "x").Do("GET", "/api/notification/stream", nil).Refused(422, "unacceptable_value")
}

func TestAStreamThatEndsMakesPlaceForAnother(t *testing.T) {
	client, _ := house(t)
	jo := client.As("jo")
	var open []*webtest.Stream
	for range 20 {
		s := jo.Stream("GET", "/api/notification/stream", nil)
		if _, ok := s.Next(); !ok {
			t.Fatal("a stream ended")
		}
		open = append(open, s)
	}
	if a := jo.Do("GET", "/api/notification/stream", nil); a.Status != 429 || a.Code() != "notifications.too_many_streams" || a.Header.Get("Retry-After") != "10" {
		t.Errorf("the next one got %d %s", a.Status, a.Body)
	}
	open[3].Close()
	for deadline := time.Now().Add(30 * time.Second); ; { // the server hears of it a little later
		s := jo.Stream("GET", "/api/notification/stream", nil)
		if s.Status == 200 {
			return
		}
		s.Close()
		if time.Now().After(deadline) {
			t.Fatalf("the place is still taken: %d", s.Status)
		}
	}
}
