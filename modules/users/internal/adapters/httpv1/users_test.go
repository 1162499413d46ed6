package httpv1_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/event"
	"parley/platform/webtest"
)

// call is one line of a scenario: with the credentials of who, code "" for a
// success, and the events that it publishes.
type call struct {
	what, who, method, path, body string
	status                        int
	code                          string
	events                        []event.Event
}

// run sends the calls; %d in a path is the id.
func (h *house) run(id int64, calls []call) {
	h.t.Helper()
	tokens := map[string]string{"": ""}
	for _, c := range calls {
		if _, ok := tokens[c.who]; !ok {
			tokens[c.who] = h.token(c.who)
		}
		path := c.path
		if strings.Contains(path, "%d") {
			path = fmt.Sprintf(path, id)
		}
		var body any
		if c.body != "" {
			body = c.body
		}
		h.t.Run(c.what, func(t *testing.T) {
			s := webtest.Scenario{Who: tokens[c.who], Method: c.method, Path: path, Body: body, Status: c.status, Code: c.code, Events: c.events}
			h.On(t).Play(s)
		})
	}
}

func facts(all ...event.Event) []event.Event { return all }

func deleted(user, by int64) []event.Event {
	return facts(users.UserDeleted{UserID: user, OrganizationID: 1, DeletedBy: by})
}

// rights is that a user's rights changed, and of which kind.
func rights(user int64, what string) []event.Event {
	return facts(users.AccessChanged{UserID: user, OrganizationID: 1, What: what})
}

func flags(user int64) event.Event { return rights(user, "flags")[0] }

// roled is that somebody changed a user's role on a team, or in the organization.
func roled(user int64, resource string, id int64, was, is string, by int64) event.Event {
	return users.RoleChanged{UserID: user, OrganizationID: 1, ResourceType: resource, ResourceID: id, Role: is, PreviousRole: was, ChangedBy: by}
}

func data(t *testing.T, a webtest.Answer) string {
	t.Helper()
	var raw json.RawMessage
	a.Data(&raw)
	return string(raw)
}

func TestEditingUsers(t *testing.T) {
	h := newHouse(t)
	jo := h.add("jo@example.com")
	h.add("ann@example.com")
	staffer := h.add("staff@example.com", "is_staff")
	const path = "/api/user/%d"
	h.run(jo, []call{
		{"one's own names", "jo@example.com", "PUT", path, `{"first_name":"Jo","last_name":"Lund"}`, 200, "",
			facts(users.UserChanged{UserID: jo, OrganizationID: 1, Email: "jo@example.com", FirstName: "Jo", LastName: "Lund", IsActive: true})},
		{"a name taken away", "jo@example.com", "PUT", path, `{"last_name":null}`, 200, "",
			facts(users.UserChanged{UserID: jo, OrganizationID: 1, Email: "jo@example.com", FirstName: "Jo", IsActive: true})},
		{"nothing", "jo@example.com", "PUT", path, `{}`, 200, "", nil},
		{"one's own rank", "jo@example.com", "PUT", path, `{"is_staff":true}`, 403, "users.own_account", nil},
		{"another's name", "ann@example.com", "PUT", path, `{"first_name":"X"}`, 403, "users.not_admin", nil},
		{"an unknown field", "jo@example.com", "PUT", path, `{"id":7}`, 400, "malformed_request", nil},
		{"a field of another type", "jo@example.com", "PUT", path, `{"is_active":"no"}`, 400, "malformed_request", nil},
		{"a name that is too long", "jo@example.com", "PUT", path, `{"first_name":"` + strings.Repeat("x", 151) + `"}`, 422, "unacceptable_value", nil},
		{"no body", "jo@example.com", "PUT", path, "", 400, "malformed_request", nil},
		{"by an application admin", "staff@example.com", "PUT", path, `{"is_staff":true}`, 200, "",
			facts(users.UserChanged{UserID: jo, OrganizationID: 1, Email: "jo@example.com", FirstName: "Jo", IsStaff: true, IsActive: true}, flags(jo),
				roled(jo, "organization", 1, "user", "application_admin", staffer))},
		{"to more than they are", "staff@example.com", "PUT", path, `{"is_superuser":true}`, 403, "users.outranked", nil},
		{"the global admin", "staff@example.com", "PUT", fmt.Sprintf("/api/user/%d", h.admin), `{"first_name":"X"}`, 403, "users.outranked", nil},
		{"an address in use", "admin@example.com", "PUT", path, `{"email":"STAFF@example.com"}`, 409, "users.email_taken", nil},
		{"another organization's user", "boss@other.org", "PUT", path, `{"first_name":"X"}`, 404, "users.not_found", nil},
		{"nobody's", "admin@example.com", "PUT", "/api/user/999", `{"first_name":"X"}`, 404, "users.not_found", nil},
		{"nobody's, to what can't be", "admin@example.com", "PUT", "/api/user/999", `{"email":"nobody"}`, 422, "users.invalid_email", nil},
		{"nobody's, to what no user is", "admin@example.com", "PUT", "/api/user/999", `{"is_superuser":true,"is_staff":false}`, 422, "users.admin_is_staff", nil},
		{"no number", "admin@example.com", "PUT", "/api/user/me", `{"first_name":"X"}`, 405, "method_not_allowed", nil},
		{"no credentials", "", "PUT", path, `{"first_name":"X"}`, 401, "unauthenticated", nil},
	})
	got := data(t, h.as("admin@example.com").Do("GET", fmt.Sprintf("/api/user/%d", jo), nil).Want(200))
	want := fmt.Sprintf(`{"id":%d,"email":"jo@example.com","is_staff":true,"is_superuser":false,"is_active":true,"date_joined":"2024-10-02T00:02:24.378434Z","first_name":"Jo","last_name":null,`+
		`"organization":{"id":1,"org_name":"Org 1","domain":"example.com","is_deleted":false,"created_by":"System","created_on":"2024-10-02T00:02:24.378434Z","modified_by":"","modified_on":"2024-10-02T00:02:24.378434Z"}}`, jo)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAnAddressIsOneHoldersOnly(t *testing.T) {
	h := newHouse(t)
	jo := h.add("jo@example.com")
	claim := func(address string) error { return h.service.Claim(t.Context(), address, "agent/9") }
	if err := claim("Guide@example.com"); err != nil {
		t.Fatal(err)
	}
	const path = "/api/user/%d"
	refused := []call{
		{"a new user", "admin@example.com", "POST", "/api/user", `{"email":"guide@example.com"}`, 409, "users.email_taken", nil},
		{"a new user, in another case", "admin@example.com", "POST", "/api/user", `{"email":"GUIDE@example.com"}`, 409, "users.email_taken", nil},
		{"another organization's new user", "boss@other.org", "POST", "/api/user", `{"email":"guide@example.com"}`, 409, "users.email_taken", nil},
		{"another address", "admin@example.com", "PUT", path, `{"email":"guide@Example.com"}`, 409, "users.email_taken", nil},
	}
	h.run(jo, refused)
	for _, address := range []string{"JO@example.com", "boss@other.org"} {
		if err := claim(address); apperr.KindOf(err) != apperr.Conflict {
			t.Errorf("%s: %v", address, err)
		}
	}
	if err := h.service.Release(t.Context(), []string{"agent/9"}); err != nil {
		t.Fatal(err)
	}
	h.run(jo, []call{
		{"when it is free", "admin@example.com", "PUT", path, `{"email":"guide@example.com"}`, 200, "",
			facts(
				users.UserChanged{UserID: jo, OrganizationID: 1, Email: "guide@example.com", IsActive: true},
				users.EmailChanged{UserID: jo, OrganizationID: 1, Email: "guide@example.com", OldEmail: "jo@example.com", ChangedBy: h.admin},
				users.AccessChanged{UserID: jo, OrganizationID: 1, What: "session"},
			)},
		{"which frees the earlier one", "admin@example.com", "POST", "/api/user", `{"email":"jo@example.com"}`, 201, "",
			facts(users.UserCreated{UserID: 7, OrganizationID: 1, Email: "jo@example.com"})},
		{"and to go frees it", "admin@example.com", "DELETE", path, "", 200, "", deleted(jo, h.admin)},
	})
	if err := claim("guide@example.com"); err != nil {
		t.Errorf("after the deletion: %v", err)
	}
}

func TestSuspensionTakesEffectOnTheNextRequest(t *testing.T) {
	h := newHouse(t)
	id := h.add("jo@example.com")
	jo, admin := h.as("jo@example.com"), h.as("admin@example.com")
	byKey, _ := h.key(jo, `{"name":"k","scope":"all"}`)
	jo.Do("GET", "/api/user/me", nil).Want(200)
	byKey.Do("GET", "/api/user/me", nil).Want(200)
	admin.Expecting(users.UserChanged{UserID: id, OrganizationID: 1, Email: "jo@example.com"}, rights(id, "suspension")[0], rights(id, "session")[0]).
		Do("PUT", fmt.Sprintf("/api/user/%d", id), `{"is_active":false}`).Want(200)
	jo.Do("GET", "/api/user/me", nil).Refused(401, "unauthenticated")
	byKey.Do("GET", "/api/user/me", nil).Refused(401, "unauthenticated")
	h.Do("POST", "/api/login/access-token", url.Values{"username": {"jo@example.com"}, "password": {password}}).Refused(401, "users.wrong_credentials")
	admin.Expecting(users.UserChanged{UserID: id, OrganizationID: 1, Email: "jo@example.com", IsActive: true}, rights(id, "suspension")[0]).
		Do("PUT", fmt.Sprintf("/api/user/%d", id), `{"is_active":true}`).Want(200)
	jo.Do("GET", "/api/user/me", nil).Refused(401, "unauthenticated")
	byKey.Do("GET", "/api/user/me", nil).Want(200)
	h.as("jo@example.com").Do("GET", "/api/user/me", nil).Want(200)
}

func TestDeletingOneUserIsLikeDeletingSeveral(t *testing.T) {
	h := newHouse(t)
	jo, staff := h.add("jo@example.com"), h.add("staff@example.com", "is_staff")
	second := h.add("second@example.com", "is_superuser")
	h.run(jo, []call{
		{"by an ordinary user", "jo@example.com", "DELETE", fmt.Sprintf("/api/user/%d", second), "", 403, "users.not_admin", nil},
		{"a global admin by a lesser one", "staff@example.com", "DELETE", fmt.Sprintf("/api/user/%d", second), "", 403, "users.outranked", nil},
		{"oneself", "admin@example.com", "DELETE", fmt.Sprintf("/api/user/%d", h.admin), "", 409, "users.own_account", nil},
		{"another organization's", "boss@other.org", "DELETE", "/api/user/%d", "", 404, "users.not_found", nil},
		{"a user", "staff@example.com", "DELETE", "/api/user/%d", "", 200, "", deleted(jo, staff)},
		{"who is gone", "staff@example.com", "DELETE", "/api/user/%d", "", 404, "users.not_found", nil},
		{"a global admin by another", "admin@example.com", "DELETE", fmt.Sprintf("/api/user/%d", second), "", 200, "", deleted(second, h.admin)},
	})
}

func TestGlobalAdminsDeleteEachOtherAndChangeNothingOfEachOther(t *testing.T) {
	h := newHouse(t)
	second, jo := h.add("second@example.com", "is_superuser"), h.add("jo@example.com")
	robot := h.add("", "is_superuser")
	var last, role struct{ ID int64 }
	rows, err := h.service.Store.Permissions(t.Context(), 1, actor.Organization, []int64{1}, []int64{second, h.admin})
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range rows {
		switch p.UserID {
		case second:
			role.ID = p.ID
		case h.admin:
			last.ID = p.ID
		}
	}
	const path = "/api/user/%d"
	one := fmt.Sprintf("/api/user/permission/%d", role.ID)
	own := fmt.Sprintf("/api/user/permission/%d", last.ID)
	h.run(second, []call{
		{"a name", "admin@example.com", "PUT", path, `{"first_name":"X"}`, 403, "users.outranked", nil},
		{"nothing", "admin@example.com", "PUT", path, `{}`, 403, "users.outranked", nil},
		{"a demotion", "admin@example.com", "PUT", path, `{"is_superuser":false}`, 403, "users.outranked", nil},
		{"an address", "admin@example.com", "PUT", path, `{"email":"x@example.com"}`, 403, "users.outranked", nil},
		{"one's own name", "second@example.com", "PUT", path, `{"first_name":"X"}`, 200, "",
			facts(users.UserChanged{UserID: second, OrganizationID: 1, Email: "second@example.com", FirstName: "X", IsStaff: true, IsSuperuser: true, IsActive: true})},
		{"another role", "admin@example.com", "PUT", one, `{"role":"user"}`, 403, "users.outranked", nil},
		{"no role", "admin@example.com", "DELETE", one, "", 403, "users.outranked", nil},
		{"a role", "admin@example.com", "POST", path + "/permission", `{"resource_type":"organization","role":"user"}`, 403, "users.outranked", nil},
		{"a role on a team", "admin@example.com", "POST", path + "/permission", `{"resource_type":"team","resource_id":7,"role":"member"}`, 201, "",
			append(rights(second, "permission"), roled(second, "team", 7, "", "member", h.admin))},
		{"a person's key", "admin@example.com", "POST", "/api/api-key", fmt.Sprintf(`{"name":"k","scope":"all","user_id":%d}`, second), 403, "users.outranked", nil},
		{"a service user's key", "admin@example.com", "POST", "/api/api-key", fmt.Sprintf(`{"name":"k","scope":"all","user_id":%d}`, robot), 201, "",
			rights(robot, "api_key")},
		{"a promotion", "admin@example.com", "PUT", fmt.Sprintf(path, jo), `{"is_superuser":true}`, 200, "",
			facts(users.UserChanged{UserID: jo, OrganizationID: 1, Email: "jo@example.com", IsStaff: true, IsSuperuser: true, IsActive: true}, flags(jo),
				roled(jo, "organization", 1, "user", "global_admin", h.admin))},
		{"which stays", "admin@example.com", "PUT", fmt.Sprintf(path, jo), `{"is_superuser":false}`, 403, "users.outranked", nil},
		{"one's own demotion", "admin@example.com", "PUT", own, `{"role":"user"}`, 403, "users.own_account", nil},
		{"a deletion", "admin@example.com", "DELETE", path, "", 200, "", deleted(second, h.admin)},
		{"another", "admin@example.com", "DELETE", fmt.Sprintf(path, jo), "", 200, "", deleted(jo, h.admin)},
		{"and another", "admin@example.com", "DELETE", fmt.Sprintf(path, robot), "", 200, "", deleted(robot, h.admin)},
		{"the last one's own demotion", "admin@example.com", "PUT", own, `{"role":"user"}`, 409, "users.last_global_admin", nil},
		{"and resignation", "admin@example.com", "DELETE", own, "", 409, "users.last_global_admin", nil},
	})
}

func TestTheListOfUsersIsFiltered(t *testing.T) {
	h := newHouse(t)
	jo, ann := h.add("jo@example.com"), h.add("ann@example.com")
	admin := h.as("admin@example.com")
	admin.Expecting(accessChanged, roleChanged).Do("POST", fmt.Sprintf("/api/user/%d/permission", jo), `{"resource_type":"team","resource_id":7,"role":"member"}`).Want(201)
	admin.Expecting(userChanged, accessChanged, accessChanged).Do("PUT", fmt.Sprintf("/api/user/%d", ann), `{"is_active":false}`).Want(200)
	for query, want := range map[string]int{"": 3, "?q=ANN": 1, "?is_active=false": 1, "?is_active=true": 2, "?team_id=7": 1, "?team_id=8": 0, "?team_id=7&q=ann": 0} {
		var list []struct{ ID int64 }
		admin.Do("GET", "/api/user"+query, nil).Want(200).Data(&list)
		if len(list) != want {
			t.Errorf("%q: %d users, not %d", query, len(list), want)
		}
	}
	// A team that one does not see has nobody.
	for email, want := range map[string]string{"jo@example.com": fmt.Sprintf(`[{"id":%d,"email":"jo@example.com","first_name":null,"last_name":null}]`, jo), "boss@other.org": "[]"} {
		client := h.as(email)
		if email == "jo@example.com" {
			var list []struct {
				ID      int64
				IsStaff *bool `json:"is_staff"`
			}
			client.Do("GET", "/api/user?team_id=7", nil).Want(200).Data(&list)
			if len(list) != 1 || list[0].ID != jo {
				t.Errorf("%s sees %v", email, list)
			}
			continue
		}
		if got := data(t, client.Do("GET", "/api/user?team_id=7", nil).Want(200)); got != want {
			t.Errorf("%s sees %s", email, got)
		}
	}
	h.add("stranger@example.com")
	if got := data(t, h.as("stranger@example.com").Do("GET", "/api/user?team_id=7", nil).Want(200)); got != "[]" {
		t.Errorf("a stranger to the team sees %s", got)
	}
	admin.Do("GET", "/api/user?team_id=0", nil).Refused(422, "unacceptable_value")
	// The short form does not tell who is suspended, and neither does a filter.
	for _, query := range []string{"?is_active=false", "?is_active=true", "?is_active=false&team_id=7", "?is_active=false&q=nobody"} {
		h.as("stranger@example.com").Do("GET", "/api/user"+query, nil).Refused(403, "users.not_admin")
	}
	h.add("staff@example.com", "is_staff")
	h.as("staff@example.com").Do("GET", "/api/user?is_active=false", nil).Want(200)
}

func TestRolesOnResources(t *testing.T) {
	h := newHouse(t)
	jo := h.add("jo@example.com")
	h.add("ann@example.com")
	admin := h.as("admin@example.com")
	path := fmt.Sprintf("/api/user/%d/permission", jo)
	given := append(rights(jo, "permission"), roled(jo, "team", 7, "", "member", h.admin))
	answer := admin.Expecting(given...).Do("POST", path, `{"resource_type":"team","resource_id":7,"role":"member"}`).Want(201)
	if answer.Message() != "User permission created successfully." {
		t.Errorf("message %q", answer.Message())
	}
	id := answer.ID()
	again := admin.Do("POST", path, `{"resource_type":"team","resource_id":7,"role":"admin"}`).Refused(409, "users.has_permission")
	if got, want := again.Header.Get("Location"), fmt.Sprintf("/api/user/permission/%d", id); got != want {
		t.Errorf("the role that stands is at %q, not %q", got, want)
	}
	want := fmt.Sprintf(`{"id":%d,"user":%d,"resource_type":"team","resource_id":7,"role":"member","created_by":"admin@example.com","created_on":"2024-10-02T00:02:24.378434Z","modified_by":"","modified_on":"2024-10-02T00:02:24.378434Z"}`, id, jo)
	if got := data(t, answer); got != want {
		t.Errorf("got %s", got)
	}
	const one = "/api/user/permission/%d"
	h.run(id, []call{
		{"again", "admin@example.com", "POST", path, `{"resource_type":"team","resource_id":7,"role":"admin"}`, 409, "users.has_permission", nil},
		{"a kind that is none", "admin@example.com", "POST", path, `{"resource_type":"galaxy","resource_id":7,"role":"admin"}`, 422, "unacceptable_value", nil},
		{"a role that is none", "admin@example.com", "POST", path, `{"resource_type":"team","resource_id":7,"role":"owner"}`, 422, "unacceptable_value", nil},
		{"no id", "admin@example.com", "POST", path, `{"resource_type":"team","role":"admin"}`, 422, "users.resource_id_missing", nil},
		{"a stranger gives", "ann@example.com", "POST", path, `{"resource_type":"team","resource_id":7,"role":"admin"}`, 404, "users.resource_not_found", nil},
		{"a member gives", "jo@example.com", "POST", fmt.Sprintf("/api/user/%d/permission", h.admin),
			`{"resource_type":"team","resource_id":7,"role":"member"}`, 403, "users.not_resource_admin", nil},
		{"its user sees it", "jo@example.com", "GET", one, "", 200, "", nil},
		{"a stranger does not", "ann@example.com", "GET", one, "", 404, "users.permission_not_found", nil},
		{"nor another organization's admin", "boss@other.org", "GET", one, "", 404, "users.permission_not_found", nil},
		{"its user promotes themselves", "jo@example.com", "PUT", one, `{"role":"admin"}`, 403, "users.not_resource_admin", nil},
		{"the admin changes it", "admin@example.com", "PUT", one, `{"role":"admin"}`, 200, "", append(rights(jo, "permission"), roled(jo, "team", 7, "member", "admin", h.admin))},
		{"its user, an admin now, gives", "jo@example.com", "POST", fmt.Sprintf("/api/user/%d/permission", h.admin), `{"resource_type":"team","resource_id":7,"role":"member"}`, 201, "",
			append(rights(h.admin, "permission"), roled(h.admin, "team", 7, "", "member", jo))},
		{"and takes", "jo@example.com", "DELETE", one, "", 200, "", append(rights(jo, "permission"), roled(jo, "team", 7, "admin", "", jo))},
		{"which is gone", "admin@example.com", "GET", one, "", 404, "users.permission_not_found", nil},
		{"the last global admin", "admin@example.com", "POST", path, `{"resource_type":"organization","role":"application_admin"}`, 201, "",
			facts(users.UserChanged{UserID: jo, OrganizationID: 1, Email: "jo@example.com", IsStaff: true, IsActive: true}, flags(jo),
				roled(jo, "organization", 1, "user", "application_admin", h.admin))},
	})
	if got := data(t, admin.Do("GET", fmt.Sprintf("/api/user/%d", jo), nil)); !strings.Contains(got, `"is_staff":true`) {
		t.Errorf("the flags did not follow: %s", got)
	}
}

func TestChangingOnesPassword(t *testing.T) {
	h := newHouse(t)
	id := h.add("jo@example.com")
	jo, other := h.as("jo@example.com"), h.as("jo@example.com")
	const path = "/api/user/me/password"
	jo.Do("PUT", path, `{"old_password":"wrong","new_password":"new password"}`).Refused(422, "users.wrong_password")
	jo.Do("PUT", path, `{"old_password":"`+password+`","new_password":"short"}`).Refused(422, "users.weak_password")
	got := jo.Expecting(rights(id, "session")...).Do("PUT", path, `{"old_password":"`+password+`","new_password":"new password"}`).Want(200)
	me := jo.Do("GET", "/api/user/me", nil).Want(200)
	if diff := cmp.Diff(data(t, me), data(t, got)); diff != "" || got.Message() != "Password changed successfully." {
		t.Errorf("%s: %s", got.Message(), diff)
	}
	other.Do("GET", "/api/user/me", nil).Refused(401, "unauthenticated")
	h.Do("POST", "/api/login/access-token", url.Values{"username": {"jo@example.com"}, "password": {"new password"}}).Want(200)
	// Guessing the old password is limited as signing in is.
	for range 9 {
		jo.Do("PUT", path, `{"old_password":"wrong","new_password":"new password"}`).Refused(422, "users.wrong_password")
	}
	jo.Do("PUT", path, `{"old_password":"wrong","new_password":"new password"}`).Refused(422, "users.wrong_password")
	jo.Do("PUT", path, `{"old_password":"new password","new_password":"new password"}`).Refused(429, "users.too_many_attempts")
}

func TestTooManyWrongPasswords(t *testing.T) {
	h := newHouse(t)
	sign := func(email, password string) webtest.Answer {
		return h.Do("POST", "/api/login/access-token", url.Values{"username": {email}, "password": {password}})
	}
	for _, email := range []string{"admin@example.com", "nobody@example.com"} {
		for range 10 {
			sign(email, "wrong").Refused(401, "users.wrong_credentials")
		}
		locked := sign(email, password).Refused(429, "users.too_many_attempts")
		if got := locked.Header.Get("Retry-After"); got != "900" {
			t.Errorf("%s: Retry-After is %q", email, got)
		}
	}
}
