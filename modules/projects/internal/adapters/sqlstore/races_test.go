package sqlstore_test

import (
	"context"
	"errors"
	"sync"
	"testing"

	"parley/modules/projects"
	"parley/modules/projects/internal/adapters/sqlstore"
	"parley/modules/projects/internal/core"
	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// granted is a users.Permissions that keeps nothing.
type granted struct{ users.Permissions }

func (granted) Grant(context.Context, actor.Actor, actor.Resource, int64, []int64, actor.Role) ([]users.Permission, error) {
	return nil, nil
}

func (granted) Revoke(context.Context, actor.Actor, actor.Resource, int64, []int64) ([]users.Permission, error) {
	return nil, nil
}

func (granted) On(context.Context, int64, actor.Resource, []int64, []int64) ([]users.Permission, error) {
	return nil, nil
}

func (granted) Drop(context.Context, int64, actor.Resource, []int64) error { return nil }

// TestWhatHappensAtOnce runs use cases against each other on real databases.
func TestWhatHappensAtOnce(t *testing.T) {
	who := actor.Actor{UserID: 1, OrganizationID: 1, Email: "admin@x", Level: actor.GlobalAdmin}
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		service := func(t *testing.T) *core.Service {
			db, unit := open(t)
			return core.New(core.Deps{Unit: unit, Store: sqlstore.New(db), Directory: &directory{}, Permissions: granted{}, Clock: clock.System{}})
		}
		t.Run("a team is deleted while a project comes to it", func(t *testing.T) {
			s, ctx := service(t), t.Context()
			for range 20 {
				team, err := s.CreateTeam(ctx, who, "Team", "")
				if err != nil {
					t.Fatal(err)
				}
				loose, err := s.CreateProject(ctx, who, "Loose", "", nil)
				if err != nil {
					t.Fatal(err)
				}
				to := &team.ID
				var wg sync.WaitGroup
				var gone, created, moved error
				wg.Go(func() { _, gone = s.DeleteTeam(ctx, who, team.ID) })
				wg.Go(func() { _, created = s.CreateProject(ctx, who, "New", "", to) })
				wg.Go(func() { _, moved = s.UpdateProject(ctx, who, loose.ID, core.Change{Team: &to}) })
				wg.Wait()
				came := created == nil || moved == nil
				if came == (gone == nil) || (gone != nil && !errors.Is(gone, core.ErrTeamInUse)) ||
					(created != nil && !errors.Is(created, core.ErrTeamNotFound)) || (moved != nil && !errors.Is(moved, core.ErrTeamNotFound)) {
					t.Fatalf("deleting: %v, creating: %v, moving: %v", gone, created, moved)
				}
			}
		})
		t.Run("a hundred projects become recent", func(t *testing.T) {
			s, ctx := service(t), t.Context()
			var ids []int64
			for range 100 {
				p, err := s.CreateProject(ctx, who, "Project", "", nil)
				if err != nil {
					t.Fatal(err)
				}
				ids = append(ids, p.ID)
			}
			var wg sync.WaitGroup
			for _, id := range ids {
				wg.Go(func() {
					if _, err := s.AddRecent(ctx, who, id); err != nil {
						t.Error(err)
					}
				})
			}
			wg.Wait()
			recent, err := s.Recents(ctx, who, page.Request{})
			if err != nil || len(recent.Items) != 20 || recent.Count != 20 {
				t.Errorf("%d are kept, %v", len(recent.Items), err)
			}
		})
	})
}

// meanwhile is a store that does something once a project was read, which is
// while a use case decides.
type meanwhile struct {
	core.Store
	do func()
}

func (m *meanwhile) Project(ctx context.Context, v core.Visible, id int64) (projects.Project, error) {
	p, err := m.Store.Project(ctx, v, id)
	if do := m.do; do != nil {
		m.do = nil
		do()
	}
	return p, err
}

// TestAProjectThatMovesMeanwhileIsDecidedAboutAgain lets a global admin take
// the project out of the team between the decision and the unit.
func TestAProjectThatMovesMeanwhileIsDecidedAboutAgain(t *testing.T) {
	root := actor.Actor{UserID: 1, OrganizationID: 1, Email: "root@x", Level: actor.GlobalAdmin}
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		db, unit := open(t)
		store := &meanwhile{Store: sqlstore.New(db)}
		s, ctx := core.New(core.Deps{Unit: unit, Store: store, Permissions: granted{}, Clock: clock.System{}}), t.Context()
		name, nowhere := "Other", (*int64)(nil)
		for what, do := range map[string]func(who actor.Actor, id int64) error{
			"a change": func(who actor.Actor, id int64) error {
				_, err := s.UpdateProject(ctx, who, id, core.Change{Name: &name})
				return err
			},
			"a deletion": func(who actor.Actor, id int64) error { _, _, err := s.DeleteProject(ctx, who, id); return err },
			"new members": func(who actor.Actor, id int64) error {
				_, err := s.AddToProject(ctx, who, id, []int64{3}, actor.Member)
				return err
			},
			"fewer members": func(who actor.Actor, id int64) error {
				_, err := s.RemoveFromProject(ctx, who, id, []int64{3})
				return err
			},
		} {
			team, err := s.CreateTeam(ctx, root, "Team", "")
			if err != nil {
				t.Fatal(err)
			}
			p, err := s.CreateProject(ctx, root, "Project", "", &team.ID)
			if err != nil {
				t.Fatal(err)
			}
			who := actor.Actor{UserID: 2, OrganizationID: 1, Email: "ann@x", Grants: []actor.Grant{{Resource: actor.Team, ID: team.ID, Role: actor.Admin}}}
			store.do = func() {
				if _, err := s.UpdateProject(ctx, root, p.ID, core.Change{Team: &nowhere}); err != nil {
					t.Error(err)
				}
			}
			if err := do(who, p.ID); !errors.Is(err, core.ErrNotFound) {
				t.Errorf("%s by who administers only the team that it left: %v", what, err)
			}
			if is, err := s.Project(ctx, root, p.ID); err != nil || is.Name != "Project" || is.TeamID != nil {
				t.Errorf("%s: %+v, %v", what, is, err)
			}
		}
	})
}
