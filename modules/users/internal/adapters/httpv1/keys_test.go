package httpv1_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/modules/users"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/event"
	"parley/platform/kernel/page"
	"parley/platform/webtest"
)

type key struct {
	ID         int64
	Key        string
	Hint       string
	LastUsedOn *string `json:"last_used_on"`
}

func (h *house) key(c webtest.Client, body string) (webtest.Client, key) {
	h.t.Helper()
	var k key
	h.telling(c, accessChanged).Do("POST", "/api/api-key", body).Want(201).Data(&k)
	return h.With("Ocp-Apim-Subscription-Key", k.Key), k
}

func TestAPIKeys(t *testing.T) {
	h := newHouse(t)
	admin := h.as("admin@example.com")
	_, k := h.key(admin, `{"name":" CI ","scope":"restricted","groups":{"user":"read"},"expires_on":"2024-10-03T02:00:00+02:00"}`)
	if len(k.Key) != 50 || !strings.HasSuffix(k.Key, k.Hint) {
		t.Errorf("the key is %q", k.Key)
	}
	want := fmt.Sprintf(`[{"id":%d,"name":"CI","user":1,"hint":%q,"scope":"restricted","groups":{"user":"read"},"expires_on":"2024-10-03T00:00:00.000000Z","last_used_on":null,`+
		`"created_by":"admin@example.com","created_on":"2024-10-02T00:02:24.378434Z","modified_by":"","modified_on":"2024-10-02T00:02:24.378434Z"}]`, k.ID, k.Hint)
	if got := data(t, admin.Do("GET", "/api/api-key", nil).Want(200)); got != want {
		t.Errorf("listed %s", got)
	}
	h.run(k.ID, []call{
		{"no scope", "admin@example.com", "POST", "/api/api-key", `{"name":"k"}`, 400, "malformed_request", nil},
		{"a scope that is none", "admin@example.com", "POST", "/api/api-key", `{"name":"k","scope":"some"}`, 422, "unacceptable_value", nil},
		{"a reach that is none", "admin@example.com", "POST", "/api/api-key",
			`{"name":"k","scope":"restricted","groups":{"user":"all"}}`, 422, "unacceptable_value", nil},
		{"a group that is none", "admin@example.com", "POST", "/api/api-key",
			`{"name":"k","scope":"restricted","groups":{"users":"read"}}`, 422, "users.key_groups", nil},
		{"an end in the past", "admin@example.com", "POST", "/api/api-key",
			`{"name":"k","scope":"all","expires_on":"2020-01-01T00:00:00Z"}`, 422, "users.key_expired", nil},
		{"another's", "boss@other.org", "DELETE", "/api/api-key/%d", "", 404, "users.key_not_found", nil},
		{"one's own", "admin@example.com", "DELETE", "/api/api-key/%d", "", 200, "", rights(h.admin, "api_key")},
		{"which is gone", "admin@example.com", "DELETE", "/api/api-key/%d", "", 404, "users.key_not_found", nil},
	})
	h.With("Ocp-Apim-Subscription-Key", k.Key).Do("GET", "/api/user/me", nil).Refused(401, "unauthenticated")
}

func TestAKeyIsShownOnce(t *testing.T) {
	h := newHouse(t)
	admin := h.as("admin@example.com").With("Idempotency-Key", "once")
	body := `{"name":"k","scope":"all"}`
	var first, again key
	admin.Expecting(rights(h.admin, "api_key")...).Do("POST", "/api/api-key", body).Want(201).Data(&first)
	replayed := admin.Do("POST", "/api/api-key", body).Want(201).Data(&again)
	if first.Key == "" || again.Key != "" || again.ID != first.ID || replayed.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("first %+v, again %+v", first, again)
	}
	if strings.Contains(string(h.as("admin@example.com").Do("GET", "/api/api-key", nil).Body), first.Key) {
		t.Error("the list shows it")
	}
}

func TestWhatAKeyReaches(t *testing.T) {
	h := newHouse(t)
	admin := h.as("admin@example.com")
	all, k := h.key(admin, `{"name":"all","scope":"all"}`)
	reader, _ := h.key(admin, `{"name":"reader","scope":"read_only"}`)
	users, _ := h.key(admin, `{"name":"users","scope":"restricted","groups":{"user":"write"}}`)
	const make, rename, own = `{"name":"k","scope":"all"}`, `{"first_name":"Jo"}`, `{"old_password":"` + password + `","new_password":"` + password + `"}`
	me := fmt.Sprintf("/api/user/%d", h.admin)
	for _, c := range []struct {
		method, path, body string
		all, reader, users int
		events             []event.Event // of all that get through
	}{
		{"GET", "/api/user", "", 200, 200, 200, nil},
		{"PUT", me, rename, 200, 403, 200, facts(userChanged)}, // the second finds it as it is
		{"POST", "/api/user", `{"email":"","first_name":"Bot"}`, 201, 403, 201, facts(userMade, userMade)},
		// What makes credentials, or makes them wider, is beyond any narrow key.
		{"POST", "/api/user", `{"email":"","password":"long enough"}`, 422, 403, 403, nil},
		{"POST", "/api/user", `{"email":"","is_staff":true}`, 201, 403, 403, facts(userMade)},
		{"PUT", "/api/user/999", `{"is_superuser":true}`, 404, 403, 403, nil},
		{"PUT", "/api/user/999", `{"email":"other@example.com"}`, 404, 403, 403, nil},
		{"POST", "/api/user/999/permission", `{"resource_type":"organization","role":"user"}`, 404, 403, 403, nil},
		{"PUT", "/api/user/permission/999", `{"role":"application_admin"}`, 404, 403, 403, nil},
		{"GET", "/api/organization", "", 200, 200, 403, nil},
		{"GET", "/api/audit-log", "", 200, 200, 403, nil},
		{"GET", "/api/api-key", "", 200, 403, 403, nil},
		{"POST", "/api/api-key", make, 201, 403, 403, rights(h.admin, "api_key")},
		{"PUT", "/api/user/me/password", own, 200, 403, 403, rights(h.admin, "session")},
	} {
		var body any
		if c.body != "" {
			body = c.body
		}
		h.Expecting(c.events...).Together(c.method+" "+c.path+" by each key", func(webtest.Client) {
			for want, client := range map[*int]webtest.Client{&c.reader: reader, &c.users: users, &c.all: all} {
				answer := client.Watching(nil).Do(c.method, c.path, body).Want(*want)
				if *want == 403 && answer.Code() != "users.key_scope" {
					t.Errorf("%s %s: %s", c.method, c.path, answer.Body)
				}
			}
		})
	}
	// Beside a token the key narrows, whoever's it is.
	second := h.add("second@example.com")
	both := h.as("admin@example.com").With("Ocp-Apim-Subscription-Key", k.Key)
	both.Expecting(userChanged).Do("PUT", fmt.Sprintf("/api/user/%d", second), rename).Want(200)
	if _, err := h.service.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	var list []key
	h.as("admin@example.com").Do("GET", "/api/api-key", nil).Want(200).Data(&list)
	if len(list) < 3 || list[0].LastUsedOn == nil {
		t.Errorf("the use was not noted: %+v", list)
	}
}

func TestServiceUsersActByKeysThatAdminsMake(t *testing.T) {
	h := newHouse(t)
	robot := h.add("")
	h.add("jo@example.com")
	client, k := h.key(h.as("admin@example.com"), fmt.Sprintf(`{"name":"robot","user_id":%d,"scope":"read_only"}`, robot))
	var me struct{ ID int64 }
	client.Do("GET", "/api/user/me", nil).Want(200).Data(&me)
	if me.ID != robot {
		t.Errorf("acts as %d", me.ID)
	}
	h.run(robot, []call{
		{"by a user", "jo@example.com", "POST", "/api/api-key", fmt.Sprintf(`{"name":"x","user_id":%d,"scope":"all"}`, robot), 403, "users.not_admin", nil},
		{"listed by a user", "jo@example.com", "GET", "/api/api-key?user_id=%d", "", 403, "users.not_admin", nil},
		{"listed by an admin", "admin@example.com", "GET", "/api/api-key?user_id=%d", "", 200, "", nil},
		{"for a person", "admin@example.com", "POST", "/api/api-key", `{"name":"x","user_id":4,"scope":"all"}`, 422, "users.not_a_service_user", nil},
		{"revoked by an admin", "admin@example.com", "DELETE", fmt.Sprintf("/api/api-key/%d", k.ID), "", 200, "", rights(robot, "api_key")},
	})
}

func TestTheOwnOrganization(t *testing.T) {
	h := newHouse(t)
	h.add("jo@example.com")
	jo, admin := h.as("jo@example.com"), h.as("admin@example.com")
	if got := data(t, jo.Do("GET", "/api/organization", nil).Want(200)); !strings.HasPrefix(got, `{"id":1,"org_name":"Org 1","domain":"example.com","is_deleted":false,`) {
		t.Errorf("got %s", got)
	}
	h.run(0, []call{
		{"by a user", "jo@example.com", "PUT", "/api/organization/1", `{"org_name":"X"}`, 403, "users.not_global_admin", nil},
		{"another one", "admin@example.com", "PUT", "/api/organization/2", `{"org_name":"X"}`, 404, "users.organization_not_found", nil},
		{"a blank name", "admin@example.com", "PUT", "/api/organization/1", `{"org_name":" "}`, 422, "users.blank_name", nil},
		{"its domain", "admin@example.com", "PUT", "/api/organization/1", `{"domain":"x.org"}`, 400, "malformed_request", nil},
		{"nothing", "admin@example.com", "PUT", "/api/organization/1", `{}`, 200, "", nil},
	})
	admin.Expecting(users.OrganizationChanged{OrganizationID: 1}).Do("PUT", "/api/organization/1", `{"org_name":" Renamed "}`).Want(200)
	if got := data(t, jo.Do("GET", "/api/organization", nil)); !strings.Contains(got, `"org_name":"Renamed"`) || !strings.Contains(got, `"modified_by":"admin@example.com"`) {
		t.Errorf("got %s", got)
	}
}

// No route knows the caller of a refresh, and a wrong old password is no
// refusal to the edge.
func TestRefreshesAndWrongOldPasswordsAreInTheAuditLog(t *testing.T) {
	h := newHouse(t)
	jo := h.add("jo@example.com")
	var pair struct {
		Access  string `json:"ejento_access_token"`
		Refresh string `json:"access_token"`
	}
	h.Do("POST", "/api/login/access-token", url.Values{"username": {"jo@example.com"}, "password": {password}}).Want(200).JSON(&pair)
	const refresh = "/api/users/refresh-access-token"
	h.As(pair.Refresh).Do("POST", refresh, nil).Want(200)
	h.As(pair.Refresh+"x").Do("POST", refresh, nil).Refused(401, "unauthenticated") // nobody's
	h.As(pair.Access).Do("PUT", "/api/user/me/password", `{"old_password":"wrong","new_password":"new password"}`).Refused(422, "users.wrong_password")
	admin := h.as("admin@example.com")
	admin.Expecting(userChanged, accessChanged, accessChanged).Do("PUT", fmt.Sprintf("/api/user/%d", jo), `{"is_active":false}`).Want(200)
	h.As(pair.Refresh).With("X-Request-Id", "r-9").Do("POST", refresh, nil).Refused(401, "unauthenticated")
	if _, err := h.service.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	var lines []struct {
		Action, Target, Outcome, Code string
		Status                        int
		From                          string `json:"from_address"`
		Request                       string `json:"request_id"`
	}
	admin.Do("GET", fmt.Sprintf("/api/audit-log?user_id=%d", jo), nil).Want(200).Data(&lines)
	var got []string
	for _, l := range lines {
		got = append(got, fmt.Sprintf("%s, %s: %s %d %s", l.Action, l.Target, l.Outcome, l.Status, l.Code))
		if l.From != "192.0.2.7" || l.Request == "" {
			t.Errorf("from %q by %q", l.From, l.Request)
		}
	}
	slices.Sort(got)
	want := []string{
		"post_login_access_token, POST /api/login/access-token: done 200 ",
		"post_users_refresh_access_token, POST /api/users/refresh-access-token: done 200 ",
		"post_users_refresh_access_token, POST /api/users/refresh-access-token: refused 401 unauthenticated",
		"put_user_me_password, PUT /api/user/me/password: refused 422 users.wrong_password",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if lines[1].Request != "r-9" && lines[0].Request != "r-9" {
		t.Errorf("the newest are %+v", lines[:2])
	}
}

func TestTheAuditLog(t *testing.T) {
	h := newHouse(t)
	admin := h.as("admin@example.com") // the oldest line
	jo := h.add("jo@example.com")
	ordinary := h.as("jo@example.com")
	ordinary.Do("DELETE", "/api/user/batch", fmt.Sprintf(`{"user_ids":[%d]}`, h.admin)).Refused(403, "users.not_admin")
	ordinary.Do("GET", "/api/audit-log", nil).Refused(403, "forbidden")
	ordinary.Do("GET", "/api/user/999", nil).Refused(404, "users.not_found")
	admin.With("X-Request-Id", "r-9").Expecting(userChanged, accessChanged, roleChanged).Do("PUT", fmt.Sprintf("/api/user/%d", jo), `{"is_staff":true,"first_name":"Secret"}`).Want(200)
	admin.Expecting(userChanged, accessChanged, accessChanged).Do("PUT", fmt.Sprintf("/api/user/%d", jo), `{"is_active":false}`).Want(200)
	ordinary.Do("GET", "/api/user/me", nil).Refused(401, "unauthenticated")

	type line struct {
		User      int64
		Action    string
		Target    string
		Subjects  []string
		Detail    map[string]any
		Outcome   string
		Code      string
		From      string `json:"from_address"`
		RequestID string `json:"request_id"`
	}
	read := func(query string) []line {
		t.Helper()
		var lines []line
		admin.Do("GET", "/api/audit-log"+query, nil).Want(200).Data(&lines)
		return lines
	}
	var short []string
	for _, l := range read("") {
		short = append(short, fmt.Sprintf("%d %s %s %s %v", l.User, l.Outcome, l.Target, l.Code, l.Subjects))
	}
	want := []string{
		fmt.Sprintf("%d refused GET /api/user/me unauthenticated []", jo),
		fmt.Sprintf("1 done PUT /api/user/%d  [user/%d]", jo, jo),
		fmt.Sprintf("1 done PUT /api/user/%d  [user/%d]", jo, jo),
		fmt.Sprintf("%d refused GET /api/audit-log forbidden []", jo),
		fmt.Sprintf("%d refused DELETE /api/user/batch users.not_admin []", jo),
		fmt.Sprintf("%d done POST /api/login/access-token  []", jo),
		fmt.Sprintf("1 done POST /api/user  [user/%d]", jo),
		"1 done POST /api/login/access-token  []",
		"1 done POST /api/login/access-token  []",
	}
	if got := strings.Join(short, "\n"); got != strings.Join(want, "\n") {
		t.Errorf("the log is\n%s\nnot\n%s", got, strings.Join(want, "\n"))
	}
	change := read("?action=put_user_user_id")[1]
	if change.RequestID != "r-9" || change.From != "192.0.2.7" || len(change.Detail) != 1 || change.Detail["is_staff"] != true {
		t.Errorf("the change is %+v", change)
	}
	for query, n := range map[string]int{
		"?user_id=1": 5, "?user_id=1&action=post_user": 1, "?from=2024-10-02T00:02:24.378434Z": 9, "?from=2024-10-02T00:02:25Z": 0,
		"?to=2024-10-02T00:02:24.378434Z": 0, "?items_per_page=2&page=5": 1,
	} {
		if got := len(read(query)); got != n {
			t.Errorf("%s: %d lines, not %d", query, got, n)
		}
	}
	var others []line
	h.as("boss@other.org").Do("GET", "/api/audit-log", nil).Want(200).Data(&others)
	if len(others) != 1 {
		t.Errorf("the other organization sees %d lines", len(others))
	}
	log, err := h.service.Store.AuditPage(t.Context(), 1, core.AuditFilter{}, page.Request{})
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range log.Items {
		if strings.Contains(fmt.Sprintf("%+v", e), "Secret") || strings.Contains(fmt.Sprintf("%+v", e), "@example.com") {
			t.Errorf("personal data in %+v", e)
		}
	}
}
