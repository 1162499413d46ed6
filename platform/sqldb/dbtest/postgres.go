package dbtest

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"

	"parley/platform/sqldb/pgserver"
)

// private is the server of this test program, started once. It is kept here
// because a server that nobody keeps ends.
var private struct {
	once   sync.Once
	server *pgserver.Server
	err    error
}

func serverURL(t testing.TB) string {
	t.Helper()
	if u := os.Getenv("PARLEY_TEST_POSTGRES_URL"); u != "" {
		return u
	}
	private.once.Do(func() {
		// A power cut need not be survived, and every test has its connections.
		private.server, private.err = pgserver.Start(context.Background(), "fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=200")
	})
	if errors.Is(private.err, pgserver.ErrNoBinaries) {
		missing(t, "set PARLEY_TEST_POSTGRES_URL: "+private.err.Error())
	}
	if private.err != nil {
		t.Fatalf("starting PostgreSQL: %v", private.err)
	}
	return private.server.URL
}
