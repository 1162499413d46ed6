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
	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/memory"
)

// people stands in for users: who is there, and who has which role. It counts
// how often it is asked.
type people struct {
	users.Directory
	users.Permissions
	there   []users.User // ordered by id
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

// On implements users.Permissions.
func (p *people) On(_ context.Context, org int64, r actor.Resource, ids, only []int64) ([]users.Permission, error) {
	p.asked++
	return slices.DeleteFunc(slices.Clone(p.granted), func(g users.Permission) bool {
		return g.OrganizationID != org || g.ResourceType != r || !slices.Contains(ids, g.ResourceID) || (only != nil && !slices.Contains(only, g.UserID))
	}), p.err
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
	service := core.New(core.Parts{Unit: db, Store: store, Projects: placed, Directory: crowd, Permissions: crowd, Clock: at})
	ids := []int64{9, 8, 7, 6, 5, 4, 3, 2, 1, 4711}
	found, kept := 0, 0
	for range 400 {
		a, err := store.AddAgent(ctx, core.Agent{
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
		if crowd.asked > 4 { // beside the agent and its team
			t.Fatalf("asked %d times", crowd.asked)
		}
		found, kept = found+len(got), kept+len(crowd.there)-len(got)
	}
	if found < 300 || kept < 300 {
		t.Errorf("%d may and %d may not: the worlds prove little", found, kept)
	}
}

func TestAboutNobodyNothingIsAskedAndAFailureIsNoAnswer(t *testing.T) {
	ctx := context.Background()
	at := clock.NewFixed(time.Unix(0, 0))
	db := memory.New(at)
	store := memstore.New(db)
	broken := errors.New("the disk is on fire")
	crowd := &people{err: broken}
	service := core.New(core.Parts{Unit: db, Store: store, Projects: teams{}, Directory: crowd, Permissions: crowd, Clock: at})
	a, err := store.AddAgent(ctx, core.Agent{OrganizationID: 1, ProjectID: 1, UserID: 7, Access: core.Public, Status: core.Live, IsActive: true})
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
