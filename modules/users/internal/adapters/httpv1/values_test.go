package httpv1_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/platform/kernel/event"
	"parley/platform/webtest"
)

func TestAnUnacceptableValueNamesItsField(t *testing.T) {
	h := newHouse(t)
	jo, robot := h.add("jo@example.com"), h.add("")
	admin := h.as("admin@example.com")
	byKey, _ := h.key(admin, `{"name":"k","scope":"all","expires_on":"2024-10-03T00:00:00Z"}`)
	robots, _ := h.key(admin, fmt.Sprintf(`{"name":"k","scope":"all","user_id":%d}`, robot))
	person, service := fmt.Sprintf("/api/user/%d", jo), fmt.Sprintf("/api/user/%d", robot)
	const mine = "/api/user/me/password"
	for _, c := range []struct {
		by                              webtest.Client
		method, path, body, code, field string
	}{
		{admin, "POST", "/api/user", `{"email":"nobody"}`, "users.invalid_email", "email"},
		{admin, "PUT", person, `{"email":"nobody"}`, "users.invalid_email", "email"},
		{admin, "PUT", person, `{"email":""}`, "users.service_user", "email"},
		{admin, "PUT", service, `{"email":"robot@example.com"}`, "users.service_user", "email"},
		{admin, "POST", "/api/user", `{"email":"a@example.com","password":"short"}`, "users.weak_password", "password"},
		{admin, "POST", "/api/user", `{"email":"","password":"long enough"}`, "users.service_user", "password"},
		{admin, "POST", "/api/user", `{"email":"a@example.com","is_superuser":true,"is_staff":false}`, "users.admin_is_staff", "is_staff"},
		{admin, "PUT", person, `{"is_superuser":true,"is_staff":false}`, "users.admin_is_staff", "is_staff"},
		{admin, "PUT", mine, `{"old_password":"` + password + `","new_password":"short"}`, "users.weak_password", "new_password"},
		{admin, "PUT", mine, `{"old_password":"` + password + `","new_password":""}`, "users.weak_password", "new_password"},
		{admin, "PUT", mine, `{"old_password":"wrong","new_password":"long enough"}`, "users.wrong_password", "old_password"},
		{robots, "PUT", mine, `{"old_password":"","new_password":"long enough"}`, "users.service_user", "new_password"},
		{admin, "POST", "/api/api-key", `{"name":" ","scope":"all"}`, "users.blank_name", "name"},
		{admin, "POST", "/api/api-key", `{"name":"k","scope":"restricted"}`, "users.key_groups", "groups"},
		{admin, "POST", "/api/api-key", `{"name":"k","scope":"restricted","groups":{"users":"read"}}`, "users.key_groups", "groups.users"},
		{admin, "POST", "/api/api-key", `{"name":"k","scope":"all","expires_on":"2020-01-01T00:00:00Z"}`, "users.key_expired", "expires_on"},
		{admin, "POST", "/api/api-key", `{"name":"k","scope":"all","user_id":999,"expires_on":"2020-01-01T00:00:00Z"}`, "users.key_expired", "expires_on"},
		{byKey, "POST", "/api/api-key", `{"name":"k","scope":"all","expires_on":"2025-01-01T00:00:00Z"}`, "users.key_outlives", "expires_on"},
		{admin, "POST", "/api/api-key", fmt.Sprintf(`{"name":"k","scope":"all","user_id":%d}`, jo), "users.not_a_service_user", "user_id"},
		{admin, "GET", fmt.Sprintf("/api/api-key?user_id=%d", jo), "", "users.not_a_service_user", "user_id"},
		{admin, "PUT", "/api/organization/1", `{"org_name":" "}`, "users.blank_name", "org_name"},
		{admin, "POST", person + "/permission", `{"resource_type":"team","resource_id":7,"role":"user"}`, "users.unknown_role", "role"},
		{admin, "POST", person + "/permission", `{"resource_type":"team","role":"admin"}`, "users.resource_id_missing", "resource_id"},
	} {
		var body any
		if c.body != "" {
			body = c.body
		}
		var refused struct {
			Errors []struct{ Field, Message string }
		}
		c.by.Do(c.method, c.path, body).Refused(422, c.code).JSON(&refused)
		if len(refused.Errors) != 1 || refused.Errors[0].Field != c.field || refused.Errors[0].Message == "" {
			t.Errorf("%s %s %s: %+v", c.method, c.path, c.body, refused.Errors)
		}
	}
}

func TestAUserIsMadeOfWhatAUserCanBeChangedTo(t *testing.T) {
	h := newHouse(t)
	admin := h.as("admin@example.com")
	type user struct {
		ID          int64
		IsStaff     bool    `json:"is_staff"`
		IsSuperuser bool    `json:"is_superuser"`
		First       *string `json:"first_name"`
		Last        *string `json:"last_name"`
	}
	for i, c := range []struct {
		fields string
		want   user
		events []event.Event // of the change
	}{
		{`"is_superuser":true`, user{IsStaff: true, IsSuperuser: true}, facts(userChanged, accessChanged, roleChanged)},
		{`"is_superuser":true,"is_staff":true`, user{IsStaff: true, IsSuperuser: true}, facts(userChanged, accessChanged, roleChanged)},
		{`"is_staff":true`, user{IsStaff: true}, facts(userChanged, accessChanged, roleChanged)},
		{`"is_staff":false,"is_superuser":false`, user{}, nil},
		{`"first_name":"","last_name":"  "`, user{}, nil},
		{`"first_name":" Jo ","last_name":"van  Lund\t"`, user{First: to("Jo"), Last: to("van  Lund")}, facts(userChanged)},
		{`"first_name":null`, user{}, nil},
	} {
		var first, second user
		admin.Expecting(userMade).Do("POST", "/api/user", fmt.Sprintf(`{"email":"made%d@example.com",%s}`, i, c.fields)).Want(201).Data(&first)
		path := fmt.Sprintf("/api/user/%d", h.add(fmt.Sprintf("changed%d@example.com", i)))
		admin.Expecting(c.events...).Do("PUT", path, "{"+c.fields+"}").Want(200).Data(&second)
		first.ID, second.ID = 0, 0
		if diff := cmp.Diff(c.want, first); diff != "" {
			t.Errorf("made of %s: %s", c.fields, diff)
		}
		if diff := cmp.Diff(c.want, second); diff != "" {
			t.Errorf("changed to %s: %s", c.fields, diff)
		}
	}
}

func to[T any](v T) *T { return &v }

func TestWhatChangesNothingIsNoChange(t *testing.T) {
	h := newHouse(t)
	jo := h.add("jo@example.com", "is_staff")
	admin := h.as("admin@example.com")
	admin.Expecting(userChanged).Do("PUT", fmt.Sprintf("/api/user/%d", jo), `{"first_name":"Jo"}`).Want(200)
	h.add("second@example.com", "is_superuser")
	second := h.as("second@example.com")
	onTeam := admin.Expecting(accessChanged, roleChanged).Do("POST", fmt.Sprintf("/api/user/%d/permission", jo), `{"resource_type":"team","resource_id":7,"role":"member"}`).Want(201).ID()
	rows, err := h.service.Store.Permissions(t.Context(), 1, "organization", []int64{1}, []int64{jo})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, body string }{
		{fmt.Sprintf("/api/user/permission/%d", onTeam), `{"role":"member"}`},
		{fmt.Sprintf("/api/user/permission/%d", rows[0].ID), `{"role":"application_admin"}`},
		{"/api/organization/1", `{"org_name":" Org 1 "}`},
		{fmt.Sprintf("/api/user/%d", jo), `{"first_name":"Jo ","is_staff":true,"is_active":true,"email":"JO@example.com","last_name":""}`},
	} {
		got := data(t, second.Do("PUT", c.path, c.body).Want(200))
		if strings.HasPrefix(c.path, "/api/user/permission") || strings.HasPrefix(c.path, "/api/organization") {
			if !strings.Contains(got, `"modified_by":"","modified_on":"2024-10-02T00:02:24.378434Z"`) {
				t.Errorf("PUT %s: %s", c.path, got)
			}
		}
	}
	got := data(t, second.Expecting(accessChanged, roleChanged).Do("PUT", fmt.Sprintf("/api/user/permission/%d", onTeam), `{"role":"admin"}`).Want(200))
	if !strings.Contains(got, `"modified_by":"second@example.com"`) {
		t.Errorf("a change: %s", got)
	}
}

func TestWhatAServiceUserMakesBearsItsName(t *testing.T) {
	h := newHouse(t)
	robot := h.add("", "is_staff")
	client, _ := h.key(h.as("admin@example.com"), fmt.Sprintf(`{"name":"k","scope":"all","user_id":%d}`, robot))
	got := data(t, client.Expecting(rights(robot, "api_key")...).Do("POST", "/api/api-key", `{"name":"own","scope":"all"}`).Want(201))
	if want := fmt.Sprintf(`"created_by":"service-user-%d"`, robot); !strings.Contains(got, want) {
		t.Errorf("got %s", got)
	}
}
