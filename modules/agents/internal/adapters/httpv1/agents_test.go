package httpv1_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/modules/agents"
	"parley/modules/agents/internal/core"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/event"
	"parley/platform/webtest"
)

func TestAnAgentHasEveryFieldOfTheContract(t *testing.T) {
	h := newHouse(t)
	made := agents.AgentCreated{AgentID: 1, OrganizationID: 1, ProjectID: 1, AgentName: "Guide"}
	answer := h.As("ann").Expecting(made).Do("POST", "/api/agent", `{"name":" Guide ","project_id":1,"description":"d","type":"custom","prefix_prompt":"p",
		"custom_instructions":["Be kind."," Cite. "],"access":"Only team","llm_model":"m","sample_q1":"1?","sample_q2":"2?","sample_q3":"3?","create_email_alias":false}`).Want(201)
	if got := answer.Message(); got != "Agent created successfully" {
		t.Errorf("message %q", got)
	}
	const at = "2024-10-02T00:02:24.378434Z"
	instruction := func(id float64, text string) any {
		return map[string]any{"id": id, "instruction": text, "is_deleted": false, "created_by": "ann@x", "created_on": at, "agent": 1.}
	}
	want := map[string]any{
		"id": 1., "agent_type": map[string]any{"id": 2., "name": "Custom", "description": "Does what its prompt says.", "created_by": "System", "created_on": at, "modified_by": "", "modified_on": at},
		"instructions": []any{instruction(1, "Be kind."), instruction(2, "Cite.")},
		"user":         map[string]any{"id": 1., "email": "ann@x", "first_name": "ann", "last_name": nil, "organization": 1.},
		"agent_name":   "Guide", "industry_area": "", "domain": "d", "sample_q1": "1?", "sample_q2": "2?", "sample_q3": "3?", "prefix_prompt": "p",
		"connected_tool_names": []any{}, "alias": nil, "is_active": true, "is_deleted": false, "created_by": "ann@x", "created_on": at, "agent_image": "",
		"access": "Only team", "status": "Live", "caching_enabled": false, "chunk_count": 32., "react_enabled": false, "react_max_iteration_count": 50.,
		"project": 1., "llm_config": nil, "cloned_from": nil,
	}
	var got map[string]any
	answer.Data(&got)
	h.same(want, got)
	// A member sees it without what is for admins.
	h.As("mel").Do("GET", "/api/agent/1", nil).Want(200).Data(&got)
	want["prefix_prompt"], want["instructions"] = "", []any{}
	h.same(want, got)
	var list []map[string]any
	h.As("mel").Do("GET", "/api/agent", nil).Want(200).Data(&list)
	h.same([]map[string]any{want}, list)
}

func TestCreatingAnAgent(t *testing.T) {
	h := newHouse(t)
	made := func(id, project int64) []event.Event {
		return []event.Event{agents.AgentCreated{AgentID: id, OrganizationID: 1, ProjectID: project, AgentName: "A"}}
	}
	for _, c := range []webtest.Scenario{
		{Who: "ann", Method: "POST", Path: "/api/agent", Body: `{"name":"A","project_id":1}`, Status: 201, Events: made(1, 1)},
		{Who: "root", Method: "POST", Path: "/api/agent", Body: `{"name":"A","project_id":2,"type":"QnA"}`, Status: 201, Events: made(2, 2)},
		{Who: "mel", Method: "POST", Path: "/api/agent", Body: `{"name":"A","project_id":1}`, Status: 403, Code: "agents.may_not_create"},
		{Who: "tom", Method: "POST", Path: "/api/agent", Body: `{"name":"A","project_id":1}`, Status: 403, Code: "agents.may_not_create"},
		{Who: "bob", Method: "POST", Path: "/api/agent", Body: `{"name":"A","project_id":1}`, Status: 404, Code: "projects.not_found"},
		{Who: "strange", Method: "POST", Path: "/api/agent", Body: `{"name":"A","project_id":1}`, Status: 404, Code: "projects.not_found"},
		{Who: "ann", Method: "POST", Path: "/api/agent", Body: `{"name":"A","project_id":99}`, Status: 404, Code: "projects.not_found"},
		{Who: "ann", Method: "POST", Path: "/api/agent", Body: `{"name":"A"}`, Status: 400, Code: "malformed_request"},
		{Who: "ann", Method: "POST", Path: "/api/agent", Body: `{"name":" ","project_id":1}`, Status: 422, Code: "agents.blank_name"},
		{Who: "ann", Method: "POST", Path: "/api/agent", Body: `{"name":"A","project_id":1,"type":"Robot"}`, Status: 422, Code: "agents.unknown_type"},
		{Who: "ann", Method: "POST", Path: "/api/agent", Body: `{"name":"A","project_id":1,"access":"Everybody"}`, Status: 422, Code: "unacceptable_value"},
		{Who: "ann", Method: "POST", Path: "/api/agent", Body: `{"name":"A","project_id":1,"status":"Draft"}`, Status: 400, Code: "malformed_request"},
		{Who: "ann", Method: "POST", Path: "/api/agent", Body: `{"name":"A","project_id":1,"user":9}`, Status: 400, Code: "malformed_request"},
		{
			Who: "ann", Method: "POST", Path: "/api/agent",
			Body:   `{"name":"A","project_id":1,"custom_instructions":["a"," "]}`,
			Status: 422, Code: "agents.bad_instruction",
		},
		{
			Who: "ann", Method: "POST", Path: "/api/agent",
			Body:   `{"name":"A","project_id":1,"custom_instructions":["` + strings.Repeat("ü", 4001) + `"]}`,
			Status: 422, Code: "agents.bad_instruction",
		},
		{Who: "ann", Method: "POST", Path: "/api/agent", Body: `{"name":"A","project_id":1,"create_email_alias":true}`, Status: 201, Events: made(3, 1)},
		{Method: "POST", Path: "/api/agent", Body: `{"name":"A","project_id":1}`, Status: 401, Code: "unauthenticated"},
	} {
		h.Play(c)
	}
	var v struct {
		Access string
		Type   struct{ Name string } `json:"agent_type"`
	}
	h.As("ann").Do("GET", "/api/agent/1", nil).Data(&v)
	h.same("Only me", v.Access)
	h.same("QnA", v.Type.Name)
}

func TestAccessLevelsDecideWhoSeesAnAgentAndListsAgree(t *testing.T) {
	h := newHouse(t)
	me, team, public := h.agent(core.OnlyMe), h.agent(core.OnlyTeam), h.agent(core.Public)
	for who, want := range map[string][]int64{
		"ann": {me, team, public}, "root": {me, team, public}, "mel": {team, public}, "tom": {team, public}, "bob": {public}, "strange": {},
	} {
		ids := []int64{}
		var list []struct{ ID int64 }
		h.As(who).Do("GET", "/api/agent", nil).Want(200).Data(&list)
		for _, a := range list {
			ids = append(ids, a.ID)
		}
		h.same(want, ids)
		for _, id := range []int64{me, team, public, 99} {
			status, one := 404, h.As(who).Do("GET", fmt.Sprintf("/api/agent/%d", id), nil)
			if slices.Contains(want, id) {
				status = 200
			}
			one.Want(status)
		}
	}
}

func TestOnlyALiveAgentAnswersOthersThanItsAdmins(t *testing.T) {
	h := newHouse(t)
	live := h.agent(core.Public)
	h.set(live, func(a *core.Agent) { a.ID, a.Status = 0, "Paused" })
	paused := live + 1
	who := actors()
	for _, name := range []string{"ann", "root"} {
		r, err := h.service.Run(t.Context(), who[name], paused)
		if err != nil || !r.Admin {
			t.Errorf("%s: %+v, %v", name, r, err)
		}
	}
	for _, name := range []string{"mel", "tom", "bob"} {
		if _, err := h.service.Run(t.Context(), who[name], paused); !errors.Is(err, core.ErrNotLive) {
			t.Errorf("%s: %v", name, err)
		}
		if r, err := h.service.View(t.Context(), who[name], paused); err != nil || r.Admin {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := h.service.Run(t.Context(), who[name], live); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := h.service.Run(t.Context(), who["strange"], live); !errors.Is(err, core.ErrNotFound) {
		t.Error(err)
	}
}

func TestChatGetsWhatItNeedsToRun(t *testing.T) {
	h := newHouse(t)
	id := h.agent(core.Public)
	got, err := h.service.Run(t.Context(), actors()["bob"], id)
	if err != nil {
		t.Fatal(err)
	}
	h.same(agents.Runnable{
		ID: id, OrganizationID: 1, ProjectID: 1, TeamID: 7, AgentType: "QnA", Name: "Guide", PrefixPrompt: "secret prompt", Instructions: []string{"Be kind."}, Version: 1,
	}, got)
	for name, want := range map[string]bool{"ann": true, "root": true, "mel": false, "bob": false} {
		if is, err := h.service.Administers(t.Context(), actors()[name], id); is != want || err != nil {
			t.Errorf("%s: %v, %v", name, is, err)
		}
	}
	if _, err := h.service.Administers(t.Context(), actors()["strange"], id); !errors.Is(err, core.ErrNotFound) {
		t.Error(err)
	}
}

func TestADecisionNamesItsGrounds(t *testing.T) {
	h := newHouse(t)
	id := h.agent(core.Public)
	reason := func(rule access.Rule, r actor.Resource, id int64, role actor.Role) access.Reason {
		return access.Reason{Rule: rule, Resource: r, ResourceID: id, Role: role}
	}
	public := reason(access.PublicLevel, actor.Organization, 1, actor.Member)
	granted := actors()["mel"]
	granted.Grants = append(granted.Grants, grants(actor.Agent, id, actor.Admin)...)
	for name, c := range map[string]struct {
		who  actor.Actor
		want []access.Reason
	}{
		"the owner":         {actors()["ann"], []access.Reason{reason(access.Owner, actor.Agent, id, actor.Admin), reason(access.ProjectRole, actor.Project, 1, actor.Admin), public}},
		"a member":          {actors()["mel"], []access.Reason{reason(access.ProjectRole, actor.Project, 1, actor.Member), public}},
		"a team's member":   {actors()["tom"], []access.Reason{reason(access.TeamRole, actor.Team, 7, actor.Member), public}},
		"anybody":           {actors()["bob"], []access.Reason{public}},
		"a global admin":    {actors()["root"], []access.Reason{reason(access.GlobalAdmin, actor.Organization, 1, actor.Admin), public}},
		"the agent's admin": {granted, []access.Reason{reason(access.AgentRole, actor.Agent, id, actor.Admin), reason(access.ProjectRole, actor.Project, 1, actor.Member), public}},
	} {
		full, err := h.service.Get(t.Context(), c.who, id)
		if err != nil {
			t.Fatal(name, err)
		}
		h.same(c.want, full.Decision.Because)
	}
}
