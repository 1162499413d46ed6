package core_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/modules/agents/internal/adapters/memstore"
	"parley/modules/agents/internal/core"
	"parley/modules/agents/internal/core/coretest"
	"parley/modules/users"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/page"
	"parley/platform/memory"
)

// people stands in for users: who is there, and who has which role. It counts
// how often it is asked.
type people struct {
	users.Directory
	users.Roles
	of      users.UserFilter // that was asked for last
	there   []users.User     // ordered by id
	granted []users.Permission
	asked   int
	err     error
}

// Users implements users.Directory.
func (p *people) Users(_ context.Context, org int64, ids []int64) ([]users.User, error) {
	p.asked++
	return slices.DeleteFunc(slices.Clone(p.there), func(u users.User) bool {
		return u.OrganizationID != org || !slices.Contains(ids, u.ID)
	}), p.err
}

// ActorsOn implements users.Actors.
func (p *people) ActorsOn(_ context.Context, org int64, ids []int64, on ...users.On) (map[int64]actor.Actor, error) {
	p.asked++
	out := map[int64]actor.Actor{}
	for _, u := range p.there {
		if u.OrganizationID == org && u.IsActive && slices.Contains(ids, u.ID) {
			who := p.actor(u)
			who.Grants = slices.DeleteFunc(who.Grants, func(g actor.Grant) bool { return !slices.Contains(on, users.On{Resource: g.Resource, ID: g.ID}) })
			out[u.ID] = who
		}
	}
	return out, p.err
}

// PeoplePage implements users.Roles; it counts nobody out.
func (p *people) PeoplePage(_ context.Context, org int64, of users.UserFilter, request page.Request) (page.Of[users.User], error) {
	p.asked++
	p.of = of
	return page.Of[users.User]{Items: p.there, Count: 4711, NextCursor: "more", Request: request}, p.err
}

// actor is the user as their credentials make them.
func (p *people) actor(u users.User) actor.Actor {
	who := actor.Actor{UserID: u.ID, OrganizationID: u.OrganizationID, Level: u.Level()}
	for _, g := range p.granted {
		if role, ok := actor.ParseRole(g.Role); ok && g.UserID == u.ID {
			who.Grants = append(who.Grants, actor.Grant{Resource: g.ResourceType, ID: g.ResourceID, Role: role})
		}
	}
	return who
}

// TestRunnersAreThoseWhoseRunIsAccepted compares, over random agents, people
// and roles, who is said to run an agent with whose Run succeeds.
func TestRunnersAreThoseWhoseRunIsAccepted(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	ctx := context.Background()
	at := clock.NewFixed(time.Unix(0, 0))
	db := memory.New(at)
	store := memstore.New(db)
	placed := teams{of: map[int64]int64{1: 1, 2: 1, 3: 2}} // project 4 has none
	crowd := &people{}
	service := core.New(core.Deps{Unit: db, Store: store, Projects: placed, Actors: crowd, Directory: crowd, Clock: at})
	ids := []int64{9, 8, 7, 6, 5, 4, 3, 2, 1, 4711}
	found, kept := 0, 0
	for range 400 {
		a, err := coretest.AddAgent(ctx, store, core.Agent{
			OrganizationID: 1 + rng.Int64N(8)/7, ProjectID: 1 + rng.Int64N(4), UserID: 1 + rng.Int64N(9), IsDeleted: rng.IntN(10) == 0, IsActive: rng.IntN(10) > 0,
			AgentName: "Guide", Access: []string{core.OnlyMe, core.OnlyTeam, core.Public}[rng.IntN(3)], Status: []string{core.Live, core.Live, "Draft", "Paused"}[rng.IntN(4)],
		})
		if err != nil {
			t.Fatal(err)
		}
		crowd.there, crowd.granted = nil, nil
		for id := range int64(9) {
			u := users.User{ID: id + 1, OrganizationID: 1 + rng.Int64N(6)/5, IsActive: rng.IntN(5) > 0, IsStaff: rng.IntN(3) == 0, IsSuperuser: rng.IntN(8) == 0}
			for range rng.IntN(3) { // also of users who are deleted
				g := users.Permission{
					OrganizationID: u.OrganizationID, UserID: u.ID, ResourceType: []actor.Resource{actor.Team, actor.Project, actor.Agent}[rng.IntN(3)],
					ResourceID: 1 + rng.Int64N(4), Role: []string{"member", "admin"}[rng.IntN(2)],
				}
				if g.ResourceType == actor.Agent {
					g.ResourceID = a.ID - rng.Int64N(2)
				}
				crowd.granted = append(crowd.granted, g)
			}
			if rng.IntN(6) > 0 {
				crowd.there = append(crowd.there, u)
			}
		}
		var want []int64
		for _, u := range crowd.there {
			_, err := service.Run(ctx, crowd.actor(u), a.ID)
			if err != nil && !errors.Is(err, core.ErrNotFound) && !errors.Is(err, core.ErrNotLive) {
				t.Fatal(err)
			}
			// A suspended user acts on nothing, and here asks for an organization.
			if err == nil && u.IsActive && u.OrganizationID == 1 {
				want = append(want, u.ID)
			}
		}
		crowd.asked = 0
		got, err := service.Runners(ctx, 1, a.ID, ids)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Fatalf("%+v of %+v with %+v: %v %s", a, crowd.there, crowd.granted, err, diff)
		}
		if crowd.asked > 1 { // beside the agent and its team
			t.Fatalf("asked %d times", crowd.asked)
		}
		found, kept = found+len(got), kept+len(crowd.there)-len(got)
	}
	if found < 300 || kept < 300 {
		t.Errorf("%d may and %d may not: the worlds prove little", found, kept)
	}
}

// TestAPartOfTheHoldersIsThePartOfTheirCircle asks about an agent for people
// of whom one has lost their role since they were found.
func TestAPartOfTheHoldersIsThePartOfTheirCircle(t *testing.T) {
	ctx := context.Background()
	at := clock.NewFixed(time.Unix(0, 0))
	db := memory.New(at)
	store := memstore.New(db)
	crowd := &people{granted: []users.Permission{{OrganizationID: 1, UserID: 9, ResourceType: actor.Team, ResourceID: 3, Role: "admin"}}}
	for id := range int64(200) {
		crowd.there = append(crowd.there, users.User{ID: id + 7, OrganizationID: 1, IsActive: true})
	}
	service := core.New(core.Deps{Unit: db, Store: store, Projects: teams{of: map[int64]int64{2: 3}}, Actors: crowd, Directory: crowd, Roles: crowd, Clock: at})
	a, err := coretest.AddAgent(ctx, store, core.Agent{OrganizationID: 1, ProjectID: 2, UserID: 7, Access: core.OnlyMe, Status: core.Live, IsActive: true})
	if err != nil {
		t.Fatal(err)
	}
	who := actor.Actor{UserID: 7, OrganizationID: 1}
	found, err := service.Grantees(ctx, who, a.ID, page.Request{Size: 200})
	if err != nil || found.Count != 4711 || found.NextCursor != "more" || found.Request.Size != 200 || len(found.Items) != 200 {
		t.Fatalf("%d of %d, then %q: %v", len(found.Items), found.Count, found.NextCursor, err)
	}
	roles := []actor.Role{found.Items[0].Decision.Role, found.Items[1].Decision.Role, found.Items[2].Decision.Role}
	if diff := cmp.Diff([]actor.Role{actor.Admin, actor.NoRole, actor.Admin}, roles); diff != "" {
		t.Error(diff)
	}
	want := users.UserFilter{Users: []int64{7}, GlobalAdmins: true, Grants: []actor.Grant{
		{Resource: actor.Agent, ID: a.ID, Role: actor.Member}, {Resource: actor.Project, ID: 2, Role: actor.Admin}, {Resource: actor.Team, ID: 3, Role: actor.Admin},
	}}
	if diff := cmp.Diff(want, crowd.of); diff != "" || crowd.asked != 2 {
		t.Errorf("asked %d times: %s", crowd.asked, diff)
	}
	crowd.err = errors.New("the disk is on fire")
	if _, err := service.Grantees(ctx, who, a.ID, page.Request{}); !errors.Is(err, crowd.err) {
		t.Errorf("a failure: %v", err)
	}
}

func TestAboutNobodyNothingIsAskedAndAFailureIsNoAnswer(t *testing.T) {
	ctx := context.Background()
	at := clock.NewFixed(time.Unix(0, 0))
	db := memory.New(at)
	store := memstore.New(db)
	broken := errors.New("the disk is on fire")
	crowd := &people{err: broken}
	service := core.New(core.Deps{Unit: db, Store: store, Projects: teams{}, Actors: crowd, Directory: crowd, Clock: at})
	a, err := coretest.AddAgent(ctx, store, core.Agent{OrganizationID: 1, ProjectID: 1, UserID: 7, Access: core.Public, Status: core.Live, IsActive: true})
	if err != nil {
		t.Fatal(err)
	}
	if got, err := service.Runners(ctx, 1, a.ID, nil); len(got) > 0 || err != nil || crowd.asked > 0 {
		t.Errorf("nobody: %v, %v, asked %d times", got, err, crowd.asked)
	}
	if _, err := service.Runners(ctx, 1, a.ID, []int64{7}); !errors.Is(err, broken) {
		t.Errorf("a failure: %v", err)
	}
}

func TestASuspendedUserMayDoNothingForThatReason(t *testing.T) {
	ctx := context.Background()
	at := clock.NewFixed(time.Unix(0, 0))
	db := memory.New(at)
	store := memstore.New(db)
	crowd := &people{there: []users.User{{ID: 8, OrganizationID: 1}}, granted: []users.Permission{{OrganizationID: 1, UserID: 8, ResourceType: actor.Team, ResourceID: 3, Role: "admin"}}}
	service := core.New(core.Deps{Unit: db, Store: store, Projects: teams{of: map[int64]int64{2: 3}}, Actors: crowd, Directory: crowd, Roles: crowd, Clock: at})
	a, err := coretest.AddAgent(ctx, store, core.Agent{OrganizationID: 1, ProjectID: 2, UserID: 7, Access: core.Public, Status: core.Live, IsActive: true})
	if err != nil {
		t.Fatal(err)
	}
	got, err := service.DecisionOf(ctx, actor.Actor{UserID: 7, OrganizationID: 1}, a.ID, 8)
	want := access.Decision{Because: []access.Reason{{Rule: access.Suspended, Resource: actor.Organization, ResourceID: 1}}}
	if diff := cmp.Diff(want, got.Decision); diff != "" || err != nil {
		t.Errorf("%v %s", err, diff)
	}
}
