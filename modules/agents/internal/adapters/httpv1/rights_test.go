package httpv1_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"

	"parley/modules/agents"
	"parley/modules/agents/internal/core"
	"parley/modules/agents/internal/core/coretest"
	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/event"
	"parley/platform/webtest"
)

func TestTheAccessLevelIsReadByWhoSeesTheAgentAndSetByItsAdmins(t *testing.T) {
	h := newHouse(t)
	id := h.agent(core.Public)
	path := fmt.Sprintf("/api/agent/%d/access", id)
	var got map[string]any
	h.As("bob").Do("GET", path, nil).Want(200).Data(&got)
	h.same(map[string]any{"agent": float64(id), "access": "Public"}, got)
	for _, c := range []webtest.Scenario{
		{Who: "bob", Method: "PUT", Path: path, Body: `{"access":"Only me"}`, Status: 403, Code: "agents.not_admin"},
		{Who: "mel", Method: "PUT", Path: path, Body: `{"access":"Only me"}`, Status: 403, Code: "agents.not_admin"},
		{Who: "strange", Method: "PUT", Path: path, Body: `{"access":"Only me"}`, Status: 404, Code: "agents.not_found"},
		{Method: "PUT", Path: path, Body: `{"access":"Only me"}`, Status: 401, Code: "unauthenticated"},
		{Who: "ann", Method: "PUT", Path: path, Body: `{"access":"only me"}`, Status: 422, Code: "unacceptable_value"},
		{Who: "ann", Method: "PUT", Path: path, Body: `{}`, Status: 400, Code: "malformed_request"},
	} {
		h.Play(c)
	}
	for _, c := range []struct {
		access          string
		narrowed, again bool
		seen            []string // by whom, at once
	}{
		{"Only team", true, false, []string{"ann", "mel", "root", "tom"}},
		{"Only me", true, false, []string{"ann", "root"}},
		{"Only me", false, true, []string{"ann", "root"}},
		{"Public", false, false, []string{"ann", "bob", "mel", "root", "tom"}},
	} {
		told := []event.Event{agents.AgentUpdated{AgentID: id, OrganizationID: 1, ProjectID: 1, FromProjectID: 1, Access: c.access, Status: "Live", Narrowed: c.narrowed, AgentName: "Guide"}}
		if c.again {
			told = nil
		}
		if c.access == "Public" { // it was its admins' alone
			told = append(told, agents.AgentShared{AgentID: id, OrganizationID: 1, ProjectID: 1, TeamID: 7, Access: "Public", SharedBy: 1})
		}
		h.Play(webtest.Scenario{Who: "ann", Method: "PUT", Path: path, Body: map[string]string{"access": c.access}, Status: 200, Events: told}).Data(&got)
		h.same(map[string]any{"agent": float64(id), "access": c.access}, got)
		var seen []string
		for who, a := range actors() {
			_, err := h.service.Run(t.Context(), a, id)
			if got := h.As(who).Do("GET", path, nil).Status; (got == 200) != (err == nil) {
				t.Errorf("%s: %d, run %v", who, got, err)
			}
			if err == nil {
				seen = append(seen, who)
			}
		}
		slices.Sort(seen)
		h.same(c.seen, seen)
	}
}

type decision struct {
	Agent, User int64
	Role        string
	Allowed     map[string]bool
	Because     []struct {
		Rule         string
		ResourceType string `json:"resource_type"`
		ResourceID   int64  `json:"resource_id"`
		Role         string
	}
}

func TestTheDecisionAboutAUserComesWithItsReasons(t *testing.T) {
	h := newHouse(t)
	id := h.agent(core.OnlyTeam)
	path := fmt.Sprintf("/api/agent/%d/user", id)
	for _, c := range []struct {
		who    string
		about  int64
		status int
		code   string
		role   string
		rules  string
	}{
		{"ann", ann, 200, "", "admin", "owner project_role"},
		{"ann", mel, 200, "", "member", "project_role"},
		{"ann", tom, 200, "", "member", "team_role"},
		{"ann", bob, 200, "", "", ""},
		{"ann", root, 200, "", "admin", "global_admin"},
		{"root", tom, 200, "", "member", "team_role"},
		{"mel", mel, 200, "", "member", "project_role"},
		{"mel", tom, 403, "agents.not_admin", "", ""},
		{"bob", bob, 404, "agents.not_found", "", ""},
		{"bob", ann, 404, "agents.not_found", "", ""},
		{"strange", strange, 404, "agents.not_found", "", ""},
		{"ann", strange, 404, "users.not_found", "", ""},
		{"ann", 4711, 404, "users.not_found", "", ""},
		{"", ann, 401, "unauthenticated", "", ""},
	} {
		answer := h.As(c.who).Do("GET", fmt.Sprintf("%s?user_id=%d", path, c.about), nil).Want(c.status)
		if c.status != 200 {
			h.same(c.code, answer.Code())
			continue
		}
		var d decision
		answer.Data(&d)
		rules := ""
		for _, r := range d.Because {
			rules += " " + r.Rule
		}
		if d.Agent != id || d.User != c.about || d.Role != c.role || (rules != "" && rules[1:] != c.rules) || (rules == "") != (c.rules == "") {
			t.Errorf("%s about %d: %s", c.who, c.about, answer.Body)
		}
	}
	var d decision
	h.As("ann").Do("GET", fmt.Sprintf("%s?user_id=%d", path, tom), nil).Data(&d)
	h.same(map[string]bool{"view": true, "run": true, "edit": false, "manage": false, "delete": false}, d.Allowed)
	if r := d.Because[0]; r.ResourceType != "team" || r.ResourceID != 7 || r.Role != "member" {
		t.Errorf("because %+v", d.Because)
	}
	h.people.change(mel, func(u *users.User) { u.IsActive = false })
	h.As("ann").Do("GET", fmt.Sprintf("%s?user_id=%d", path, mel), nil).Want(200).Data(&d)
	if d.Role != "" || d.Allowed["view"] || len(d.Because) != 1 || d.Because[0].Rule != "suspended" {
		t.Errorf("suspended: %+v", d)
	}
	h.As("ann").Do("GET", path+"?user_id=0", nil).Refused(422, "unacceptable_value")
}

// narrowed is that ann's agent is her own by now.
func narrowed(id int64) agents.AgentUpdated {
	a := updated(id, "Guide", core.OnlyMe)
	a.Narrowed = true
	return a
}

func TestTheUsersOfAnAgentWithTheirEffectiveRoles(t *testing.T) {
	h := newHouse(t)
	h.people.grant(bob, actor.Grant{Resource: actor.Agent, ID: 1, Role: actor.Member})
	h.people.grant(mel, actor.Grant{Resource: actor.Agent, ID: 1, Role: actor.Admin})
	id := h.agent(core.OnlyTeam)
	path := fmt.Sprintf("/api/agent/%d/user", id)
	list := func(query string) (got []string, meta struct {
		Count int
		Next  *string `json:"next_cursor"`
	}) {
		t.Helper()
		var rows []struct {
			User struct{ Email string }
			Role string
		}
		h.As("ann").Do("GET", path+query, nil).Want(200).Data(&rows).Meta(&meta)
		for _, r := range rows {
			got = append(got, r.User.Email+" "+r.Role)
		}
		return got, meta
	}
	all := []string{"ann@x admin", "mel@x admin", "tom@x member", "bob@x member", "root@x admin"}
	got, meta := list("")
	h.same(all, got)
	h.same(5, meta.Count)
	got, _ = list("?items_per_page=2&page=2")
	h.same(all[2:4], got)
	got, meta = list("?items_per_page=3&cursor=")
	h.same(all[:3], got)
	got, _ = list("?items_per_page=3&cursor=" + *meta.Next)
	h.same(all[3:], got)
	h.As("ann").Expecting(narrowed(id)).Do("PUT", fmt.Sprintf("/api/agent/%d/access", id), `{"access":"Only me"}`).Want(200)
	h.people.change(root, func(u *users.User) { u.IsActive = false })
	got, _ = list("") // members of project and team are out, and so is who is suspended
	h.same([]string{"ann@x admin", "mel@x admin", "bob@x member"}, got)
	h.As("bob").Do("GET", path, nil).Refused(403, "agents.not_admin")
	h.As("tom").Do("GET", path, nil).Refused(404, "agents.not_found")
}

// TestTheAnsweredDecisionIsWhatTheCallsReallyDo compares, over random agents,
// roles and levels, what row 31 of the contract answers about everybody with
// the outcome of viewing, running, editing, managing and deleting.
func TestTheAnsweredDecisionIsWhatTheCallsReallyDo(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	h := newHouse(t)
	names := []string{"ann", "mel", "tom", "bob"} // root asks about them
	for range 150 {
		h.people.granted = nil
		h.places.teamOf = map[int64]int64{1: rng.Int64N(3), 2: rng.Int64N(3)}
		for i := range names {
			level := rng.IntN(8)
			h.people.change(int64(i+1), func(u *users.User) {
				u.IsSuperuser, u.IsStaff, u.IsActive = level == 0, level <= 2, rng.IntN(10) > 0
			})
		}
		a, err := coretest.AddAgent(t.Context(), h.store, core.Agent{
			OrganizationID: 1, ProjectID: 1 + rng.Int64N(2), UserID: 1 + rng.Int64N(4), AgentName: "Guide", IsActive: rng.IntN(8) > 0, AgentTypeID: 1,
			Access: []string{core.OnlyMe, core.OnlyTeam, core.Public}[rng.IntN(3)], Status: []string{core.Live, "Draft", "Paused"}[rng.IntN(3)],
		})
		if err != nil {
			t.Fatal(err)
		}
		for range rng.IntN(6) {
			g := actor.Grant{Resource: []actor.Resource{actor.Team, actor.Project, actor.Agent}[rng.IntN(3)], ID: 1 + rng.Int64N(2), Role: actor.Role(1 + rng.IntN(2))}
			if g.Resource == actor.Agent {
				g.ID = a.ID
			}
			h.people.grant(1+rng.Int64N(4), g)
		}
		path := fmt.Sprintf("/api/agent/%d", a.ID)
		listed := map[int64]string{} // role by user
		var holders []struct {
			User struct{ ID int64 }
			Role string
		}
		h.As("root").Do("GET", path+"/user", nil).Want(200).Data(&holders)
		for _, r := range holders {
			listed[r.User.ID] = r.Role
		}
		// The first edit describes it, and the others find it as it is.
		edited := []event.Event{agents.AgentUpdated{
			AgentID: a.ID, OrganizationID: 1, ProjectID: a.ProjectID, FromProjectID: a.ProjectID, Access: a.Access, Status: a.Status, AgentName: a.AgentName,
		}}
		var deleters []string // who may delete it tries last
		for i, who := range names {
			id := int64(i + 1)
			acting, active := h.people.actors()[who], len(h.people.where(func(u users.User) bool { return u.ID == id && u.IsActive })) > 0
			var d decision
			h.As("root").Do("GET", fmt.Sprintf("%s/user?user_id=%d", path, id), nil).Want(200).Data(&d)
			expect := func(action string) int {
				switch {
				case !active:
					return http.StatusUnauthorized
				case !d.Allowed["view"]:
					return http.StatusNotFound
				case !d.Allowed[action]:
					return http.StatusForbidden
				}
				return http.StatusOK
			}
			for _, c := range []struct {
				action, method, path string
				body                 any
			}{
				{"view", "GET", "", nil}, {"view", "GET", "/access", nil}, {"view", "GET", "/review", nil}, {"view", "GET", fmt.Sprintf("/user?user_id=%d", id), nil},
				{"edit", "PUT", "", `{"description":"d"}`}, {"manage", "PUT", "/access", map[string]string{"access": a.Access}}, {"manage", "GET", "/user", nil},
			} {
				want, client := expect(c.action), h.As(who)
				if c.action == "edit" && want == http.StatusOK {
					client, edited = client.Expecting(edited...), nil
				}
				if got := client.Do(c.method, path+c.path, c.body).Status; got != want {
					t.Fatalf("%s %s%s of %+v by %s: %d, want %d: %+v", c.method, path, c.path, a, who, got, want, d)
				}
			}
			if active { // who is not, reaches no catalog
				_, err := h.service.Run(t.Context(), acting, a.ID)
				want := map[int]apperr.Kind{http.StatusNotFound: apperr.NotFound, http.StatusForbidden: apperr.Forbidden}[expect("run")]
				if (err == nil) != (want == 0) || (err != nil && apperr.KindOf(err) != want) {
					t.Fatalf("%s runs %+v: %v, %+v", who, a, err, d)
				}
			}
			// The list leaves out whom nothing but the level lets in.
			role := d.Role
			if role != "" && d.Because[0].Rule == "public" {
				role = ""
			}
			if listed[id] != role {
				t.Fatalf("%s among the users of %+v: %q, %+v", who, a, listed[id], d)
			}
			if want := expect("delete"); want == http.StatusOK {
				deleters = append(deleters, who)
			} else if got := h.As(who).Do("DELETE", path, nil).Status; got != want {
				t.Fatalf("%s deletes %+v: %d, want %d: %+v", who, a, got, want, d)
			}
		}
		for i, who := range deleters {
			want, client := http.StatusNotFound, h.As(who)
			if i == 0 {
				gone := agents.AgentDeleted{AgentID: a.ID, OrganizationID: 1, ProjectID: a.ProjectID, DeletedBy: h.people.actors()[who].UserID}
				want, client = http.StatusOK, client.Expecting(gone)
			}
			if got := client.Do("DELETE", path, nil).Status; got != want {
				t.Fatalf("%s deletes %+v: %d", who, a, got)
			}
		}
	}
}
