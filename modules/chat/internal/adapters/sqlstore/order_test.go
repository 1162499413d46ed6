package sqlstore_test

import (
	"context"
	"testing"
	"time"

	"parley/modules/chat/internal/adapters/sqlstore"
	"parley/modules/chat/internal/core"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// Of two processes that store questions to the same two threads, neither may
// hold the one and wait for the other.
func TestThreadsAreLockedInOneOrder(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	db := dbtest.Postgres(t, sqlstore.Migrations())
	store, unit := sqlstore.New(db), sqldb.NewUnit(db, nowhere{}, clock.System{})
	write := func(b core.Batch) core.Written {
		var out core.Written
		err := unit.Do(ctx, func(ctx context.Context, _ uow.Tx) (err error) {
			out, err = store.Write(ctx, b)
			return err
		})
		if err != nil {
			t.Error(err)
		}
		return out
	}
	now := time.Now()
	question := func(run string, thread core.Thread) core.Accept {
		return core.Accept{Thread: thread, Run: core.Run{RunID: run, OrganizationID: 1, AgentID: 3, UserID: 7, State: core.Queued, Owner: "process-a"}, Content: core.Content{Question: "Why?"}}
	}
	fresh := core.Thread{OrganizationID: 1, AgentID: 3, UserID: 7, Title: "What?"}
	made := write(core.Batch{Now: now, Accepts: []core.Accept{question("1", fresh), question("2", fresh)}}).Accepts
	if t.Failed() {
		return
	}
	other, err := db.DB.DB.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = other.Rollback() }()
	lock := "SELECT id FROM chat_threads WHERE id = $1 FOR UPDATE NOWAIT"
	if _, err := other.ExecContext(ctx, lock, made[0].Thread.ID); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		write(core.Batch{Now: now, Accepts: []core.Accept{question("3", made[1].Thread), question("4", made[0].Thread)}})
	}()
	for waits := false; !waits; {
		if err := db.NewRaw("SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() AND query LIKE '%chat_threads%')").Scan(ctx, &waits); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := other.ExecContext(ctx, lock, made[1].Thread.ID); err != nil {
		t.Error("it holds the one and waits for the other:", err)
	}
	if err := other.Rollback(); err != nil {
		t.Fatal(err)
	}
	<-done
}
