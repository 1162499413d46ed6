package sqlstore_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"parley/modules/chat/internal/adapters/sqlstore"
	"parley/modules/chat/internal/core"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// locking is a store of questions and runs, on PostgreSQL beside a transaction of
// another process.
type locking struct {
	ctx   context.Context
	t     *testing.T
	db    *sqldb.DB
	store *sqlstore.Store
	unit  *sqldb.Unit
	other *sql.Tx
	made  []core.Accepted // a question in each of two threads
}

func newLocking(ctx context.Context, t *testing.T) *locking {
	t.Helper()
	l := newAlone(ctx, t, dbtest.Postgres(t, sqlstore.Migrations()))
	var err error
	if l.other, err = l.db.DB.DB.BeginTx(ctx, nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.other.Rollback() })
	return l
}

// newAlone has no other transaction.
func newAlone(ctx context.Context, t *testing.T, db *sqldb.DB) *locking {
	t.Helper()
	l := &locking{ctx: ctx, t: t, db: db, store: sqlstore.New(db), unit: sqldb.NewUnit(db, nowhere{}, clock.System{})}
	fresh := core.Thread{OrganizationID: 1, AgentID: 3, UserID: 7, Title: "What?"}
	done, err := l.write(core.Batch{Now: time.Now(), Accepts: []core.Accept{asking("1", fresh), asking("2", fresh)}})
	if err != nil {
		t.Fatal(err)
	}
	l.made = done.Accepts
	return l
}

func asking(run string, thread core.Thread) core.Accept {
	return core.Accept{
		Thread: thread, Content: core.Content{Question: "Why?"},
		Run: core.Run{RunID: run, OrganizationID: 1, AgentID: 3, UserID: 7, State: core.Queued, Owner: "process-a"},
	}
}

func (l *locking) write(b core.Batch) (out core.Written, err error) {
	err = l.unit.Do(l.ctx, func(ctx context.Context, _ uow.Tx) (err error) {
		out, err = l.store.Write(ctx, b)
		return err
	})
	return out, err
}

func (l *locking) count(table string) (n int) {
	l.t.Helper()
	if err := l.db.NewRaw("SELECT count(*) FROM "+table).Scan(l.ctx, &n); err != nil {
		l.t.Fatal(err)
	}
	return n
}

// lock takes a row in the other transaction, or fails when somebody has it.
func (l *locking) lock(table string, id int64) error {
	_, err := l.other.ExecContext(l.ctx, "SELECT id FROM "+table+" WHERE id = $1 FOR UPDATE NOWAIT", id)
	return err
}

// crossed has the other transaction take the first thread, and a row when the
// batch waits for that thread.
func (l *locking) crossed(b core.Batch, table string, id int64) {
	l.t.Helper()
	if err := l.lock("chat_threads", l.made[0].Thread.ID); err != nil {
		l.t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() {
		_, err := l.write(b)
		done <- err
	}()
	for waits := false; !waits; {
		err := l.db.NewRaw("SELECT EXISTS (SELECT FROM pg_stat_activity AS a JOIN pg_locks AS l ON l.pid = a.pid WHERE a.wait_event_type = 'Lock' AND l.relation = 'chat_threads'::regclass)").Scan(l.ctx, &waits)
		if err != nil {
			l.t.Fatal(err)
		}
	}
	if err := l.lock(table, id); err != nil {
		l.t.Error("it holds what the other takes next, and waits for the other:", err)
	}
	if err := l.other.Rollback(); err != nil {
		l.t.Fatal(err)
	}
	if err := <-done; err != nil {
		l.t.Error(err)
	}
}

// Of two processes that store questions to the same two threads, neither may
// hold the one and wait for the other.
func TestThreadsAreLockedInOneOrder(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	l := newLocking(ctx, t)
	b := core.Batch{Now: time.Now(), Accepts: []core.Accept{asking("3", l.made[1].Thread), asking("4", l.made[0].Thread)}}
	l.crossed(b, "chat_threads", l.made[1].Thread.ID)
}

// Who deletes a thread locks it, and then its runs.
func TestThreadsAreLockedBeforeRunsThatComeAgain(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	l := newLocking(ctx, t)
	b := core.Batch{
		Now: time.Now(), Accepts: []core.Accept{asking("3", l.made[0].Thread)},
		Advances: []core.Advance{{Run: l.made[0].Run.ID, Owner: "process-a", Sequence: 1, Again: true}},
	}
	l.crossed(b, "chat_runs", l.made[0].Run.ID)
}

// A batch that expects no refusal changes the same rows in the same order.
func TestThreadsAreLockedInOneOrderWithoutAsking(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	l := newLocking(ctx, t)
	b := core.Batch{
		Now: time.Now(), Expecting: true, Accepts: []core.Accept{asking("3", l.made[1].Thread), asking("4", l.made[0].Thread)},
		Advances: []core.Advance{{Run: l.made[0].Run.ID, Owner: "process-a", Sequence: 1}},
	}
	if err := l.store.Stock(ctx, 2, b.Now); err != nil {
		t.Fatal(err)
	}
	l.crossed(b, "chat_threads", l.made[1].Thread.ID)
}
