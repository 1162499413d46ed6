package httpv1_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/modules/agents"
	"parley/modules/agents/internal/core"
	"parley/modules/projects"
	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/event"
	"parley/platform/webtest"
)

// published are the facts since a moment.
func (h house) published(since int) []event.Event {
	h.t.Helper()
	return h.db.Published()[since:]
}

func (h house) view(who string, id int64) (v struct {
	Name         string `json:"agent_name"`
	Domain       string
	Access       string
	Status       string
	Project      int64
	Alias        *string
	Prompt       string                `json:"prefix_prompt"`
	SampleQ1     string                `json:"sample_q1"`
	Type         struct{ Name string } `json:"agent_type"`
	Instructions []struct{ Instruction string }
	IsDeleted    bool `json:"is_deleted"`
}) {
	h.t.Helper()
	h.As(who).Do("GET", fmt.Sprintf("/api/agent/%d", id), nil).Want(200).Data(&v)
	return v
}

func TestChangingAnAgent(t *testing.T) {
	h := newHouse(t)
	id := h.agent(core.OnlyTeam)
	path := fmt.Sprintf("/api/agent/%d", id)
	answer := h.As("ann").Expecting(
		agents.AgentUpdated{AgentID: id, OrganizationID: 1, ProjectID: 1, FromProjectID: 1, Access: "Public", Status: "Paused", Narrowed: true, AgentName: "Other"},
		agents.VersionCreated{AgentID: id, OrganizationID: 1, Version: 2, CreatedBy: ann},
	).Do("PUT", path, `{"name":" Other ","description":"e","type":"custom","prefix_prompt":"p","custom_instructions":["One."," Two. "],
		"access":"Public","status":"Paused","llm_model":"m","sample_q1":"1?","sample_q2":"2?","sample_q3":"3?"}`).Want(200)
	h.same("Agent data updated successfully", answer.Message())
	v := h.view("ann", id)
	if v.Name != "Other" || v.Domain != "e" || v.Type.Name != "Custom" || v.Prompt != "p" || v.Access != "Public" || v.Status != "Paused" || v.SampleQ1 != "1?" ||
		len(v.Instructions) != 2 || v.Instructions[0].Instruction != "One." || v.Instructions[1].Instruction != "Two." {
		t.Errorf("got %+v", v)
	}
	h.As("root").Expecting(updated(id, "Other", core.Public)).Do("PUT", path, `{"status":"Live"}`).Want(200)
	h.As("ann").Expecting(changed(id, 3, ann, "Other")...).Do("PUT", path, `{"custom_instructions":[]}`).Want(200)
	if v := h.view("ann", id); v.Name != "Other" || v.Prompt != "p" || v.Status != "Live" || len(v.Instructions) != 0 {
		t.Errorf("got %+v", v)
	}
	for _, c := range []webtest.Scenario{
		{Who: "mel", Method: "PUT", Path: path, Body: `{"name":"X"}`, Status: 403, Code: "agents.not_admin"},
		{Who: "bob", Method: "PUT", Path: path, Body: `{"name":"X"}`, Status: 403, Code: "agents.not_admin"},
		{Who: "strange", Method: "PUT", Path: path, Body: `{"name":"X"}`, Status: 404, Code: "agents.not_found"},
		{Method: "PUT", Path: path, Body: `{"name":"X"}`, Status: 401, Code: "unauthenticated"},
		{Who: "ann", Method: "PUT", Path: path, Body: `{"name":" "}`, Status: 422, Code: "agents.blank_name"},
		{Who: "ann", Method: "PUT", Path: path, Body: `{"type":"Robot"}`, Status: 422, Code: "agents.unknown_type"},
		{Who: "ann", Method: "PUT", Path: path, Body: `{"llm_model":"huge"}`, Status: 422, Code: "agents.unknown_model"},
		{Who: "ann", Method: "POST", Path: "/api/agent", Body: `{"name":"X","project_id":1,"llm_model":"huge"}`, Status: 422, Code: "agents.unknown_model"},
		{Who: "ann", Method: "PUT", Path: path, Body: `{"status":"Asleep"}`, Status: 422, Code: "unacceptable_value"},
		{Who: "ann", Method: "PUT", Path: path, Body: `{"access":"Everybody"}`, Status: 422, Code: "unacceptable_value"},
		{Who: "ann", Method: "PUT", Path: path, Body: `{"custom_instructions":[" "]}`, Status: 422, Code: "agents.bad_instruction"},
		{Who: "ann", Method: "PUT", Path: path, Body: `{"user":2}`, Status: 400, Code: "malformed_request"},
		{Who: "ann", Method: "PUT", Path: path, Body: `{"created_by":"me"}`, Status: 400, Code: "malformed_request"},
		{Who: "ann", Method: "PUT", Path: path, Body: ``, Status: 400, Code: "malformed_request"},
		{Who: "ann", Method: "PUT", Path: path, Body: `{"project_id":99}`, Status: 404, Code: "projects.not_found"},
		{Who: "mel", Method: "PUT", Path: path, Body: `{"project_id":99}`, Status: 404, Code: "projects.not_found"},
		{Who: "mel", Method: "PUT", Path: path, Body: `{"project_id":1}`, Status: 403, Code: "agents.not_admin"},
		{Who: "strange", Method: "PUT", Path: path, Body: `{"project_id":99}`, Status: 404, Code: "agents.not_found"},
	} {
		h.Play(c)
	}
	h.same("Other", h.view("ann", id).Name)
}

func TestAnAgentThatIsAsItWasIsNotModified(t *testing.T) {
	h := newHouse(t)
	id := h.agent(core.OnlyTeam)
	path := fmt.Sprintf("/api/agent/%d", id)
	h.As("ann").Do("POST", path+"/alias", `{}`).Want(201)
	stored := func() core.Agent {
		t.Helper()
		a, err := h.store.Agent(t.Context(), core.Visible{OrganizationID: 1, All: true}, id)
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	lines := func() string {
		t.Helper()
		list, err := h.store.Instructions(t.Context(), []int64{id})
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(list)
	}
	made, said := stored(), lines()
	for _, body := range []string{
		`{}`, `{"create_email_alias":true}`,
		`{"name":" Guide ","project_id":1,"description":"","type":"qna","prefix_prompt":"secret prompt","custom_instructions":[" Be kind. "],"access":"Only team","status":"Live","llm_model":"","sample_q1":""}`,
	} {
		h.clock.Advance(time.Second)
		h.As("root").Do("PUT", path, body).Want(200)
		h.As("root").Do("PUT", path+"/access", `{"access":"Only team"}`).Want(200)
		h.same(made, stored())
		h.same(said, lines())
	}
	for i, body := range []string{`{"custom_instructions":["Be kind.","Cite."]}`, `{"custom_instructions":["Cite.","Be kind."]}`, `{"llm_model":"m"}`} {
		h.clock.Advance(time.Second)
		version := agents.VersionCreated{AgentID: id, OrganizationID: 1, Version: int64(i) + 2, CreatedBy: root}
		h.As("root").Expecting(updated(id, "Guide", core.OnlyTeam), version).Do("PUT", path, body).Want(200)
		if a := stored(); a.ModifiedBy != "root@x" || !a.ModifiedOn.Equal(h.clock.Now()) {
			t.Errorf("%s: %+v", body, a.Audit)
		}
	}
}

func TestWhatBelongsToAnAgentIsNotModifiedByTheSameAgain(t *testing.T) {
	h := newHouse(t)
	id := h.agent(core.Public)
	path := fmt.Sprintf("/api/agent/%d", id)
	h.publish(run(id, ann, h.clock.Now()))
	review := fmt.Sprintf("%s/review/%d", path, h.As("ann").Do("POST", path+"/review", `{"review":"Good."}`).Want(201).ID())
	h.As("ann").Do("POST", path+"/alias", `{"alias":"guide@x.example"}`).Want(201)
	var types []struct{ ID int64 }
	h.As("root").Do("GET", "/api/agent-type", nil).Want(200).Data(&types)
	kind := fmt.Sprintf("/api/agent-type/%d", types[0].ID)
	for _, c := range []struct {
		who, path, body, want string
		events                []event.Event
	}{
		{"ann", review, `{"review":" Good. "}`, "", nil},
		{"ann", review, `{"review":"Better."}`, "ann@x", nil},
		{"ann", path + "/alias", `{"alias":"guide@x.example"}`, "", nil},
		{"ann", path + "/alias", `{"alias":"Guide@x.example"}`, "ann@x", nil},
		{"root", kind, `{}`, "", nil},
		{"root", kind, `{"name":" QnA","description":"Answers questions from its documents."}`, "", nil},
		{"root", kind, `{"description":"Answers."}`, "root@x", []event.Event{agents.TypeUpdated{AgentTypeID: types[0].ID, OrganizationID: 1}}},
	} {
		h.clock.Advance(time.Second)
		var v struct {
			CreatedOn  string `json:"created_on"`
			ModifiedBy string `json:"modified_by"`
			ModifiedOn string `json:"modified_on"`
		}
		h.As(c.who).Expecting(c.events...).Do("PUT", c.path, c.body).Want(200).Data(&v)
		if v.ModifiedBy != c.want || (v.ModifiedOn == v.CreatedOn) != (c.want == "") {
			t.Errorf("%s %s: %+v", c.path, c.body, v)
		}
	}
}

func TestAnAgentMovesOnlyToAProjectThatOneAdministers(t *testing.T) {
	h := newHouse(t)
	id := h.agent(core.OnlyMe)
	path := fmt.Sprintf("/api/agent/%d", id)
	h.As("ann").Do("PUT", path, `{"project_id":2}`).Refused(404, "projects.not_found")
	h.people.grant(ann, actor.Grant{Resource: actor.Project, ID: 2, Role: actor.Member})
	h.As("ann").Do("PUT", path, `{"project_id":2}`).Refused(403, "agents.may_not_create")
	h.people.grant(ann, actor.Grant{Resource: actor.Project, ID: 2, Role: actor.Admin})
	moved := agents.AgentUpdated{AgentID: id, OrganizationID: 1, ProjectID: 2, FromProjectID: 1, Access: "Only me", Status: "Live", Narrowed: true, AgentName: "Guide"}
	h.As("ann").Expecting(moved).Do("PUT", path, `{"project_id":2}`).Want(200)
	h.same(int64(2), h.view("ann", id).Project)
}

func TestAPausedAgentAnswersItsAdminsOnly(t *testing.T) {
	h := newHouse(t)
	id := h.agent(core.Public)
	for status, want := range map[string]bool{"Paused": false, "Draft": false, "Live": true} {
		h.As("ann").Expecting(webtest.Named("agents.agent_updated.v1")).Do("PUT", fmt.Sprintf("/api/agent/%d", id), map[string]string{"status": status}).Want(200)
		if _, err := h.service.Run(t.Context(), actors()["bob"], id); (err == nil) != want {
			t.Errorf("%s: %v", status, err)
		}
		if _, err := h.service.Run(t.Context(), actors()["ann"], id); err != nil {
			t.Errorf("%s: %v", status, err)
		}
	}
}

func TestDeletingAnAgent(t *testing.T) {
	h := newHouse(t)
	id, other := h.agent(core.Public), h.agent(core.Public)
	path := fmt.Sprintf("/api/agent/%d", id)
	h.As("ann").Do("POST", path+"/alias", `{"alias":"guide@x.example"}`).Want(201)
	h.people.grant(bob, actor.Grant{Resource: actor.Agent, ID: id, Role: actor.Member})
	for _, agent := range []int64{id, other} {
		h.As("bob").Do("POST", fmt.Sprintf("/api/agent/%d/recent", agent), nil).Want(201)
	}
	for who, status := range map[string]int{"mel": 403, "bob": 403, "strange": 404, "": 401} {
		h.As(who).Do("DELETE", path, nil).Want(status)
	}
	h.same(map[string]string{agents.Key(id): "guide@x.example"}, h.held())
	answer := h.As("ann").Expecting(agents.AgentDeleted{AgentID: id, OrganizationID: 1, ProjectID: 1, DeletedBy: ann}).Do("DELETE", path, nil).Want(200)
	var gone struct {
		ID        int64
		IsDeleted bool `json:"is_deleted"`
		Alias     *string
	}
	answer.Data(&gone)
	if gone.ID != id || !gone.IsDeleted || gone.Alias == nil {
		t.Errorf("got %s", answer.Body)
	}
	for who := range actors() {
		h.As(who).Do("GET", path, nil).Refused(404, "agents.not_found")
		h.As(who).Do("DELETE", path, nil).Refused(404, "agents.not_found")
		h.As(who).Do("PUT", path, `{}`).Refused(404, "agents.not_found")
	}
	h.same([]int64{other}, h.bookmarks("bob", "recent"))
	h.same(map[string]string{}, h.held())
	if slices.ContainsFunc(h.people.granted, func(g users.Permission) bool { return g.ResourceType == actor.Agent && g.ResourceID == id }) {
		t.Errorf("roles are left: %v", h.people.granted)
	}
	h.As("ann").Do("POST", fmt.Sprintf("/api/agent/%d/alias", other), `{"alias":"guide@x.example"}`).Want(201) // free again
	h.publish(run(id, bob, h.clock.Now().Add(time.Hour)))                                                      // told late
	h.same([]int64{other}, h.bookmarks("bob", "recent"))
}

func TestAProjectTakesItsAgentsAlong(t *testing.T) {
	h := newHouse(t)
	a, b := h.agent(core.Public), h.agent(core.OnlyMe)
	h.people.grant(ann, actor.Grant{Resource: actor.Project, ID: 2, Role: actor.Admin})
	stays := h.As("ann").Expecting(agents.AgentCreated{AgentID: 3, OrganizationID: 1, ProjectID: 2, AgentName: "A"}).Do("POST", "/api/agent", `{"name":"A","project_id":2,"access":"Public","create_email_alias":true}`).Want(201).ID()
	for _, id := range []int64{a, b} {
		h.As("ann").Do("POST", fmt.Sprintf("/api/agent/%d/alias", id), `{}`).Want(201)
	}
	h.same(3, len(h.held()))
	before := len(h.db.Published())
	h.publish(projects.ProjectDeleted{ProjectID: 1, OrganizationID: 1, DeletedBy: root})
	h.same([]event.Event{
		agents.AgentDeleted{AgentID: a, OrganizationID: 1, ProjectID: 1, DeletedBy: root}, agents.AgentDeleted{AgentID: b, OrganizationID: 1, ProjectID: 1, DeletedBy: root},
	}, h.published(before+1))
	h.same(map[string]string{agents.Key(stays): "a_3@x.example"}, h.held())
	h.publish(projects.ProjectDeleted{ProjectID: 1, OrganizationID: 1}, projects.ProjectDeleted{ProjectID: 2, OrganizationID: 2}) // again, and abroad
	h.same(0, len(h.published(before+5)))
	h.As("ann").Do("GET", fmt.Sprintf("/api/agent/%d", a), nil).Want(404)
	h.view("bob", stays)
}

func TestListsOfTeamsAndProjects(t *testing.T) {
	h := newHouse(t)
	me, team, public := h.agent(core.OnlyMe), h.agent(core.OnlyTeam), h.agent(core.Public)
	h.people.grant(ann, actor.Grant{Resource: actor.Project, ID: 2, Role: actor.Admin})
	loose := h.As("ann").Expecting(agents.AgentCreated{AgentID: 4, OrganizationID: 1, ProjectID: 2, AgentName: "A"}).Do("POST", "/api/agent", `{"name":"A","project_id":2,"access":"Public"}`).Want(201).ID()
	for _, c := range []struct {
		who, path string
		status    int
		want      []int64
	}{
		{"ann", "/api/project/1/agent", 200, []int64{me, team, public}},
		{"mel", "/api/project/1/agent", 200, []int64{team, public}},
		{"tom", "/api/project/1/agent", 200, []int64{team, public}},
		{"bob", "/api/project/1/agent", 404, nil}, // although one of them is public
		{"root", "/api/project/2/agent", 200, []int64{loose}},
		{"strange", "/api/project/1/agent", 404, nil},
		{"root", "/api/project/99/agent", 404, nil},
		{"tom", "/api/team/7/agent", 200, []int64{team, public}},
		{"root", "/api/team/7/agent", 200, []int64{me, team, public}},
		{"mel", "/api/team/7/agent", 404, nil}, // a role on a project shows no team
		{"strange", "/api/team/7/agent", 404, nil},
		{"tom", "/api/team/agent", 200, []int64{team, public}},
		{"mel", "/api/team/agent", 200, []int64{}},
		{"root", "/api/team/agent", 200, []int64{}}, // sees all teams and is in none
		{"", "/api/team/agent", 401, nil},
	} {
		answer := h.As(c.who).Do("GET", c.path, nil).Want(c.status)
		if c.status != 200 {
			continue
		}
		ids := []int64{}
		var list []struct{ ID int64 }
		answer.Data(&list)
		for _, a := range list {
			ids = append(ids, a.ID)
		}
		h.same(c.want, ids)
	}
	h.people.grant(tom, actor.Grant{Resource: actor.Team, ID: 7, Role: actor.Admin}) // from the next request on
	var list []struct{ ID int64 }
	h.As("tom").Do("GET", "/api/team/agent?items_per_page=2", nil).Want(200).Data(&list)
	h.same(2, len(list))
	h.same(me, list[0].ID)
}

func TestAgentTypes(t *testing.T) {
	h := newHouse(t)
	var types []struct {
		ID                int64
		Name, Description string
	}
	h.As("bob").Do("GET", "/api/agent-type", nil).Want(200).Data(&types)
	h.same(2, len(types))
	h.same("QnA/Custom", types[0].Name+"/"+types[1].Name)
	first := fmt.Sprintf("/api/agent-type/%d", types[0].ID)
	changed := []event.Event{agents.TypeUpdated{AgentTypeID: types[0].ID, OrganizationID: 1}}
	for _, c := range []webtest.Scenario{
		{Who: "bob", Method: "PUT", Path: first, Body: `{"name":"X"}`, Status: 403, Code: "agents.not_global_admin"},
		{Who: "ann", Method: "PUT", Path: first, Body: `{"name":"X"}`, Status: 403, Code: "agents.not_global_admin"},
		{Who: "strange", Method: "PUT", Path: first, Body: `{"name":"X"}`, Status: 404, Code: "agents.type_not_found"},
		{Who: "root", Method: "PUT", Path: "/api/agent-type/99", Body: `{"name":"X"}`, Status: 404, Code: "agents.type_not_found"},
		{Who: "root", Method: "PUT", Path: first, Body: `{"name":"cUSTOM"}`, Status: 409, Code: "agents.type_name_taken"},
		{Who: "root", Method: "PUT", Path: first, Body: `{"name":" "}`, Status: 422, Code: "agents.blank_name"},
		{Who: "root", Method: "PUT", Path: first, Body: `{"name":"Answers"}`, Status: 200, Events: changed},
		{Who: "root", Method: "PUT", Path: first, Body: `{"description":"d"}`, Status: 200, Events: changed},
	} {
		h.Play(c)
	}
	h.As("bob").Do("GET", "/api/agent-type?items_per_page=1", nil).Want(200).Data(&types)
	h.same("Answers/d", types[0].Name+"/"+types[0].Description)
	h.same(1, len(types))
	made := h.As("ann").Expecting(webtest.Named("agents.agent_created.v1"))
	h.same("Answers", h.view("ann", made.Do("POST", "/api/agent", `{"name":"A","project_id":1,"type":"answers"}`).Want(201).ID()).Type.Name)
	// Whatever the first type is called by now, an agent without one is of it.
	h.same("Answers", h.view("ann", made.Do("POST", "/api/agent", `{"name":"B","project_id":1}`).Want(201).ID()).Type.Name)
}
