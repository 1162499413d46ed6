package httpv1_test

import (
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"parley/platform/kernel/actor"
	"parley/platform/webtest"
)

func TestMembersOfATeam(t *testing.T) {
	h := newHouse(t)
	path := fmt.Sprintf("/api/team/%d/user", h.team())
	h.As("ann@x").Do("POST", path, map[string]any{"user_ids": []int64{h.bob, h.cy}}).Want(200)
	type row struct {
		ID   int64
		Role string
		User struct{ ID int64 }
	}
	var rows []row
	var meta struct {
		Count      int
		NextCursor *string `json:"next_cursor"`
	}
	h.As("bob@x").Do("GET", path+"?items_per_page=2", nil).Want(200).Data(&rows).Meta(&meta)
	h.same([]row{{1, "admin", struct{ ID int64 }{h.ann}}, {2, "member", struct{ ID int64 }{h.bob}}}, rows)
	h.same(3, meta.Count)
	var shown []map[string]json.RawMessage
	h.As("bob@x").Do("GET", path, nil).Want(200).Data(&shown)
	h.same(h.whole(h.bob), string(shown[1]["user"]))
	h.As("bob@x").Do("GET", path+"?items_per_page=2&cursor="+*meta.NextCursor, nil).Want(200).Data(&rows).Meta(&meta)
	h.same([]row{{3, "member", struct{ ID int64 }{h.cy}}}, rows)
	h.As("bob@x").Do("GET", path+"?page=2&items_per_page=2", nil).Want(200).Data(&rows)
	h.same(1, len(rows))
	h.As("bob@x").Do("GET", path+"?cursor=nonsense", nil).Refused(422, "invalid_cursor")
	h.As("dora@x").Do("GET", path, nil).Refused(404, "projects.team_not_found")
	h.As("bob@x").Do("DELETE", path, map[string]any{"user_ids": []int64{h.cy}}).Refused(403, "projects.not_team_admin")
	h.As("dora@x").Do("DELETE", path, map[string]any{"user_ids": []int64{h.cy}}).Refused(404, "projects.team_not_found")
	for _, body := range []string{``, `{}`, `{"user_ids":null}`} { // never all
		h.As("ann@x").Do("DELETE", path, body).Refused(400, "malformed_request")
	}
	h.As("ann@x").Do("DELETE", path, `{"user_ids":[]}`).Refused(422, "unacceptable_value")
	h.As("ann@x").Do("DELETE", path, map[string]any{"user_ids": []int64{h.dora, h.cy, h.bob, h.stranger}}).Want(200).Data(&rows)
	h.same([]row{{2, "member", struct{ ID int64 }{h.bob}}, {3, "member", struct{ ID int64 }{h.cy}}}, rows)
	h.same([]int64{}, h.sees("bob@x", "/api/team"))
	answer := h.As("ann@x").Do("DELETE", path, map[string]any{"user_ids": []int64{h.cy}}).Want(200)
	h.same("Users removed from team successfully.", answer.Message())
	answer.Data(&rows)
	h.same(0, len(rows))
}

func TestRemovingUsersFromAProject(t *testing.T) {
	h := newHouse(t)
	project := h.project(0)
	path := fmt.Sprintf("/api/project/%d/user", project)
	h.As("ann@x").Do("POST", path, map[string]any{"user_ids": []int64{h.cy, h.bob}}).Want(200)
	h.As("bob@x").Do("DELETE", path, map[string]any{"user_ids": []int64{h.cy}}).Refused(403, "projects.not_admin")
	h.As("ben@x").Do("DELETE", path, map[string]any{"user_ids": []int64{h.cy}}).Refused(404, "projects.not_found")
	answer := h.As("ann@x").Do("DELETE", path, map[string]any{"user_ids": []int64{h.dora, h.cy, h.cy}}).Want(200)
	h.same("Users removed from project successfully.", answer.Message())
	var rows []map[string]json.RawMessage
	answer.Data(&rows)
	if len(rows) != 1 || string(rows[0]["id"]) != "3" || string(rows[0]["role"]) != `"member"` {
		t.Errorf("got %s", answer.Body)
	}
	h.same(h.whole(h.cy), string(rows[0]["user"]))
	h.As("cy@x").Do("GET", fmt.Sprintf("/api/project/%d", project), nil).Want(404)
	h.As("bob@x").Do("GET", fmt.Sprintf("/api/project/%d", project), nil).Want(200)
}

func TestAHundredMembershipsAtOnceAreOne(t *testing.T) {
	h := newHouse(t)
	path := fmt.Sprintf("/api/project/%d/user", h.project(0))
	h.Together("a hundred memberships", func(api webtest.Client) {
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() { api.As("ann@x").Do("POST", path, map[string]any{"user_ids": []int64{h.bob}}).Want(200) })
		}
		wg.Wait()
	})
	var v struct {
		UserCount int `json:"user_count"`
	}
	h.As("ann@x").Do("GET", "/api/project/1", nil).Data(&v)
	h.same(2, v.UserCount)
}

func TestTheProjectsOfAUserInATeam(t *testing.T) {
	h := newHouse(t)
	team, other := h.team(), h.team()
	a, b := h.project(team), h.project(team)
	h.project(other)
	loose := h.project(0)
	h.join(fmt.Sprintf("/api/team/%d", team), "member", h.bob)
	h.join(fmt.Sprintf("/api/project/%d", b), "member", h.cy)
	h.join(fmt.Sprintf("/api/project/%d", loose), "member", h.cy)
	ed, boss := h.people.add(1, "ed@x", actor.User), h.people.add(1, "boss@x", actor.GlobalAdmin)
	h.join(fmt.Sprintf("/api/team/%d", team), "member", ed)
	h.join(fmt.Sprintf("/api/project/%d", b), "member", ed)
	h.people.suspend(ed)
	h.people.suspend(boss)
	path := func(user, team int64) string { return fmt.Sprintf("/api/user/%d/team/%d/project", user, team) }
	for _, c := range []struct {
		who        string
		user, team int64
		status     int
		want       []int64
	}{
		{"bob@x", h.bob, team, 200, []int64{a, b}},
		{"ann@x", h.ann, team, 200, []int64{a, b}},
		{"ann@x", h.bob, team, 200, []int64{a, b}},
		{"ann@x", h.cy, team, 200, []int64{b}},
		{"admin@x", h.cy, team, 200, []int64{b}},
		{"ann@x", 1, team, 200, []int64{a, b}}, // a global admin sees all
		{"ann@x", h.dora, team, 200, []int64{}},
		{"bob@x", h.ann, team, 403, nil},
		{"cy@x", h.cy, team, 404, nil}, // a role on a project shows no team
		{"ann@x", h.stranger, team, 404, nil},
		{"ann@x", 4711, team, 404, nil},
		{"ann@x", ed, team, 200, []int64{}}, // suspended
		{"ann@x", boss, team, 200, []int64{}},
		{"ann@x", h.bob, 99, 404, nil},
		{"admin@y", h.stranger, team, 404, nil},
		{"", h.bob, team, 401, nil},
	} {
		answer := h.As(c.who).Do("GET", path(c.user, c.team), nil).Want(c.status)
		if c.status != 200 {
			continue
		}
		ids := []int64{}
		var list []struct{ ID int64 }
		answer.Data(&list)
		for _, p := range list {
			ids = append(ids, p.ID)
		}
		h.same(c.want, ids)
	}
	for _, user := range []int64{h.stranger, 4711} { // as wherever else a user is unknown
		h.As("ann@x").Do("GET", path(user, team), nil).Refused(404, "users.not_found")
	}
}
