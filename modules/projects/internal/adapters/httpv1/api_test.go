package httpv1_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/modules/agents"
	"parley/modules/projects"
	"parley/modules/projects/internal/adapters/consumer"
	"parley/modules/projects/internal/adapters/httpv1"
	"parley/modules/projects/internal/adapters/memstore"
	"parley/modules/projects/internal/core"
	"parley/platform/bus"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
	"parley/platform/webtest"
)

// house is organization 1 with an admin, two application admins and three
// users, and organization 2 with an admin.
type house struct {
	t  *testing.T
	db *memory.DB
	webtest.Client
	people             *people
	service            *core.Service
	clock              *clock.Fixed
	ann, bob, cy, dora int64
	stranger           int64
}

func newHouse(t *testing.T) house {
	at := clock.NewFixed(time.Date(2024, 10, 2, 0, 2, 24, 378434000, time.UTC))
	h := house{t: t, db: memory.New(at), people: &people{}, clock: at}
	h.people.add(1, "admin@x", actor.GlobalAdmin)
	h.ann = h.people.add(1, "ann@x", actor.ApplicationAdmin)
	h.people.add(1, "ben@x", actor.ApplicationAdmin)
	h.bob = h.people.add(1, "bob@x", actor.User)
	h.cy = h.people.add(1, "cy@x", actor.User)
	h.dora = h.people.add(1, "dora@x", actor.User)
	h.stranger = h.people.add(2, "admin@y", actor.GlobalAdmin)
	h.service = core.New(core.Deps{Unit: h.db, Store: memstore.New(h.db), Actors: h.people, Directory: h.people, Permissions: h.people, Roles: h.people, Clock: at})
	h.db.Deliver(bus.Inline(h.db, consumer.Consumers(h.service)...))
	h.Client = webtest.Serve(t, h.people, httpv1.New(h.service, h.people).Routes()).Watching(h.db)
	return h
}

// team and project make one as ann does, who is then its admin.
func (h house) team() int64 {
	h.t.Helper()
	return h.As("ann@x").Expecting(webtest.Named("projects.team_created.v1")).Do("POST", "/api/team", `{"name":"Docs","description":"d"}`).Want(201).ID()
}

func (h house) project(team int64) int64 {
	h.t.Helper()
	body := `{"name":"Handbook"}`
	if team != 0 {
		body = fmt.Sprintf(`{"name":"Handbook","team":%d}`, team)
	}
	return h.As("ann@x").Expecting(webtest.Named("projects.project_created.v1")).Do("POST", "/api/project", body).Want(201).ID()
}

func (h house) join(path string, role string, ids ...int64) {
	h.t.Helper()
	h.As("admin@x").Do("POST", path+"/user", map[string]any{"user_ids": ids, "role": role}).Want(200)
}

// whole is a user as lists of members show them, with their organization.
func (h house) whole(id int64) string {
	return fmt.Sprintf(`{"id":%d,"email":%q,"is_staff":false,"is_superuser":false,"is_active":true,"date_joined":"2024-09-27T22:41:10.250883Z",`+
		`"first_name":null,"last_name":null,"organization":{"id":1,"org_name":"Tech Solutions","domain":"techsolutions.com","is_deleted":false,`+
		`"created_by":"System","created_on":"2024-09-27T22:40:45.279198Z","modified_by":"","modified_on":"2024-09-27T22:40:45.279198Z"}}`,
		id, h.people.users[id-1].Email)
}

// sees lists the ids that a list shows.
func (h house) sees(who, path string) []int64 {
	h.t.Helper()
	var list []struct{ ID int64 }
	h.As(who).Do("GET", path, nil).Want(200).Data(&list)
	ids := []int64{}
	for _, e := range list {
		ids = append(ids, e.ID)
	}
	return ids
}

func (h house) publish(facts ...event.Event) {
	h.t.Helper()
	if err := h.db.Do(h.t.Context(), func(_ context.Context, tx uow.Tx) error { tx.Publish(facts...); return nil }); err != nil {
		h.t.Fatal(err)
	}
}

func (h house) same(want, got any) {
	h.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		h.t.Error(diff)
	}
}

func TestCreatingATeamPublishesTheFactAndMakesItsCreatorAdmin(t *testing.T) {
	h := newHouse(t)
	made := projects.TeamCreated{TeamID: 1, OrganizationID: 1, Name: "Docs"}
	answer := h.As("ann@x").Expecting(made).Do("POST", "/api/team", `{"name":"  Docs  ","description":"d"}`).Want(201)
	var got map[string]any
	answer.Data(&got)
	h.same(map[string]any{
		"id": 1., "name": "Docs", "description": "d", "organization": 1., "is_deleted": false,
		"created_by": "ann@x", "created_on": "2024-10-02T00:02:24.378434Z", "modified_by": "", "modified_on": "2024-10-02T00:02:24.378434Z",
	}, got)
	h.As("ann@x").Do("POST", "/api/team/1/user", map[string]any{"user_ids": []int64{h.bob}}).Want(200)
	h.As("bob@x").Do("POST", "/api/team", `{"name":"Mine"}`).Refused(403, "forbidden")
	h.As("ann@x").Do("POST", "/api/team", `{"name":" "}`).Refused(422, "projects.blank_name")
}

func TestCreatingAProject(t *testing.T) {
	h := newHouse(t)
	made := func(id, team int64) []event.Event {
		return []event.Event{projects.ProjectCreated{ProjectID: id, OrganizationID: 1, TeamID: team, Name: "P"}}
	}
	team := h.team()
	var got map[string]any
	first := projects.ProjectCreated{ProjectID: 1, OrganizationID: 1, TeamID: team, Name: "Handbook"}
	h.As("ann@x").Expecting(first).Do("POST", "/api/project", map[string]any{"name": "Handbook", "team": team}).Want(201).Data(&got)
	h.same(map[string]any{
		"id": 1., "name": "Handbook", "description": "", "team": float64(team), "organization": 1., "is_deleted": false, "agent_count": 0., "user_count": 1.,
		"created_by": "ann@x", "created_on": "2024-10-02T00:02:24.378434Z", "modified_by": "", "modified_on": "2024-10-02T00:02:24.378434Z",
	}, got)
	h.join("/api/team/1", "admin", h.bob)
	h.join("/api/team/1", "member", h.cy)
	for _, c := range []webtest.Scenario{
		{Who: "ben@x", Method: "POST", Path: "/api/project", Body: `{"name":"P"}`, Status: 201, Events: made(2, 0)},
		{Who: "ben@x", Method: "POST", Path: "/api/project", Body: `{"name":"P","team":null}`, Status: 201, Events: made(3, 0)},
		{Who: "ben@x", Method: "POST", Path: "/api/project", Body: `{"name":"P","team":1}`, Status: 404, Code: "projects.team_not_found"}, // not his team
		{Who: "admin@x", Method: "POST", Path: "/api/project", Body: `{"name":"P","team":1}`, Status: 201, Events: made(4, 1)},
		{Who: "bob@x", Method: "POST", Path: "/api/project", Body: `{"name":"P","team":1}`, Status: 201, Events: made(5, 1)},
		{Who: "bob@x", Method: "POST", Path: "/api/project", Body: `{"name":"P"}`, Status: 403, Code: "projects.may_not_create"},
		{Who: "cy@x", Method: "POST", Path: "/api/project", Body: `{"name":"P","team":1}`, Status: 403, Code: "projects.may_not_create"},
		{Who: "dora@x", Method: "POST", Path: "/api/project", Body: `{"name":"P","team":1}`, Status: 404, Code: "projects.team_not_found"},
		{Who: "admin@y", Method: "POST", Path: "/api/project", Body: `{"name":"P","team":1}`, Status: 404, Code: "projects.team_not_found"},
		{Who: "admin@x", Method: "POST", Path: "/api/project", Body: `{"name":"P","team":99}`, Status: 404, Code: "projects.team_not_found"},
		{Who: "admin@x", Method: "POST", Path: "/api/project", Body: `{"name":"P","team":0}`, Status: 422, Code: "unacceptable_value"},
		{Who: "admin@x", Method: "POST", Path: "/api/project", Body: `{"name":" "}`, Status: 422, Code: "projects.blank_name"},
		{Method: "POST", Path: "/api/project", Body: `{"name":"P"}`, Status: 401, Code: "unauthenticated"},
	} {
		answer := h.Play(c)
		if c.Status == 201 {
			h.As(c.Who).Do("POST", fmt.Sprintf("/api/project/%d/user", answer.ID()), map[string]any{"user_ids": []int64{h.dora}}).Want(200)
		}
	}
}

func TestRolesShowTeamsAndProjectsAndListsAgree(t *testing.T) {
	h := newHouse(t)
	first, second := h.team(), h.team()
	in, other, loose := h.project(first), h.project(second), h.project(0)
	h.join(fmt.Sprintf("/api/team/%d", first), "member", h.bob)
	h.join(fmt.Sprintf("/api/project/%d", loose), "member", h.cy)
	for who, want := range map[string][2][]int64{
		"admin@x": {{first, second}, {in, other, loose}},
		"ann@x":   {{first, second}, {in, other, loose}},
		"ben@x":   {{}, {}}, // an application admin sees what they are given, too
		"bob@x":   {{first}, {in}},
		"cy@x":    {{}, {loose}},
		"dora@x":  {{}, {}},
		"admin@y": {{}, {}},
	} {
		h.same(want[0], h.sees(who, "/api/team"))
		h.same(want[1], h.sees(who, "/api/project"))
		for kind, ids := range map[string][]int64{"team": {first, second, 99}, "project": {in, other, loose, 99}} {
			shown := h.sees(who, "/api/"+kind)
			for _, id := range ids {
				answer := h.As(who).Do("GET", fmt.Sprintf("/api/%s/%d", kind, id), nil)
				if listed := slices.Contains(shown, id); listed != (answer.Status == 200) || (!listed && answer.Status != 404) {
					t.Errorf("%s %s %d: status %d, in the list: %v", who, kind, id, answer.Status, listed)
				}
			}
		}
	}
}

func TestWhatIsNotVisibleLooksAsIfItHadNeverBeen(t *testing.T) {
	h := newHouse(t)
	project := h.project(0)
	there := h.As("dora@x").With("X-Request-Id", "same").Do("GET", fmt.Sprintf("/api/project/%d", project), nil).Want(404)
	never := h.As("dora@x").With("X-Request-Id", "same").Do("GET", "/api/project/4711", nil).Want(404)
	h.same(string(never.Body), string(there.Body))
}

func TestAddingUsers(t *testing.T) {
	h := newHouse(t)
	team, project := h.team(), h.project(0)
	h.join(fmt.Sprintf("/api/team/%d", team), "member", h.bob)
	h.join(fmt.Sprintf("/api/project/%d", project), "member", h.bob)
	for _, on := range []struct{ path, notAdmin, notFound string }{
		{fmt.Sprintf("/api/team/%d/user/", team), "projects.not_team_admin", "projects.team_not_found"},
		{fmt.Sprintf("/api/project/%d/user/", project), "projects.not_admin", "projects.not_found"},
	} {
		for _, c := range []struct {
			who    string
			ids    []int64
			status int
			code   string
		}{
			{"ann@x", []int64{h.cy, h.dora, h.cy}, 200, ""},
			{"ann@x", []int64{h.cy}, 200, ""},                            // again changes nothing
			{"ann@x", []int64{h.cy, h.stranger}, 404, "users.not_found"}, // for the whole call
			{"ann@x", []int64{4711}, 404, "users.not_found"},
			{"ann@x", []int64{}, 422, "unacceptable_value"},
			{"ann@x", nil, 400, "malformed_request"},
			{"bob@x", []int64{h.dora, h.dora}, 403, on.notAdmin},           // only a member
			{"bob@x", []int64{h.dora, h.stranger}, 404, "users.not_found"}, // who is told first what is not there
			{"ben@x", []int64{h.stranger}, 404, on.notFound},
			{"ben@x", []int64{h.dora}, 404, on.notFound}, // does not see it
			{"admin@y", []int64{h.stranger}, 404, on.notFound},
		} {
			body := map[string]any{"user_ids": c.ids}
			if c.ids == nil {
				body = map[string]any{}
			}
			h.Play(webtest.Scenario{Who: c.who, Method: "POST", Path: on.path, Body: body, Status: c.status, Code: c.code})
		}
		h.As("ann@x").Do("POST", on.path, `{"user_ids":[5],"role":"owner"}`).Refused(422, "unacceptable_value")
	}
	answer := h.As("ann@x").Do("POST", fmt.Sprintf("/api/project/%d/user", project), map[string]any{"user_ids": []int64{h.cy}, "role": "admin", "created_by": "me"}).Want(200)
	if got := answer.Message(); got != "Users added to project successfully." {
		t.Errorf("message %q", got)
	}
	var rows []map[string]json.RawMessage
	answer.Data(&rows)
	h.same(h.whole(h.cy), string(rows[0]["user"]))
	h.same(`"member"`, string(rows[0]["role"])) // who has a role keeps it
	h.As("ann@x").Do("POST", fmt.Sprintf("/api/team/%d/user", team), `{"user_ids":[5],"created_by":"me"}`).Refused(400, "malformed_request")
}

func TestAProjectCountsItsAgentsOnceEach(t *testing.T) {
	h := newHouse(t)
	project := h.project(0)
	h.publish(agents.AgentCreated{AgentID: 1, OrganizationID: 1, ProjectID: project}, agents.AgentCreated{AgentID: 2, OrganizationID: 1, ProjectID: project})
	h.publish(agents.AgentCreated{AgentID: 3, OrganizationID: 1, ProjectID: 99}, agents.AgentCreated{AgentID: 4, OrganizationID: 2, ProjectID: project})
	var got struct {
		AgentCount int `json:"agent_count"`
	}
	h.As("ann@x").Do("GET", fmt.Sprintf("/api/project/%d", project), nil).Data(&got)
	h.same(2, got.AgentCount)
}
