package memory

import (
	"cmp"
	"context"
	"maps"
	"slices"

	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
)

// Table is one table of a DB, keyed by an identity that is never used again.
// Values are copied deeply on the way in and out.
type Table[V any] struct {
	db      *DB
	rows    map[int64]V
	next    int64
	id      func(*V) *int64
	clone   func(V) V
	unique  []func(V) string
	missing error
	taken   error
}

// Spec says of a table where its ids are, what is unique, and its errors.
type Spec[V any] struct {
	ID func(*V) *int64
	// Unique are the unique indexes: no two values may have the same
	// non-empty key under one of them.
	Unique  []func(V) string
	Missing error // answers Get and Update that find nothing
	Taken   error // answers a unique index that refuses a value
}

// NewTable returns an empty table of db.
func NewTable[V any](db *DB, s Spec[V]) *Table[V] {
	return &Table[V]{db: db, rows: map[int64]V{}, id: s.ID, clone: copier[V](), unique: s.Unique, missing: s.Missing, taken: s.Taken}
}

// Get answers the matching value with the lowest id.
func (t *Table[V]) Get(ctx context.Context, match func(V) bool) (V, error) {
	var out V
	err := t.db.read(ctx, func() error {
		for _, id := range t.ids() {
			if match(t.rows[id]) {
				out = t.clone(t.rows[id])
				return nil
			}
		}
		return t.missing
	})
	return out, err
}

// List answers the values that match, by id.
func (t *Table[V]) List(ctx context.Context, match func(V) bool) ([]V, error) {
	out := []V{}
	err := t.db.read(ctx, func() error {
		for _, id := range t.ids() {
			if match(t.rows[id]) {
				out = append(out, t.clone(t.rows[id]))
			}
		}
		return nil
	})
	return out, err
}

// Page answers one part of the list that match selects, sorted by key.
func (t *Table[V]) Page(ctx context.Context, req page.Request, desc bool, key func(V) page.Key, match func(V) bool) (page.Of[V], error) {
	all, err := t.List(ctx, match)
	if err != nil {
		return page.Of[V]{}, err
	}
	return Page(all, req, desc, key)
}

// Page cuts one part out of all values, as package sqldb does in SQL.
func Page[V any](all []V, req page.Request, desc bool, key func(V) page.Key) (page.Of[V], error) {
	slices.SortStableFunc(all, func(a, b V) int {
		if desc {
			a, b = b, a
		}
		return key(a).Compare(key(b))
	})
	out, err := page.Cut(all, req, desc, key)
	out.Items = append([]V{}, out.Items...)
	return out, err
}

// Add stores a new value and answers it with its id.
func (t *Table[V]) Add(ctx context.Context, value V) (V, error) {
	err := t.db.write(ctx, func(tx *openTx) error {
		value = t.clone(value)
		if t.refuses(0, value) {
			return t.taken
		}
		t.next++
		id := t.next
		*t.id(&value) = id
		t.rows[id] = value
		tx.undo = append(tx.undo, func() { delete(t.rows, id) })
		return nil
	})
	return t.clone(value), err
}

// AddAll stores new values in order, all or none.
func (t *Table[V]) AddAll(ctx context.Context, values []V) ([]V, error) {
	out := make([]V, 0, len(values))
	err := t.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		for _, v := range values {
			added, err := t.Add(ctx, v)
			if err != nil {
				return err
			}
			out = append(out, added)
		}
		return nil
	})
	return out, err
}

// Update lets change alter the matching value with the lowest id.
func (t *Table[V]) Update(ctx context.Context, change func(*V) error, match func(V) bool) (V, error) {
	var out V
	err := t.db.write(ctx, func(tx *openTx) error {
		for _, id := range t.ids() {
			before := t.rows[id]
			if !match(before) {
				continue
			}
			value := t.clone(before)
			if err := change(&value); err != nil {
				return err
			}
			if t.refuses(id, value) {
				return t.taken
			}
			t.rows[id] = t.clone(value)
			tx.undo = append(tx.undo, func() { t.rows[id] = before })
			out = value
			return nil
		}
		return t.missing
	})
	return out, err
}

// Upsert lets change alter the matching value with the lowest id, or adds value
// where none matches, in one step as the statement in SQL is.
func (t *Table[V]) Upsert(ctx context.Context, value V, change func(*V) error, match func(V) bool) (V, error) {
	err := t.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		stands, err := t.Count(ctx, match)
		switch {
		case err != nil:
		case stands > 0:
			value, err = t.Update(ctx, change, match)
		default:
			value, err = t.Add(ctx, value)
		}
		return err
	})
	return value, err
}

// Delete removes what matches and answers it, by id.
func (t *Table[V]) Delete(ctx context.Context, match func(V) bool) ([]V, error) {
	out := []V{}
	err := t.db.write(ctx, func(tx *openTx) error {
		for _, id := range t.ids() {
			value := t.rows[id]
			if !match(value) {
				continue
			}
			delete(t.rows, id)
			tx.undo = append(tx.undo, func() { t.rows[id] = value })
			out = append(out, value)
		}
		return nil
	})
	return out, err
}

// Count counts the values that match.
func (t *Table[V]) Count(ctx context.Context, match func(V) bool) (int64, error) {
	all, err := t.List(ctx, match)
	return int64(len(all)), err
}

func (t *Table[V]) ids() []int64 {
	return slices.SortedFunc(maps.Keys(t.rows), cmp.Compare)
}

func (t *Table[V]) refuses(id int64, value V) bool {
	for _, key := range t.unique {
		k := key(value)
		if k == "" {
			continue
		}
		for other, v := range t.rows {
			if other != id && key(v) == k {
				return true
			}
		}
	}
	return false
}
