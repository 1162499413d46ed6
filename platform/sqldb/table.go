package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"parley/platform/kernel/page"
)

// Table stores values V as rows R of one table with an identity column "id".
// R is usually a struct that embeds bun.BaseModel (naming the table) and V.
type Table[V, R any] struct {
	db      *DB
	toRow   func(V) R
	toValue func(R) V
	missing error
	taken   error
}

// NewTable returns the table. missing answers a Get or Update that finds no
// row; taken answers a unique index that refuses one, and may be nil.
func NewTable[V, R any](db *DB, toRow func(V) R, toValue func(R) V, missing, taken error) Table[V, R] {
	return Table[V, R]{db: db, toRow: toRow, toValue: toValue, missing: missing, taken: taken}
}

// Get answers the one value that matches, or the table's missing error.
func (t Table[V, R]) Get(ctx context.Context, where ...Where) (V, error) {
	row := new(R)
	err := t.selectFrom(ctx, row, where).Limit(1).Scan(ctx)
	if err != nil {
		var zero V
		return zero, t.explain("reading", err)
	}
	return t.toValue(*row), nil
}

// List answers up to limit values that match, ordered by id when order is empty.
func (t Table[V, R]) List(ctx context.Context, limit int, order string, where ...Where) ([]V, error) {
	if order == "" {
		order = "id"
	}
	rows := []R{}
	if err := t.selectFrom(ctx, &rows, where).OrderExpr(order).Limit(int64(limit)).Scan(ctx); err != nil {
		return nil, t.explain("listing", err)
	}
	return t.values(rows), nil
}

// Page answers one part of the list: by cursor in one indexed statement, by
// number with a count in a second one.
func (t Table[V, R]) Page(ctx context.Context, req page.Request, order Order[V], where ...Where) (page.Of[V], error) {
	out := page.Of[V]{Count: -1, Request: req}
	rows := []R{}
	narrowed := where
	if req.Cursor != "" {
		var key page.Key
		if err := page.DecodeCursor(req.Cursor, &key); err != nil {
			return out, err
		}
		narrowed = append(append([]Where(nil), where...), order.after(key))
	}
	q := t.selectFrom(ctx, &rows, narrowed).Order(order.clauses()...).Limit(int64(req.Fetch())).Offset(int64(req.Offset()))
	if err := q.Scan(ctx); err != nil {
		return out, t.explain("listing", err)
	}
	out = page.Trim(t.values(rows), req, order.Key)
	if !req.Keyset() {
		count := order.Count
		if count == nil {
			count = func(ctx context.Context) (int64, error) { return t.Count(ctx, where...) }
		}
		var err error
		if out.Count, err = count(ctx); err != nil {
			return out, err
		}
	}
	return out, nil
}

// Count counts the values that match.
func (t Table[V, R]) Count(ctx context.Context, where ...Where) (int64, error) {
	n, err := t.selectFrom(ctx, new(R), where).Count(ctx)
	if err != nil {
		return 0, t.explain("counting", err)
	}
	return n, nil
}

// Add stores a new value and answers it with the id it was given.
func (t Table[V, R]) Add(ctx context.Context, value V) (V, error) {
	row, stored := t.toRow(value), new(R)
	// Into a row of its own: bun scans through the pointers of the one that is
	// there, and those are the caller's.
	if err := t.insert(ctx, &row).Returning("*").Scan(ctx, stored); err != nil {
		var zero V
		return zero, t.explain("adding", err)
	}
	return t.toValue(*stored), nil
}

// AddAll stores new values in one statement and answers them with their ids,
// in the order given. No values are no statement.
func (t Table[V, R]) AddAll(ctx context.Context, values []V) ([]V, error) {
	if len(values) == 0 {
		return nil, nil
	}
	rows := make([]R, len(values))
	for i, v := range values {
		rows[i] = t.toRow(v)
	}
	stored := []R{}
	if err := t.insert(ctx, &rows).Returning("*").Scan(ctx, &stored); err != nil {
		return nil, t.explain("adding", err)
	}
	return t.values(stored), nil
}

// Upsert stores a value, or when one stands under the same conflict columns
// changes its set columns, and answers what is stored. set are assignments in
// SQL, such as "role = EXCLUDED.role".
func (t Table[V, R]) Upsert(ctx context.Context, value V, conflict string, set ...string) (V, error) {
	row, stored := t.toRow(value), new(R)
	q := t.insert(ctx, &row).On("CONFLICT (" + conflict + ") DO UPDATE")
	for _, s := range set {
		q = q.Set(s)
	}
	if err := q.Returning("*").Scan(ctx, stored); err != nil {
		var zero V
		return zero, t.explain("storing", err)
	}
	return t.toValue(*stored), nil
}

// Update reads the one value that matches, lets change alter it, and writes
// it back, alone or within the unit of ctx; no other writer comes between.
func (t Table[V, R]) Update(ctx context.Context, change func(*V) error, where ...Where) (V, error) {
	var out V
	err := t.db.Within(ctx, func(ctx context.Context) error {
		row := new(R)
		q := t.selectFrom(ctx, row, where).Limit(1)
		if t.db.postgres {
			q = q.For("UPDATE")
		}
		if err := q.Scan(ctx); err != nil {
			return t.explain("reading", err)
		}
		value := t.toValue(*row)
		if err := change(&value); err != nil {
			return err
		}
		*row = t.toRow(value)
		stored := new(R)
		update := t.db.On(ctx).NewUpdate().Model(row).ExcludeColumn("id").Returning("*")
		if err := Apply(update, where...).Scan(ctx, stored); err != nil {
			return t.explain("changing", err)
		}
		out = t.toValue(*stored)
		return nil
	})
	return out, err
}

// Delete removes what matches and answers it, in no order.
func (t Table[V, R]) Delete(ctx context.Context, where ...Where) ([]V, error) {
	rows := []R{}
	q := Apply(t.db.On(ctx).NewDelete().Model(&rows), where...)
	if err := q.Returning("*").Scan(ctx); err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, t.explain("deleting", err)
	}
	return t.values(rows), nil
}

func (t Table[V, R]) selectFrom(ctx context.Context, model any, where []Where) *bun.SelectQuery {
	return Apply(t.db.On(ctx).NewSelect().Model(model), where...)
}

func (t Table[V, R]) insert(ctx context.Context, model any) *bun.InsertQuery {
	return t.db.On(ctx).NewInsert().Model(model).ExcludeColumn("id")
}

func (t Table[V, R]) values(rows []R) []V {
	values := make([]V, len(rows))
	for i, r := range rows {
		values[i] = t.toValue(r)
	}
	return values
}

func (t Table[V, R]) explain(doing string, err error) error {
	var r R
	switch {
	case errors.Is(err, sql.ErrNoRows) && t.missing != nil:
		return t.missing
	case IsUnique(err) && t.taken != nil:
		return t.taken
	}
	return fmt.Errorf("%s %T: %w", doing, r, err)
}
