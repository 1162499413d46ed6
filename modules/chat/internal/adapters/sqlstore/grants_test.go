package sqlstore_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"parley/modules/agents"
	"parley/modules/chat/internal/adapters/sqlstore"
	"parley/modules/chat/internal/core"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/page"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// ordinary are users of whom none is a global admin, as known from memory.
type ordinary struct{ anybody }

func (ordinary) Level(context.Context, int64, int64) (actor.Level, error) { return actor.User, nil }

func (ordinary) GlobalAdminIDs(context.Context, int64) ([]int64, error) { return []int64{1}, nil }

// visible are agents that everybody sees.
type visible struct{ anyAgent }

func (a visible) View(ctx context.Context, who actor.Actor, id int64) (agents.Runnable, error) {
	return a.Run(ctx, who, id)
}

// Who may read is one statement for the asker and for everybody who is no
// global admin, and one more for a global admin.
func TestWhatItCostsToDecideWhoMayRead(t *testing.T) {
	dbtest.Each(t, []migrate.Set{sqlstore.Migrations()}, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		now := clock.System{}.Now()
		s := core.New(core.Deps{
			Unit: sqldb.NewUnit(db, nowhere{}, clock.System{}), Store: sqlstore.New(db), Agents: visible{}, Askers: ordinary{}, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler),
		})
		jo := actor.Actor{UserID: 7, OrganizationID: 1}
		boss := actor.Actor{UserID: 1, OrganizationID: 1, Level: actor.GlobalAdmin}
		thread, err := s.CreateThread(ctx, jo, 3, "")
		if err != nil {
			t.Fatal(err)
		}
		own, err := s.CreateThread(ctx, boss, 3, "")
		if err != nil {
			t.Fatal(err)
		}
		cost := func(name string, who actor.Actor, id, want int64, found bool) {
			t.Helper()
			ctx, n := sqldb.CountQueries(ctx)
			err := s.Deciders().Ask(ctx, actor.Thread, who, id, access.View)
			if (err == nil) != found || n.Load() != want {
				t.Errorf("%s: %d statements, want %d: %v", name, n.Load(), want, err)
			}
		}
		cost("the user", jo, thread.ID, 1, true)
		cost("somebody else", actor.Actor{UserID: 8, OrganizationID: 1, Level: actor.ApplicationAdmin}, thread.ID, 1, false)
		cost("a global admin, of their own", boss, own.ID, 1, true)
		cost("a global admin without a grant", boss, thread.ID, 2, false)
		cost("a global admin, of what isn't there", boss, 999, 2, false)
		if _, err := s.CreateGrant(ctx, boss, core.NewGrant{UserID: &jo.UserID, Reason: "A complaint.", ExpiresOn: now.Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		cost("a global admin with a grant", boss, thread.ID, 2, true)

		for range 20 { // however many are listed
			if _, err := s.CreateThread(ctx, jo, 3, ""); err != nil {
				t.Fatal(err)
			}
		}
		list, n := sqldb.CountQueries(ctx)
		found, err := s.GrantedThreads(list, boss, 3, 1, "", page.Request{})
		if err != nil || len(found.Items) != 21 {
			t.Fatalf("%d are listed: %v", len(found.Items), err)
		}
		if n.Load() != 5 { // the grant, the list and its count, and both ends of the unit that tells of it
			t.Errorf("listing through a grant: %d statements", n.Load())
		}
	})
}
