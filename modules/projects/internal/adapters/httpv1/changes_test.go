package httpv1_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/modules/agents"
	"parley/modules/projects"
	"parley/modules/users"
	"parley/platform/kernel/event"
	"parley/platform/webtest"
)

// published are the facts since a moment.
func (h house) published(since int) []event.Event { return h.db.Published()[since:] }

func TestChangingATeam(t *testing.T) {
	h := newHouse(t)
	team := h.team()
	path := fmt.Sprintf("/api/team/%d", team)
	h.join(path, "member", h.bob)
	h.join(path, "admin", h.cy)
	for _, c := range []struct {
		who, body string
		status    int
		code      string
		want      string // name and description afterwards
	}{
		{"ann@x", `{"name":" Other ","description":"e"}`, 200, "", "Other/e"},
		{"cy@x", `{"name":"Third"}`, 200, "", "Third/e"},
		{"admin@x", `{"description":""}`, 200, "", "Third/"},
		{"ann@x", `{}`, 200, "", "Third/"},
		{"ann@x", `{"name":" "}`, 422, "projects.blank_name", "Third/"},
		{"ann@x", `{"name":""}`, 422, "unacceptable_value", "Third/"},
		{"ann@x", `{"is_deleted":true}`, 400, "malformed_request", "Third/"},
		{"bob@x", `{"name":"X"}`, 403, "projects.not_team_admin", "Third/"},
		{"ben@x", `{"name":"X"}`, 404, "projects.team_not_found", "Third/"},
		{"admin@y", `{"name":"X"}`, 404, "projects.team_not_found", "Third/"},
		{"", `{"name":"X"}`, 401, "unauthenticated", "Third/"},
	} {
		var told []event.Event
		if name, _, _ := strings.Cut(c.want, "/"); c.status == 200 && c.body != "{}" {
			told = []event.Event{projects.TeamUpdated{TeamID: team, OrganizationID: 1, Name: name}}
		}
		h.Play(webtest.Scenario{Who: c.who, Method: "PUT", Path: path, Body: c.body, Status: c.status, Code: c.code, Events: told})
		var v struct{ Name, Description string }
		h.As("bob@x").Do("GET", path, nil).Want(200).Data(&v)
		h.same(c.want, v.Name+"/"+v.Description)
	}
	var v struct {
		ModifiedBy string `json:"modified_by"`
		CreatedBy  string `json:"created_by"`
	}
	h.As("bob@x").Do("GET", path, nil).Data(&v)
	h.same("ann@x/admin@x", v.CreatedBy+"/"+v.ModifiedBy)
}

func TestWhatIsAsItWasIsNotModified(t *testing.T) {
	h := newHouse(t)
	team, loose := h.team(), h.project(0)
	project := h.project(team)
	for _, c := range []struct {
		kind   string
		id     int64
		body   string
		want   string // modified_by
		events []event.Event
	}{
		{"team", team, `{}`, "", nil},
		{"team", team, `{"name":" Docs ","description":"d"}`, "", nil},
		{"project", project, `{}`, "", nil},
		{"project", project, fmt.Sprintf(`{"name":"Handbook","description":"","team":%d}`, team), "", nil},
		{"project", loose, `{"team":null}`, "", nil},
		{"team", team, `{"name":"Docs","description":"e"}`, "admin@x", []event.Event{projects.TeamUpdated{TeamID: team, OrganizationID: 1, Name: "Docs"}}},
		{"project", project, `{"name":"Book"}`, "admin@x", []event.Event{projects.ProjectUpdated{ProjectID: project, OrganizationID: 1, Name: "Book"}}},
	} {
		h.clock.Advance(time.Second)
		var v struct {
			CreatedOn  string `json:"created_on"`
			ModifiedBy string `json:"modified_by"`
			ModifiedOn string `json:"modified_on"`
		}
		h.As("admin@x").Expecting(c.events...).Do("PUT", fmt.Sprintf("/api/%s/%d", c.kind, c.id), c.body).Want(200).Data(&v)
		if v.ModifiedBy != c.want || (v.ModifiedOn == v.CreatedOn) != (c.want == "") {
			t.Errorf("%s %s: %+v", c.kind, c.body, v)
		}
	}
}

func TestDeletingATeam(t *testing.T) {
	h := newHouse(t)
	team := h.team()
	path := fmt.Sprintf("/api/team/%d", team)
	project := h.project(team)
	h.join(path, "member", h.bob)
	h.As("bob@x").Do("DELETE", path, nil).Refused(403, "projects.not_team_admin")
	h.As("cy@x").Do("DELETE", path, nil).Refused(404, "projects.team_not_found")
	h.As("ann@x").Do("DELETE", path, nil).Refused(409, "projects.team_has_projects")
	h.same([]int64{team}, h.sees("bob@x", "/api/team"))
	moved := projects.ProjectMoved{ProjectID: project, OrganizationID: 1, FromTeamID: team}
	h.As("ann@x").Expecting(moved).Do("PUT", fmt.Sprintf("/api/project/%d", project), `{"team":null}`).Want(200)
	var gone struct {
		ID        int64
		IsDeleted bool `json:"is_deleted"`
	}
	h.As("ann@x").Expecting(projects.TeamDeleted{TeamID: team, OrganizationID: 1, DeletedBy: h.ann}).Do("DELETE", path, nil).Want(200).Data(&gone)
	h.same(true, gone.ID == team && gone.IsDeleted)
	for _, who := range []string{"ann@x", "bob@x", "admin@x"} {
		h.As(who).Do("GET", path, nil).Refused(404, "projects.team_not_found")
		h.As(who).Do("DELETE", path, nil).Refused(404, "projects.team_not_found")
		h.same([]int64{}, h.sees(who, "/api/team"))
	}
	h.As("admin@x").Do("POST", "/api/project", map[string]any{"name": "P", "team": team}).Refused(404, "projects.team_not_found")
	if left := len(h.people.granted); left != 1 { // ann's, on the project
		t.Errorf("%d roles are left", left)
	}
}

func TestChangingAProject(t *testing.T) {
	h := newHouse(t)
	mine, other := h.team(), h.team()
	project := h.project(mine)
	path := fmt.Sprintf("/api/project/%d", project)
	h.join(fmt.Sprintf("/api/team/%d", other), "member", h.cy)
	h.join(path, "admin", h.bob) // of the project, of no team
	h.join(path, "member", h.dora)
	for _, c := range []webtest.Scenario{
		{
			Who: "bob@x", Method: "PUT", Path: path, Body: `{"name":" Book ","description":"x"}`, Status: 200,
			Events: []event.Event{projects.ProjectUpdated{ProjectID: project, OrganizationID: 1, Name: "Book"}},
		},
		{Who: "bob@x", Method: "PUT", Path: path, Body: fmt.Sprintf(`{"name":"Book","team":%d}`, mine), Status: 200}, // as it is
		{Who: "bob@x", Method: "PUT", Path: path, Body: fmt.Sprintf(`{"team":%d}`, other), Status: 404, Code: "projects.team_not_found"},
		{Who: "dora@x", Method: "PUT", Path: path, Body: `{"name":"X"}`, Status: 403, Code: "projects.not_admin"},
		{Who: "dora@x", Method: "PUT", Path: path, Body: `{"team":99}`, Status: 404, Code: "projects.team_not_found"},
		{Who: "dora@x", Method: "PUT", Path: path, Body: `{"team":null}`, Status: 403, Code: "projects.not_admin"},
		{Who: "cy@x", Method: "PUT", Path: path, Body: `{"name":"X"}`, Status: 404, Code: "projects.not_found"},
		{Who: "admin@y", Method: "PUT", Path: path, Body: `{"name":"X"}`, Status: 404, Code: "projects.not_found"},
		{Who: "ann@x", Method: "PUT", Path: path, Body: `{"team":99}`, Status: 404, Code: "projects.team_not_found"},
		{Who: "ann@x", Method: "PUT", Path: path, Body: `{"team":"x"}`, Status: 400, Code: "malformed_request"},
		{Who: "ann@x", Method: "PUT", Path: path, Body: `{"team":0}`, Status: 422, Code: "unacceptable_value"},
		{Who: "ann@x", Method: "PUT", Path: path, Body: `{"team":-1}`, Status: 422, Code: "unacceptable_value"},
		{Who: "ann@x", Method: "PUT", Path: path, Body: `{"agent_count":7}`, Status: 400, Code: "malformed_request"},
		{Who: "ann@x", Method: "PUT", Path: path, Body: `{"name":"  "}`, Status: 422, Code: "projects.blank_name"},
	} {
		h.Play(c)
	}
	var v struct {
		Name      string
		Team      *int64
		UserCount int `json:"user_count"`
	}
	moved := projects.ProjectMoved{ProjectID: project, OrganizationID: 1, TeamID: other, FromTeamID: mine}
	h.As("ann@x").Expecting(moved).Do("PUT", path, map[string]any{"team": other}).Want(200).Data(&v)
	if v.Name != "Book" || *v.Team != other || v.UserCount != 3 {
		t.Errorf("got %+v", v)
	}
	h.As("cy@x").Do("GET", path, nil).Want(200) // through the new team, at once
	taken := projects.ProjectMoved{ProjectID: project, OrganizationID: 1, FromTeamID: other}
	h.As("bob@x").Expecting(taken).Do("PUT", path, `{"team":null}`).Want(200).Data(&v)
	h.same((*int64)(nil), v.Team)
	h.As("cy@x").Do("GET", path, nil).Want(404)
}

func TestATeamMemberWhoAdministersAProjectMayNotPutItIntoTheTeam(t *testing.T) {
	h := newHouse(t)
	team, project := h.team(), h.project(0)
	h.join(fmt.Sprintf("/api/team/%d", team), "member", h.bob)
	h.join(fmt.Sprintf("/api/project/%d", project), "admin", h.bob)
	h.As("bob@x").Do("PUT", fmt.Sprintf("/api/project/%d", project), map[string]any{"team": team}).Refused(403, "projects.may_not_create")
}

func TestDeletingAProject(t *testing.T) {
	h := newHouse(t)
	team := h.team()
	project := h.project(team)
	path := fmt.Sprintf("/api/project/%d", project)
	h.join(path, "member", h.bob, h.cy)
	h.publish(agents.AgentCreated{AgentID: 8, OrganizationID: 1, ProjectID: project})
	h.As("bob@x").Do("POST", path+"/recent", nil).Want(201)
	h.As("bob@x").Do("DELETE", path, nil).Refused(403, "projects.not_admin")
	h.As("dora@x").Do("DELETE", path, nil).Refused(404, "projects.not_found")
	var gone struct {
		ID         int64
		IsDeleted  bool `json:"is_deleted"`
		UserCount  int  `json:"user_count"`
		AgentCount int  `json:"agent_count"`
	}
	h.As("ann@x").Expecting(projects.ProjectDeleted{ProjectID: project, OrganizationID: 1, TeamID: team, DeletedBy: h.ann}).Do("DELETE", path, nil).Want(200).Data(&gone)
	if gone.ID != project || !gone.IsDeleted || gone.UserCount != 3 || gone.AgentCount != 1 {
		t.Errorf("got %+v", gone)
	}
	for _, who := range []string{"ann@x", "bob@x", "admin@x"} {
		h.As(who).Do("GET", path, nil).Refused(404, "projects.not_found")
		h.same([]int64{}, h.sees(who, "/api/project"))
		h.same([]int64{}, h.sees(who, "/api/project/recent"))
	}
	// An agent that came while it was being deleted goes as well.
	before := len(h.db.Published())
	h.publish(agents.AgentCreated{AgentID: 9, OrganizationID: 1, ProjectID: project})
	h.same([]event.Event{projects.ProjectDeleted{ProjectID: project, OrganizationID: 1}}, h.published(before+1))
	h.publish(agents.AgentDeleted{AgentID: 9, OrganizationID: 1, ProjectID: project})
	h.same(0, len(h.published(before+3)))
	h.As("ann@x").Expecting(projects.TeamDeleted{TeamID: team, OrganizationID: 1, DeletedBy: h.ann}).Do("DELETE", fmt.Sprintf("/api/team/%d", team), nil).Want(200)
}

func TestAProjectCountsAgentsThatMoveAndGo(t *testing.T) {
	h := newHouse(t)
	a, b := h.project(0), h.project(0)
	count := func(id int64) int {
		var v struct {
			AgentCount int `json:"agent_count"`
		}
		h.As("ann@x").Do("GET", fmt.Sprintf("/api/project/%d", id), nil).Want(200).Data(&v)
		return v.AgentCount
	}
	h.publish(agents.AgentCreated{AgentID: 1, OrganizationID: 1, ProjectID: a}, agents.AgentCreated{AgentID: 2, OrganizationID: 1, ProjectID: a})
	h.publish(agents.AgentUpdated{AgentID: 1, OrganizationID: 1, ProjectID: a, FromProjectID: a})
	h.same([2]int{2, 0}, [2]int{count(a), count(b)})
	h.publish(agents.AgentUpdated{AgentID: 1, OrganizationID: 1, ProjectID: b, FromProjectID: a})
	h.same([2]int{1, 1}, [2]int{count(a), count(b)})
	h.publish(agents.AgentDeleted{AgentID: 1, OrganizationID: 1, ProjectID: b})
	h.same([2]int{1, 0}, [2]int{count(a), count(b)})
}

func TestRecentProjects(t *testing.T) {
	h := newHouse(t)
	a, b, hidden := h.project(0), h.project(0), h.project(0)
	for _, id := range []int64{a, b} {
		h.join(fmt.Sprintf("/api/project/%d", id), "member", h.bob)
	}
	add := func(id int64, status int) int64 {
		t.Helper()
		answer := h.As("bob@x").Do("POST", fmt.Sprintf("/api/project/%d/recent", id), nil).Want(status)
		if status != 201 {
			return 0
		}
		return answer.ID()
	}
	recent := func() []int64 {
		t.Helper()
		ids := []int64{}
		var rows []struct {
			User    json.RawMessage
			Project struct {
				ID        int64
				UserCount int `json:"user_count"`
			}
		}
		h.As("bob@x").Do("GET", "/api/project/recent", nil).Want(200).Data(&rows)
		for _, r := range rows {
			h.same(`{"id":4,"email":"bob@x","first_name":null,"last_name":null,"organization":1}`, string(r.User))
			h.same(2, r.Project.UserCount)
			ids = append(ids, r.Project.ID)
		}
		return ids
	}
	h.same([]int64{}, recent())
	first := add(a, 201)
	h.clock.Advance(time.Second)
	add(b, 201)
	h.same([]int64{b, a}, recent())
	h.clock.Advance(time.Second)
	h.same(first, add(a, 201)) // the same row, moved to the top
	h.same([]int64{a, b}, recent())
	add(hidden, 404)
	add(99, 404)
	h.As("ann@x").Do("DELETE", fmt.Sprintf("/api/project/%d/user", a), map[string]any{"user_ids": []int64{h.bob}}).Want(200)
	h.same([]int64{b}, recent()) // only those still seen
	h.publish(users.UserDeleted{UserID: h.bob, OrganizationID: 1})
	h.same([]int64{}, recent())
}

func TestOnlyTheLast20ProjectsAreKeptAlsoWhenManyComeAtOnce(t *testing.T) {
	h := newHouse(t)
	var ids []int64
	for range 100 {
		ids = append(ids, h.project(0))
	}
	h.Together("a hundred recent projects", func(api webtest.Client) {
		var wg sync.WaitGroup
		for _, id := range ids {
			wg.Go(func() { api.As("ann@x").Do("POST", fmt.Sprintf("/api/project/%d/recent", id), nil).Want(201) })
		}
		wg.Wait()
	})
	h.same(20, len(h.sees("ann@x", "/api/project/recent")))
}

func TestAProjectThatComesWhileItsTeamIsDeletedEitherStopsItOrIsRefused(t *testing.T) {
	h := newHouse(t)
	for range 20 {
		team := h.team()
		ann, before := h.As("ann@x").Watching(nil), len(h.db.Published()) // which of them tells of itself is seen afterwards
		var wg sync.WaitGroup
		var deleted, created int
		wg.Go(func() { deleted = ann.Do("DELETE", fmt.Sprintf("/api/team/%d", team), nil).Status })
		wg.Go(func() {
			created = ann.Do("POST", "/api/project", map[string]any{"name": "P", "team": team}).Status
		})
		wg.Wait()
		if !(deleted == 200 && created == 404) && !(deleted == 409 && created == 201) {
			t.Errorf("deleting the team: %d, creating the project: %d", deleted, created)
		}
		told := h.published(before)
		if len(told) != 1 || (told[0].EventName() == projects.TeamDeleted{}.EventName()) != (deleted == 200) {
			t.Errorf("deleting the team: %d, creating the project: %d, published: %v", deleted, created, told)
		}
	}
}

func TestARefusedValueNamesItsField(t *testing.T) {
	h := newHouse(t)
	team, loose := h.team(), h.project(0)
	for _, c := range []struct{ method, path, body, code, field string }{
		{"POST", "/api/team", `{"name":" "}`, "projects.blank_name", "name"},
		{"PUT", fmt.Sprintf("/api/team/%d", team), `{"name":" "}`, "projects.blank_name", "name"},
		{"POST", "/api/project", `{"name":" "}`, "projects.blank_name", "name"},
		{"PUT", fmt.Sprintf("/api/project/%d", loose), `{"name":" "}`, "projects.blank_name", "name"},
		{"POST", "/api/project", `{"name":"P","team":0}`, "unacceptable_value", "team"},
		{"PUT", fmt.Sprintf("/api/project/%d", loose), `{"team":0}`, "unacceptable_value", "team"},
	} {
		answer := h.As("ann@x").Do(c.method, c.path, c.body)
		answer.Refused(422, c.code)
		h.same(c.field, answer.Fields())
	}
}
