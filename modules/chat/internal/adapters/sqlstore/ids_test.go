package sqlstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"parley/modules/chat/internal/adapters/sqlstore"
	"parley/modules/chat/internal/core"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

func TestManyQuestionsOfOneCommitHaveIDsInTheirOrder(t *testing.T) {
	dbtest.Each(t, []migrate.Set{sqlstore.Migrations()}, func(t *testing.T, db *sqldb.DB) {
		store, unit := sqlstore.New(db), sqldb.NewUnit(db, nowhere{}, clock.System{})
		var last core.Accepted
		for _, n := range []int{1, 2_100, 3} {
			b := core.Batch{Now: time.Now()}
			for i := range n {
				b.Accepts = append(b.Accepts, asking(fmt.Sprint(n, "/", i), core.Thread{OrganizationID: 1, AgentID: 3, UserID: 7, Title: "What?"}))
			}
			var done core.Written
			err := unit.Do(t.Context(), func(ctx context.Context, _ uow.Tx) (err error) {
				done, err = store.Write(ctx, b)
				return err
			})
			if err != nil || len(done.Accepts) != n {
				t.Fatalf("%d of %d questions: %v", len(done.Accepts), n, err)
			}
			for _, a := range done.Accepts {
				if a.Err != nil || a.Run.ID <= last.Run.ID || a.Thread.ID <= last.Thread.ID {
					t.Fatalf("run %d in thread %d is behind run %d in thread %d: %v", a.Run.ID, a.Thread.ID, last.Run.ID, last.Thread.ID, a.Err)
				}
				last = a
			}
		}
	})
}

func TestTakingIDsIsNotPlannedEachTime(t *testing.T) {
	l := newLocking(t.Context(), t)
	if err := l.other.Rollback(); err != nil {
		t.Fatal(err)
	}
	l.db.SetMaxOpenConns(1) // which then has all that is prepared
	for i := range 12 {
		if _, err := l.write(core.Batch{Now: time.Now(), Accepts: []core.Accept{asking(fmt.Sprint("next", i), core.Thread{OrganizationID: 1, AgentID: 3, UserID: 7})}}); err != nil {
			t.Fatal(err)
		}
	}
	var generic, planned int
	err := l.db.NewRaw("SELECT sum(generic_plans), sum(custom_plans) FROM pg_prepared_statements WHERE statement LIKE 'SELECT nextval%'").Scan(t.Context(), &generic, &planned)
	if err != nil || planned > 10 || generic < 1 { // on one connection, which may have been another before
		t.Errorf("%d times it went by a plan that is kept, and %d times it was planned: %v", generic, planned, err)
	}
}
