package sqlstore_test

import (
	"context"
	"errors"
	"sync"
	"testing"

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

func (granted) Drop(context.Context, int64, actor.Resource, []int64) error { return nil }

// TestWhatHappensAtOnce runs use cases against each other on real databases.
func TestWhatHappensAtOnce(t *testing.T) {
	who := actor.Actor{UserID: 1, OrganizationID: 1, Email: "admin@x", Level: actor.GlobalAdmin}
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		service := func(t *testing.T) *core.Service {
			db, unit := open(t)
			return core.New(core.Parts{Unit: unit, Store: sqlstore.New(db), Permissions: granted{}, Clock: clock.System{}})
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
					if _, err := s.Recall(ctx, who, id); err != nil {
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
