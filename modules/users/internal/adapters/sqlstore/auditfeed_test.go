package sqlstore_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/modules/users/internal/adapters/sqlstore"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// follower reads the feed as a program outside does.
type follower struct {
	t     *testing.T
	store *sqlstore.Store
	after int64
}

func (f *follower) read() []string {
	f.t.Helper()
	_, top, err := f.store.NumberAudit(f.t.Context(), 1_000)
	if err != nil {
		f.t.Fatal(err)
	}
	found, err := f.store.AuditFeed(f.t.Context(), 1, core.AuditFilter{}, f.after, top, 1_000)
	if err != nil {
		f.t.Fatal(err)
	}
	out := []string{}
	for _, e := range found {
		out = append(out, e.Action)
		f.after = e.Position
	}
	return out
}

func entryOf(action string) core.AuditEntry {
	return core.AuditEntry{OrganizationID: 1, UserID: 1, At: clock.System{}.Now(), Action: action, Outcome: "done", Status: 200, Count: 1}
}

// Two open transactions that commit in the other order of their ids: the first
// is read when it is there, although a later one was read before.
func TestAFollowerOfTheAuditLogMissesNoLateCommit(t *testing.T) {
	db := dbtest.Postgres(t, sqlstore.Migrations())
	store := sqlstore.New(db)
	f := &follower{t: t, store: store}
	begin := func(action string) (commit func()) {
		written, end, done := make(chan struct{}), make(chan struct{}), make(chan error)
		go func() {
			done <- db.Within(context.WithoutCancel(t.Context()), func(ctx context.Context) error {
				if _, err := store.AddRefusals(ctx, []core.AuditEntry{entryOf(action)}); err != nil {
					return err
				}
				close(written)
				<-end
				return nil
			})
		}()
		<-written
		return func() {
			close(end)
			if err := <-done; err != nil {
				t.Fatal(err)
			}
		}
	}
	first, second := begin("first"), begin("second")
	want := func(actions ...string) {
		t.Helper()
		if diff := cmp.Diff(append([]string{}, actions...), f.read()); diff != "" {
			t.Error(diff)
		}
	}
	want()
	second()
	want("second")
	if err := store.AddAudit(t.Context(), entryOf("third")); err != nil {
		t.Fatal(err)
	}
	want("third")
	first()
	want("first")
	want()
}

// Many writers and many followers at once: each follower sees every entry once.
func TestEachOfManyFollowersSeesEachEntryOnce(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		db, _ := open(t)
		store := sqlstore.New(db)
		const writers, each = 4, 25
		outcomes := atOnce(writers+2, func(i int) error {
			if i < writers {
				for n := range each {
					if err := store.AddAudit(t.Context(), entryOf(fmt.Sprint(i, "/", n))); err != nil {
						return err
					}
				}
				return nil
			}
			f := &follower{t: t, store: store}
			seen := map[string]bool{}
			for len(seen) < writers*each {
				for _, action := range f.read() {
					if seen[action] {
						return fmt.Errorf("%s came twice", action)
					}
					seen[action] = true
				}
			}
			return nil
		})
		for _, err := range outcomes {
			if err != nil {
				t.Error(err)
			}
		}
	})
}
