package sqlstore_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"parley/modules/agents"
	"parley/modules/agents/internal/adapters/sqlstore"
	"parley/modules/agents/internal/core"
	"parley/modules/projects"
	"parley/modules/users"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// open is a projects.Catalog in which everybody administers everything.
type open struct{ nowhere }

func (open) ProjectAccess(context.Context, actor.Actor, int64) (projects.ProjectAccess, error) {
	return projects.ProjectAccess{Decision: access.Decision{Role: actor.Admin}}, nil
}

// directory knows one organization.
type directory struct{ users.Directory }

func (directory) Organization(_ context.Context, id int64) (users.Organization, error) {
	return users.Organization{ID: id, Domain: "x.example"}, nil
}

// free is a namespace in which every address is free.
type free struct{}

func (free) Claim(context.Context, string, string) error { return nil }

func (free) Release(context.Context, []string) error { return nil }

// ungranted is a users.Permissions in which nobody has a role.
type ungranted struct{ users.Permissions }

func (ungranted) Drop(context.Context, int64, actor.Resource, []int64) error { return nil }

// TestWhatHappensAtOnce runs use cases a hundred times at once on real databases.
func TestWhatHappensAtOnce(t *testing.T) {
	who := actor.Actor{UserID: 1, OrganizationID: 1, Email: "admin@x", Level: actor.GlobalAdmin}
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, fresh func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		db, unit := fresh(t)
		s, ctx := core.New(core.Deps{Unit: unit, Store: sqlstore.New(db), Projects: open{}, Directory: directory{}, Addresses: free{}, Clock: clock.System{}}), t.Context()
		name, project := "Guide", int64(1)
		var ids []int64
		for range 100 {
			a, err := s.CreateAgent(ctx, who, core.Settings{Name: &name, ProjectID: &project})
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, a.ID)
		}
		if err := s.Store.NoteQuestions(ctx, []core.Question{{OrganizationID: 1, UserID: 1, AgentID: ids[0]}}, 20); err != nil {
			t.Fatal(err)
		}
		worked := func(do func(i int) error) (n int) {
			var mu sync.Mutex
			var wg sync.WaitGroup
			for i := range 100 {
				wg.Go(func() {
					if do(i) == nil {
						mu.Lock()
						n++
						mu.Unlock()
					}
				})
			}
			wg.Wait()
			return n
		}
		for what, c := range map[string]struct {
			want int
			do   func(i int) error
		}{
			"ratings":                {100, func(int) error { _, err := s.ToggleRating(ctx, who, ids[0]); return err }},
			"recents of one agent":   {100, func(int) error { _, err := s.AddBookmark(ctx, who, core.Recent, ids[0]); return err }},
			"recents of many agents": {100, func(i int) error { _, err := s.AddBookmark(ctx, who, core.Recent, ids[i]); return err }},
			"reviews":                {1, func(int) error { _, err := s.CreateReview(ctx, who, ids[0], "Good."); return err }},
			"one agent's aliases": {1, func(i int) error {
				_, err := s.CreateAlias(ctx, who, ids[0], fmt.Sprintf("a%d@x.example", i))
				return err
			}},
			"equal aliases": {1, func(i int) error { _, err := s.CreateAlias(ctx, who, ids[1+i%99], "same@x.example"); return err }},
			"edits": {100, func(i int) error {
				prompt := fmt.Sprint(i)
				_, err := s.UpdateAgent(ctx, who, ids[2], core.Settings{PrefixPrompt: &prompt})
				return err
			}},
			"instructions": {50, func(i int) error { _, err := s.AddInstructions(ctx, who, ids[3], []string{fmt.Sprint(i)}); return err }},
			"connections": {100, func(i int) error {
				return unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
					if _, err := s.AgentVersions().Lock(ctx, 1, ids[4:6]); err != nil {
						return err
					}
					after := []agents.Connection{{CorpusID: int64(i) + 1}}
					return s.AgentVersions().Reconnect(ctx, tx, who, []agents.Reconnected{{AgentID: ids[4], After: after}, {AgentID: ids[5], After: after}})
				})
			}},
			"changes": {100, func(int) error { _, err := s.SetAccess(ctx, who, ids[1], core.Public); return err }},
		} {
			if got := worked(c.do); got != c.want {
				t.Errorf("%d of 100 %s worked, not %d", got, what, c.want)
			}
		}
		for id, want := range map[int64]int64{ids[1]: 1, ids[2]: 101, ids[3]: 51, ids[4]: 101, ids[5]: 101} {
			found, _, err := s.Versions(ctx, who, id, page.Request{Size: 200, ByCursor: true})
			if err != nil || int64(len(found.Items)) != want {
				t.Fatalf("agent %d has %d versions, not %d: %v", id, len(found.Items), want, err)
			}
			for i, v := range found.Items {
				if v.Version != want-int64(i) {
					t.Errorf("agent %d: version %d stands where %d should", id, v.Version, want-int64(i))
				}
			}
			if r, err := s.Run(ctx, who, id); err != nil || r.Version != want {
				t.Errorf("agent %d answers as of version %d, %v", id, r.Version, err)
			}
		}
		rated, err := s.Ratings(ctx, who, ids[0])
		if err != nil || rated.Count != 0 || rated.IsRated {
			t.Errorf("turned over a hundred times: %+v, %v", rated, err)
		}
		if recent, err := s.Bookmarks(ctx, who, core.Recent, page.Request{}); err != nil || recent.Count != 20 || len(recent.Items) != 20 {
			t.Errorf("%d recents are kept, %v", recent.Count, err)
		}
		if aliases, err := s.Aliases(ctx, who, page.Request{}); err != nil || len(aliases.Items) > 2 {
			t.Errorf("aliases %+v, %v", aliases.Items, err)
		}
	})
}

// meanwhile is an open projects.Catalog that does something when it is first
// asked, which is while a use case decides.
type meanwhile struct {
	open
	do func()
}

func (m *meanwhile) Teams(context.Context, int64, []int64) (map[int64]int64, error) {
	if do := m.do; do != nil {
		m.do = nil
		do()
	}
	return nil, nil
}

func TestAnAgentThatGoesMeanwhileGetsNoAlias(t *testing.T) {
	who := actor.Actor{UserID: 1, OrganizationID: 1, Email: "admin@x", Level: actor.GlobalAdmin}
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, fresh func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		db, unit := fresh(t)
		around := &meanwhile{}
		s, ctx := core.New(core.Deps{
			Unit: unit, Store: sqlstore.New(db), Projects: around, Directory: directory{}, Permissions: ungranted{}, Addresses: free{}, Clock: clock.System{},
		}), t.Context()
		name, project := "Guide", int64(1)
		a, err := s.CreateAgent(ctx, who, core.Settings{Name: &name, ProjectID: &project})
		if err != nil {
			t.Fatal(err)
		}
		around.do = func() {
			if _, err := s.DeleteAgent(ctx, who, a.ID); err != nil {
				t.Error(err)
			}
		}
		if _, err := s.CreateAlias(ctx, who, a.ID, ""); !errors.Is(err, core.ErrNotFound) {
			t.Errorf("an alias for it: %v", err)
		}
		if left, err := s.Store.Aliases(ctx, []int64{a.ID}); err != nil || len(left) > 0 {
			t.Errorf("left is %+v, %v", left, err)
		}
	})
}

// TestAnAgentThatMovesMeanwhileIsDecidedAboutAgain lets a global admin move
// the agent between the decision about it and the unit that changes it.
func TestAnAgentThatMovesMeanwhileIsDecidedAboutAgain(t *testing.T) {
	root := actor.Actor{UserID: 1, OrganizationID: 1, Email: "root@x", Level: actor.GlobalAdmin}
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, fresh func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		db, unit := fresh(t)
		around := &meanwhile{}
		s, ctx := core.New(core.Deps{
			Unit: unit, Store: sqlstore.New(db), Projects: around, Directory: directory{}, Permissions: ungranted{}, Addresses: free{}, Clock: clock.System{},
		}), t.Context()
		name, other, from, to := "Guide", "Other", int64(1), int64(2)
		try := func(t *testing.T, on actor.Grant, do func(who actor.Actor, id int64) error) (core.Agent, error) {
			t.Helper()
			made, err := s.CreateAgent(ctx, root, core.Settings{Name: &name, ProjectID: &from})
			if err != nil {
				t.Fatal(err)
			}
			if on.Resource == actor.Agent {
				on.ID = made.ID
			}
			who := actor.Actor{UserID: 2, OrganizationID: 1, Email: "ann@x", Grants: []actor.Grant{on}}
			around.do = func() {
				if _, err := s.UpdateAgent(ctx, root, made.ID, core.Settings{ProjectID: &to}); err != nil {
					t.Error(err)
				}
			}
			failed := do(who, made.ID)
			is, err := s.Store.Agent(ctx, core.Visible{OrganizationID: 1, All: true}, made.ID)
			if err != nil {
				t.Fatal(err)
			}
			return is, failed
		}
		for what, do := range map[string]func(who actor.Actor, id int64) error{
			"a change": func(who actor.Actor, id int64) error {
				_, err := s.UpdateAgent(ctx, who, id, core.Settings{Name: &other})
				return err
			},
			"an access level": func(who actor.Actor, id int64) error { _, err := s.SetAccess(ctx, who, id, core.Public); return err },
			"a deletion":      func(who actor.Actor, id int64) error { _, err := s.DeleteAgent(ctx, who, id); return err },
			"an alias":        func(who actor.Actor, id int64) error { _, err := s.CreateAlias(ctx, who, id, ""); return err },
			"another alias": func(who actor.Actor, id int64) error {
				_, err := s.UpdateAlias(ctx, who, id, "other@x.example")
				return err
			},
		} {
			is, err := try(t, actor.Grant{Resource: actor.Project, ID: from, Role: actor.Admin}, do)
			if !errors.Is(err, core.ErrNotFound) || is.ProjectID != to || is.AgentName != name || is.Access != core.OnlyMe {
				t.Errorf("%s by who administers only the project that it left: %v, %+v", what, err, is)
			}
		}
		is, err := try(t, actor.Grant{Resource: actor.Agent, Role: actor.Admin}, func(who actor.Actor, id int64) error {
			_, err := s.UpdateAgent(ctx, who, id, core.Settings{ProjectID: &from, Name: &other})
			return err
		})
		if err != nil || is.ProjectID != to || is.AgentName != other {
			t.Errorf("who sends the project that it was in moved it back: %v, %+v", err, is)
		}
	})
}
