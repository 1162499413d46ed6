package sqldb

import (
	"context"
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

type countHook struct{}

// BeforeQuery implements bun.QueryHook.
func (countHook) BeforeQuery(ctx context.Context, _ *bun.QueryEvent) context.Context {
	countStatements(ctx, 1)
	return ctx
}

func countStatements(ctx context.Context, more int64) {
	if n, ok := ctx.Value(counterKey{}).(*atomic.Int64); ok {
		n.Add(more)
	}
}

// AfterQuery implements bun.QueryHook.
func (countHook) AfterQuery(context.Context, *bun.QueryEvent) {}
