package httpv1_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/modules/corpora"
	"parley/platform/kernel/event"
	"parley/platform/webtest"
)

func TestRolesOnACorpus(t *testing.T) {
	s := setup(t)
	s.As("jo").Expecting(created(1, 11)).Do("POST", "/api/corpus", `{"name":"Guides"}`).Want(201)
	const path = "/api/corpus/1/permission"
	s.As("al").Do("GET", "/api/corpus/1", nil).Refused(404, "corpora.not_found")
	changed := func(users, teams []int64, role string) []event.Event {
		return []event.Event{corpora.PermissionsChanged{CorpusID: 1, OrganizationID: 1, UserIDs: users, TeamIDs: teams, Role: role, ChangedBy: 13}}
	}
	for _, c := range []webtest.Scenario{
		{Who: "boss", Method: "POST", Path: path, Body: `{"role":"viewer"}`, Status: 400, Code: "malformed_request"},
		{Who: "boss", Method: "POST", Path: path, Body: `{"role":"viewer","user_ids":[],"team_ids":[]}`, Status: 400, Code: "malformed_request"},
		{Who: "boss", Method: "POST", Path: path, Body: `{"user_ids":[12]}`, Status: 400, Code: "malformed_request"},
		{Who: "boss", Method: "POST", Path: path, Body: `{"user_ids":[12],"role":"owner"}`, Status: 422, Code: "unacceptable_value"},
		{Who: "boss", Method: "POST", Path: path, Body: `{"user_ids":[12],"role":"viewer","created_by":"x"}`, Status: 400, Code: "malformed_request"},
		{Who: "boss", Method: "POST", Path: path, Body: `{"user_ids":[12,14],"role":"viewer"}`, Status: 404, Code: "users.not_found"},
		{Who: "jo", Method: "POST", Path: path, Body: `{"team_ids":[3],"role":"viewer"}`, Status: 404, Code: "projects.team_not_found"},
		{Who: "boss", Method: "POST", Path: path, Body: `{"user_ids":[11],"role":"viewer"}`, Status: 409, Code: "corpora.owner_fixed"},
		{Who: "boss", Method: "POST", Path: path, Body: `{"user_ids":[12],"team_ids":[3],"role":"viewer"}`, Status: 201, Events: changed([]int64{12}, []int64{3}, "viewer")},
		{Who: "al", Method: "GET", Path: "/api/corpus/1", Status: 200},
		{Who: "al", Method: "GET", Path: path, Status: 403, Code: "corpora.not_admin"},
		{Who: "al", Method: "POST", Path: path, Body: `{"user_ids":[12],"role":"admin"}`, Status: 403, Code: "corpora.not_admin"},
		{Who: "al", Method: "POST", Path: path, Body: `{"user_ids":[12,14],"role":"admin"}`, Status: 404, Code: "users.not_found"},
		{Who: "al", Method: "DELETE", Path: path, Body: `{"user_ids":[16]}`, Status: 403, Code: "corpora.not_admin"},
		{Who: "far", Method: "GET", Path: path, Status: 404, Code: "corpora.not_found"},
		{Who: "boss", Method: "DELETE", Path: path, Body: `{}`, Status: 400, Code: "malformed_request"},
		{Who: "boss", Method: "DELETE", Path: path, Status: 400, Code: "malformed_request"},
		{Who: "boss", Method: "DELETE", Path: path, Body: `{"user_ids":[11]}`, Status: 409, Code: "corpora.owner_fixed"},
	} {
		s.Play(c)
	}
	var got []map[string]any
	s.As("jo").Do("GET", path, nil).Want(200).Data(&got)
	row := func(id float64, user, team any, role, by string) map[string]any {
		return map[string]any{
			"id": id, "corpus": 1.0, "user": user, "team": team, "role": role, "created_by": by,
			"created_on": "2026-05-01T12:00:00.345678Z", "modified_by": "", "modified_on": "2026-05-01T12:00:00.345678Z",
		}
	}
	want := []map[string]any{row(1, 11.0, nil, "owner", "jo@example.com"), row(2, 12.0, nil, "viewer", "boss@example.com"), row(3, nil, 3.0, "viewer", "boss@example.com")}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	s.As("boss").Expecting(changed([]int64{12}, []int64{3}, "")...).Do("DELETE", path, `{"user_ids":[12,99],"team_ids":[3]}`).Want(200).Data(&got)
	if diff := cmp.Diff(want[1:], got); diff != "" {
		t.Error(diff)
	}
	s.As("al").Do("GET", "/api/corpus/1", nil).Want(404)
}

func TestADecisionOnACorpusSaysWhy(t *testing.T) {
	s := setup(t)
	s.As("jo").Expecting(created(1, 11)).Do("POST", "/api/corpus", `{"name":"Guides","is_public":true}`).Want(201)
	given := corpora.PermissionsChanged{CorpusID: 1, OrganizationID: 1, TeamIDs: []int64{3}, Role: "editor", ChangedBy: 13}
	s.As("boss").Expecting(given).Do("POST", "/api/corpus/1/permission", `{"team_ids":[3],"role":"editor"}`).Want(201)
	const path = "/api/corpus/1/permission/user"
	var got map[string]any
	s.As("eve").Do("GET", path+"/16", nil).Want(200).Data(&got)
	want := map[string]any{
		"corpus": 1.0, "user": 16.0, "role": "editor", "allowed": map[string]any{"view": true, "edit": true, "manage": false, "delete": false},
		"because": []any{
			map[string]any{"rule": "team_role", "resource_type": "team", "resource_id": 3.0, "role": "editor"},
			map[string]any{"rule": "public", "resource_type": "organization", "resource_id": 1.0, "role": "viewer"},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	s.As("jo").Do("GET", path+"/15", nil).Want(200)
	s.As("jo").Do("GET", path+"/99", nil).Refused(404, "users.not_found")
	s.As("al").Do("GET", path+"/16", nil).Refused(403, "corpora.not_admin")
	s.As("far").Do("GET", path+"/14", nil).Refused(404, "corpora.not_found")
}

func TestACorpusIsChangedByItsEditors(t *testing.T) {
	s := setup(t)
	s.As("jo").Expecting(created(1, 11)).Do("POST", "/api/corpus", `{"name":"Guides","is_public":true}`).Want(201)
	for _, c := range []webtest.Scenario{
		{Who: "al", Method: "PUT", Path: "/api/corpus/1", Body: `{"name":"Mine"}`, Status: 403, Code: "corpora.not_editor"},
		{Who: "far", Method: "PUT", Path: "/api/corpus/1", Body: `{"name":"Mine"}`, Status: 404, Code: "corpora.not_found"},
		{Who: "jo", Method: "PUT", Path: "/api/corpus/1", Body: `{"owner":12}`, Status: 400, Code: "malformed_request"},
		{Who: "jo", Method: "PUT", Path: "/api/corpus/1", Body: `{"indexing_mode_id":9}`, Status: 422, Code: "unacceptable_value"},
		{Who: "jo", Method: "PUT", Path: "/api/corpus/1", Status: 400, Code: "malformed_request"},
		{Who: "jo", Method: "PUT", Path: "/api/corpus/1", Body: `{}`, Status: 200},
		{
			Who: "jo", Method: "PUT", Path: "/api/corpus/1", Body: `{"name":"Manuals","is_public":false}`, Status: 200,
			Events: []event.Event{corpora.CorpusUpdated{CorpusID: 1, OrganizationID: 1, Narrowed: true}},
		},
		{Who: "al", Method: "GET", Path: "/api/corpus/1", Status: 404, Code: "corpora.not_found"},
	} {
		s.Play(c)
	}
}
