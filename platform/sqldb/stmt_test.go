package sqldb_test

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"parley/platform/sqldb"
)

func TestWhoGivesUpWaitsNoLongerForAConnection(t *testing.T) {
	db, err := sqldb.Open(t.Context(), sqldb.Config{File: filepath.Join(t.TempDir(), "parley.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	one, n := db.Stmt("SELECT 1"), 0
	if err := one.Row(t.Context(), []any{&n}); err != nil {
		t.Fatal(err)
	}
	answered := make(chan error, 1)
	for range db.Reader().Stats().MaxOpenConnections {
		conn, err := db.Reader().Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
	}
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() { answered <- one.Row(ctx, []any{&n}) }()
	for db.Reader().Stats().WaitCount == 0 {
		time.Sleep(time.Millisecond)
	}
	cancel(nil)
	select {
	case err := <-answered:
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("it waits on")
	}
}
