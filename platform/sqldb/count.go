package sqldb

import (
	"context"
	"strings"
	"sync/atomic"

	"github.com/uptrace/bun"
)

type counterKey struct{}

// CountQueries returns a context whose statements through bun are counted,
// and the counter. Tests use it to show that a list costs the same number of
// statements however long it is.
func CountQueries(ctx context.Context) (context.Context, *atomic.Int64) {
	n := new(atomic.Int64)
	return context.WithValue(ctx, counterKey{}, n), n
}

// Statements is how many this process has run, BEGIN and COMMIT included.
func (db *DB) Statements() int64 { return db.statements.Load() }

// Commits is how many this process has made: of transactions, and of
// statements that write outside of one.
func (db *DB) Commits() int64 { return db.commits.Load() }

// count counts statements that no hook sees, or takes back what it sees twice.
func (db *DB) count(ctx context.Context, more int64) {
	db.statements.Add(more)
	if n, ok := ctx.Value(counterKey{}).(*atomic.Int64); ok {
		n.Add(more)
	}
}

type countHook struct{ db *DB }

// BeforeQuery implements bun.QueryHook.
func (h countHook) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context {
	h.db.count(ctx, 1)
	return ctx
}

// AfterQuery implements bun.QueryHook.
func (h countHook) AfterQuery(ctx context.Context, e *bun.QueryEvent) {
	if e.Err == nil && commits(e.Query) && (e.Query == "COMMIT" || strings.HasSuffix(e.Query, andCommit) || !h.db.InTx(ctx)) {
		h.db.commits.Add(1)
		if h.db.checkpoints != nil {
			h.db.checkpoints.committed()
		}
	}
}

func commits(query string) bool {
	if strings.HasSuffix(query, andCommit) {
		return true
	}
	first, _, _ := strings.Cut(query, " ")
	switch first {
	case "COMMIT", "INSERT", "UPDATE", "DELETE":
		return true
	}
	return false
}
