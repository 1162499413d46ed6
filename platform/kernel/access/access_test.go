package access_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
)

var levels = []access.Level{access.OnlyMe, access.OnlyTeam, access.Public}

// world is random teams, projects and agents of two organizations, and the
// team of each project.
func world(rng *rand.Rand) (resources []access.Resource, teamOf map[int64]int64) {
	teamOf = map[int64]int64{}
	org := map[int64]int64{}
	for id := range int64(5) {
		org[id+1] = 1 + rng.Int64N(2)
		resources = append(resources, access.Resource{Kind: actor.Team, ID: id + 1, OrganizationID: org[id+1], Deleted: rng.IntN(8) == 0})
	}
	projects := make([]access.Resource, 10)
	for i := range projects {
		p := access.Resource{Kind: actor.Project, ID: int64(i + 1), OrganizationID: 1 + rng.Int64N(2), Deleted: rng.IntN(8) == 0}
		if team := rng.Int64N(6); team > 0 {
			p.TeamID, p.OrganizationID = team, org[team]
			teamOf[p.ID] = team
		}
		projects[i] = p
	}
	resources = append(resources, projects...)
	for id := range int64(40) {
		p := projects[rng.IntN(len(projects))]
		resources = append(resources, access.Resource{
			Kind: actor.Agent, ID: id + 1, OrganizationID: p.OrganizationID, Deleted: rng.IntN(8) == 0, ProjectID: p.ID, TeamID: p.TeamID,
			OwnerID: 1 + rng.Int64N(4), Level: levels[rng.IntN(3)], Open: rng.IntN(3) > 0,
		})
	}
	return resources, teamOf
}

func somebody(rng *rand.Rand) actor.Actor {
	who := actor.Actor{UserID: 1 + rng.Int64N(5), OrganizationID: 1 + rng.Int64N(2), Level: actor.Level(rng.IntN(3))}
	for range rng.IntN(6) {
		who.Grants = append(who.Grants, actor.Grant{
			Resource: []actor.Resource{actor.Team, actor.Project, actor.Agent}[rng.IntN(3)], ID: 1 + rng.Int64N(12), Role: actor.Role(1 + rng.IntN(2)),
		})
	}
	return who
}

// contract is the rule in the words of the API's contract, not in those of
// the code.
func contract(who actor.Actor, r access.Resource) access.Allowed {
	if who.OrganizationID != r.OrganizationID || r.Deleted {
		return access.Allowed{}
	}
	onAgent, onProject, onTeam := actor.NoRole, actor.NoRole, actor.NoRole
	switch r.Kind {
	case actor.Team:
		onTeam = who.Holds(actor.Team, r.ID)
	case actor.Project:
		onTeam, onProject = who.Holds(actor.Team, r.TeamID), who.Holds(actor.Project, r.ID)
	case actor.Agent:
		onTeam, onProject, onAgent = who.Holds(actor.Team, r.TeamID), who.Holds(actor.Project, r.ProjectID), who.Holds(actor.Agent, r.ID)
	}
	inherited := max(onProject, onTeam)
	admin := who.Level == actor.GlobalAdmin || onAgent == actor.Admin || inherited == actor.Admin || (r.Kind == actor.Agent && r.OwnerID == who.UserID)
	sees := admin || onAgent == actor.Member || (inherited == actor.Member && (r.Kind != actor.Agent || r.Level != access.OnlyMe)) ||
		(r.Kind == actor.Agent && r.Level == access.Public)
	return access.Allowed{View: sees, Run: r.Kind == actor.Agent && (admin || (sees && r.Open)), Edit: admin, Manage: admin, Delete: admin}
}

func TestTheDecisionIsTheContractAndQueriesShowWhatItLetsOneView(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for range 150 {
		resources, teamOf := world(rng)
		for range 10 {
			who := somebody(rng)
			places := access.VisibleTo(who)
			agents := access.AgentsVisibleTo(who, teamOf)
			mine := map[int64]int64{} // the least that must be known
			for project, team := range teamOf {
				if who.Holds(actor.Team, team) > actor.NoRole {
					mine[project] = team
				}
			}
			if diff := cmp.Diff(agents, access.AgentsVisibleTo(who, mine)); diff != "" {
				t.Fatalf("%+v: other teams' projects change the condition: %s", who, diff)
			}
			for _, resource := range resources {
				got := access.Decide(who, resource)
				if want := contract(who, resource); got.Allowed != want {
					t.Fatalf("%+v on %+v: %+v, want %+v", who, resource, got, want)
				}
				if shown := places.Shows(resource) || agents.Shows(resource); shown != got.Allowed.View {
					t.Fatalf("%+v on %+v: shown %v, decided %+v", who, resource, shown, got)
				}
				if (len(got.Because) > 0) != got.Allowed.View || (got.Allowed.View && got.Because[0].Role != got.Role) {
					t.Fatalf("%+v on %+v: %+v is not the reason for %v", who, resource, got.Because, got.Role)
				}
				few := who
				few.Grants = nil
				for _, g := range who.Grants {
					if g.Resource == resource.Kind && g.ID == resource.ID || g.Resource == actor.Project && g.ID == resource.ProjectID || g.Resource == actor.Team && g.ID == resource.TeamID {
						few.Grants = append(few.Grants, g)
					}
				}
				if diff := cmp.Diff(got, access.Decide(few, resource)); diff != "" {
					t.Fatalf("%+v on %+v: grants elsewhere count: %s", who, resource, diff)
				}
			}
		}
	}
}

func TestWhoHoldsAGrantToViewOrNeedsNoneIsWhoMayView(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	by := map[string]int{}
	for range 150 {
		resources, _ := world(rng)
		for range 10 {
			who := somebody(rng)
			for _, resource := range resources {
				ground := ""
				for _, g := range access.GrantsToView(resource) {
					if who.Holds(g.Resource, g.ID) >= g.Role {
						ground = "a grant"
					}
				}
				switch {
				case who.OrganizationID != resource.OrganizationID || resource.Deleted:
					ground = ""
				case who.IsGlobalAdmin():
					ground = "a global admin"
				case resource.OwnerID == who.UserID:
					ground = "the owner"
				case resource.Level == access.Public:
					ground = "public"
				}
				if may := access.Decide(who, resource).Allowed.View; may != (ground != "") {
					t.Fatalf("%+v on %+v: may view %v, by %q", who, resource, may, ground)
				}
				by[ground]++
			}
		}
	}
	for _, ground := range []string{"", "a grant", "a global admin", "the owner", "public"} {
		if by[ground] < 100 {
			t.Errorf("%q was met only %d times", ground, by[ground])
		}
	}
	if grants := access.GrantsToView(access.Resource{Kind: actor.Team, ID: 1, OrganizationID: 1, Deleted: true}); grants != nil {
		t.Errorf("what was deleted is viewed by %v", grants)
	}
	if grants := access.GrantsToView(access.Resource{Kind: actor.Organization, ID: 1, OrganizationID: 1}); grants != nil {
		t.Errorf("an organization is viewed by %v alone", grants)
	}
}

func TestWhatOneAdministersIsWhatIsDecided(t *testing.T) {
	rnd := rand.New(rand.NewPCG(5, 5))
	id := func() int64 { return 1 + rnd.Int64N(3) }
	by := map[bool]int{}
	for range 500 {
		who := actor.Actor{UserID: 1, OrganizationID: 1, Level: actor.Level(rnd.IntN(3))} //nolint:gosec // below three
		for range rnd.IntN(3) {
			who.Grants = append(who.Grants, actor.Grant{
				Resource: []actor.Resource{actor.Team, actor.Project, actor.Agent}[rnd.IntN(3)], ID: id(), Role: actor.Member + actor.Role(rnd.IntN(2)), //nolint:gosec // below two
			})
		}
		a := access.AdministeredBy(who)
		something := false
		for team := range int64(4) { // 0: a project without one
			for project := range int64(3) {
				for agent := range int64(3) {
					for _, r := range []access.Resource{
						{Kind: actor.Team, ID: team}, {Kind: actor.Project, ID: project + 1, TeamID: team},
						{Kind: actor.Agent, ID: agent + 1, ProjectID: project + 1, TeamID: team, OwnerID: 2, Level: access.OnlyTeam},
					} {
						if r.ID == 0 {
							continue
						}
						r.OrganizationID = 1
						got := a.All || slices.Contains(a.Teams, team)
						if r.Kind != actor.Team {
							got = got || slices.Contains(a.Projects, project+1)
						}
						if r.Kind == actor.Agent {
							got = got || slices.Contains(a.Agents, agent+1)
						}
						if want := access.Decide(who, r).Role == actor.Admin; got != want {
							t.Fatalf("%+v on %+v: administers %v, decided %v", who, r, got, want)
						}
						something = something || got
						by[got]++
					}
				}
			}
		}
		if a.Nothing() == something || a.OrganizationID != 1 {
			t.Fatalf("%+v administers %+v, nothing: %v", who, a, a.Nothing())
		}
	}
	if by[true] < 1000 || by[false] < 1000 {
		t.Errorf("met %v", by)
	}
}

func TestReasonsNameTheGrantThatDecidesFirst(t *testing.T) {
	grant := func(r actor.Resource, id int64, role actor.Role) actor.Grant {
		return actor.Grant{Resource: r, ID: id, Role: role}
	}
	reason := func(rule access.Rule, r actor.Resource, id int64, role actor.Role) access.Reason {
		return access.Reason{Rule: rule, Resource: r, ResourceID: id, Role: role}
	}
	agent := access.Resource{Kind: actor.Agent, ID: 9, OrganizationID: 1, ProjectID: 5, TeamID: 3, OwnerID: 2, Level: access.Public, Open: true}
	private := agent
	private.Level = access.OnlyMe
	project := access.Resource{Kind: actor.Project, ID: 5, OrganizationID: 1, TeamID: 3}
	public := reason(access.PublicLevel, actor.Organization, 1, actor.Member)
	for name, c := range map[string]struct {
		who  actor.Actor
		on   access.Resource
		want []access.Reason
	}{
		"the owner":             {actor.Actor{UserID: 2}, agent, []access.Reason{reason(access.Owner, actor.Agent, 9, actor.Admin), public}},
		"a role on the agent":   {actor.Actor{UserID: 1, Grants: []actor.Grant{grant(actor.Agent, 9, actor.Member)}}, private, []access.Reason{reason(access.AgentRole, actor.Agent, 9, actor.Member)}},
		"members are kept out":  {actor.Actor{UserID: 1, Grants: []actor.Grant{grant(actor.Project, 5, actor.Member), grant(actor.Team, 3, actor.Member)}}, private, nil},
		"admins are not":        {actor.Actor{UserID: 1, Grants: []actor.Grant{grant(actor.Project, 5, actor.Member), grant(actor.Team, 3, actor.Admin)}}, private, []access.Reason{reason(access.TeamRole, actor.Team, 3, actor.Admin)}},
		"the nearest of equals": {actor.Actor{UserID: 1, Grants: []actor.Grant{grant(actor.Team, 3, actor.Member), grant(actor.Project, 5, actor.Member)}}, project, []access.Reason{reason(access.ProjectRole, actor.Project, 5, actor.Member), reason(access.TeamRole, actor.Team, 3, actor.Member)}},
		"but the highest first": {actor.Actor{UserID: 1, Grants: []actor.Grant{grant(actor.Team, 3, actor.Admin), grant(actor.Project, 5, actor.Member)}}, project, []access.Reason{reason(access.TeamRole, actor.Team, 3, actor.Admin), reason(access.ProjectRole, actor.Project, 5, actor.Member)}},
		"a global admin":        {actor.Actor{UserID: 1, Level: actor.GlobalAdmin}, private, []access.Reason{reason(access.GlobalAdmin, actor.Organization, 1, actor.Admin)}},
		"an application admin":  {actor.Actor{UserID: 1, Level: actor.ApplicationAdmin}, project, nil},
		"the organization":      {actor.Actor{UserID: 1, Level: actor.ApplicationAdmin}, access.Resource{Kind: actor.Organization, ID: 1, OrganizationID: 1}, []access.Reason{reason(access.ApplicationAdmin, actor.Organization, 1, actor.Member), reason(access.Belongs, actor.Organization, 1, actor.Member)}},
		"an organization":       {actor.Actor{UserID: 1}, access.Resource{Kind: actor.Organization, ID: 1, OrganizationID: 1}, []access.Reason{reason(access.Belongs, actor.Organization, 1, actor.Member)}},
	} {
		c.who.OrganizationID = 1
		if diff := cmp.Diff(c.want, access.Decide(c.who, c.on).Because); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
	if d := access.Decide(actor.Actor{}, access.Resource{Kind: actor.Organization}); d.Allowed != (access.Allowed{}) {
		t.Errorf("nobody: %+v", d)
	}
}

func TestAnOrganizationIsSeenByAllAndChangedByGlobalAdminsAndItsRolesAreManagedByAdmins(t *testing.T) {
	org := access.Resource{Kind: actor.Organization, ID: 1, OrganizationID: 1}
	for level, want := range map[actor.Level]access.Allowed{
		actor.User: {View: true}, actor.ApplicationAdmin: {View: true, Manage: true}, actor.GlobalAdmin: {View: true, Edit: true, Manage: true},
	} {
		if got := access.Decide(actor.Actor{UserID: 1, OrganizationID: 1, Level: level}, org).Allowed; got != want {
			t.Errorf("%s: %+v, want %+v", level, got, want)
		}
	}
}

func TestACheckTellsTheUnknownFromTheForbidden(t *testing.T) {
	missing, refused := errors.New("missing"), errors.New("refused")
	member := access.Decision{Allowed: access.Allowed{View: true, Run: true}}
	for _, c := range []struct {
		d    access.Decision
		do   access.Action
		want error
	}{
		{access.Decision{}, access.View, missing}, {access.Decision{}, access.Edit, missing},
		{member, access.View, nil}, {member, access.Run, nil}, {member, access.Edit, refused}, {member, access.Manage, refused}, {member, access.Delete, refused}, {member, "fly", refused},
	} {
		if got := c.d.Check(c.do, missing, refused); !errors.Is(got, c.want) {
			t.Errorf("%s: %v, want %v", c.do, got, c.want)
		}
	}
	if got := access.Actions(); len(got) != 5 || got[0] != access.View {
		t.Errorf("actions %v", got)
	}
}

func TestLevelsAreOrdered(t *testing.T) {
	for i, wide := range []access.Level{access.Public, access.OnlyTeam, access.OnlyMe} {
		for j, other := range []access.Level{access.Public, access.OnlyTeam, access.OnlyMe} {
			if got := wide.NarrowerThan(other); got != (i > j) {
				t.Errorf("%s narrower than %s: %v", wide, other, got)
			}
		}
	}
}
