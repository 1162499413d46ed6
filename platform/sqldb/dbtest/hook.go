package dbtest

import (
	"context"

	"github.com/uptrace/bun"

	"parley/platform/sqldb"
)

// Hook calls before and after around each statement of db that goes through
// bun: BEGIN and COMMIT as well, and not those that are prepared. What before
// answers is handed to after. It is for the start of a process, before db is
// handed to anybody.
func Hook(db *sqldb.DB, before func(ctx context.Context, query string) any, after func(passed any)) {
	db.AddQueryHook(hook{before, after})
}

type hook struct {
	before func(ctx context.Context, query string) any
	after  func(passed any)
}

type passedKey struct{}

// BeforeQuery implements bun.QueryHook.
func (h hook) BeforeQuery(ctx context.Context, e *bun.QueryEvent) context.Context {
	if passed := h.before(ctx, e.Query); passed != nil {
		e.Stash = map[any]any{passedKey{}: passed}
	}
	return ctx
}

// AfterQuery implements bun.QueryHook.
func (h hook) AfterQuery(_ context.Context, e *bun.QueryEvent) {
	if passed, ok := e.Stash[passedKey{}]; ok {
		h.after(passed)
	}
}
