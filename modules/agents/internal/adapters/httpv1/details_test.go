package httpv1_test

import (
	"fmt"
	"strings"
	"testing"

	"parley/modules/agents/internal/core"
	"parley/platform/kernel/actor"
)

func TestDetailsOfProjects(t *testing.T) {
	h := newHouse(t)
	me, team := h.agent(core.OnlyMe), h.agent(core.OnlyTeam)
	type row struct {
		Project struct {
			ID         int64
			Name       string
			Team       *int64
			AgentCount int `json:"agent_count"`
			UserCount  int `json:"user_count"`
		}
		Users []struct {
			ID   int64
			Role string
			User struct {
				Email        string
				IsActive     bool `json:"is_active"`
				Organization struct{ Domain string }
			}
		}
		Agents []map[string]any
		Counts map[string]int
	}
	details := func(who string, ids ...int64) (rows []row, missing []int64) {
		t.Helper()
		answer := h.As(who).Do("POST", "/api/project/details", map[string]any{"project_ids": ids}).Want(200)
		answer.Data(&rows)
		var all struct {
			Meta struct {
				NotFound []int64 `json:"not_found_ids"`
			}
		}
		answer.JSON(&all)
		return rows, all.Meta.NotFound
	}
	rows, missing := details("root", 2, 99, 1, 2)
	h.same([]int64{99}, missing)
	h.same(2, len(rows))
	h.same([]int64{2, 1}, []int64{rows[0].Project.ID, rows[1].Project.ID}) // in the order asked
	first := rows[1]
	if first.Project.Name != "Handbook" || *first.Project.Team != 7 || first.Project.UserCount != 2 || first.Project.AgentCount != 3 || first.Counts["users"] != 2 || first.Counts["agents"] != 3 {
		t.Errorf("got %+v", first)
	}
	if len(first.Users) != 2 || first.Users[0].User.Email != "ann@x" || first.Users[0].Role != "admin" || first.Users[1].Role != "member" {
		t.Errorf("users %+v", first.Users)
	}
	if mel := first.Users[1].User; !mel.IsActive || mel.Organization.Domain != "x.example" { // the whole user
		t.Errorf("user %+v", mel)
	}
	h.same([]map[string]any{
		{"id": float64(me), "agent_name": "Guide", "domain": "", "agent_image": "", "user": float64(ann), "access": "Only me", "status": "Live", "created_by": "ann@x", "created_on": "2024-10-02T00:02:24.378434Z"},
		{"id": float64(team), "agent_name": "Guide", "domain": "", "agent_image": "", "user": float64(ann), "access": "Only team", "status": "Live", "created_by": "ann@x", "created_on": "2024-10-02T00:02:24.378434Z"},
	}, first.Agents)
	h.same(0, len(rows[0].Users)+len(rows[0].Agents))
	rows, missing = details("mel", 1, 2)
	h.same([]int64{2}, missing)
	h.same(1, len(rows[0].Agents)) // only those that she sees
	rows, missing = details("strange", 1)
	h.same(0, len(rows))
	h.same([]int64{1}, missing)
	h.people.grant(bob, actor.Grant{Resource: actor.Project, ID: 2, Role: actor.Member})
	rows, missing = details("bob", 2)
	h.same(1, len(rows))
	h.same([]int64(nil), missing)
	for body, status := range map[string]int{`{}`: 400, `{"project_ids":[]}`: 422, `{"project_ids":null}`: 400, `{"project_ids":["1"]}`: 400, fmt.Sprintf(`{"project_ids":[1%s]}`, strings.Repeat(",1", 200)): 422, `{"project_ids":[1],"x":1}`: 400} {
		h.As("root").Do("POST", "/api/project/details", body).Want(status)
	}
}
