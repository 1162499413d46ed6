package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sort"
	"sync"

	"parley/modules/analytics/internal/core"
)

// Limits of what a process keeps of facts that are in no segment yet.
const (
	maxTail  = 10_000  // of an organization
	maxTails = 100_000 // of all
)

// tails keeps, for each organization, the facts after the horizon: nearly every
// question is also about the quarter of an hour that is not over.
//
// Facts are only ever added, and of two snapshots one has all that the other has.
// So as many facts are the same facts.
type tails struct {
	mu sync.Mutex
	of map[int64]tail
	n  int
}

// tail is the facts of the quarters from one on, in order of time.
type tail struct {
	from  int64
	last  int64 // no fact has a higher id
	facts []core.Fact
}

// since is the part of a tail from a later quarter on.
func (t tail) since(quarter int64) tail {
	at := sort.Search(len(t.facts), func(i int) bool { return t.facts[i].Quarter >= quarter })
	return tail{from: quarter, last: t.last, facts: t.facts[at:]}
}

func (k *tails) get(org int64) tail {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.of[org]
}

func (k *tails) put(org int64, t tail) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.n += len(t.facts) - len(k.of[org].facts); k.n > maxTails || k.of == nil {
		k.of, k.n = map[int64]tail{}, len(t.facts)
	}
	k.of[org] = t
}

// tail answers the facts after the horizon, unless there are too many.
func (v *view) tail(ctx context.Context) (tail, bool, error) {
	if v.private || v.Horizon == 0 {
		return tail{}, false, nil
	}
	known := v.s.tails.get(v.org)
	usable := known.from != 0 && known.from <= v.Horizon
	after := int64(0)
	if usable {
		known = known.since(v.Horizon)
		after = known.last
	}
	there, err := v.readTail(ctx, after)
	switch {
	case err != nil || there.n > maxTail:
		return tail{}, false, err
	case usable && len(known.facts) == there.n:
		return known, true, nil
	}
	t := tail{from: v.Horizon, last: there.last, facts: there.facts}
	if usable && len(known.facts) < there.n {
		t.facts = append(slices.Clip(known.facts), t.facts...)
	}
	// A fact with a lower id may have been committed later.
	if len(t.facts) != there.n {
		all, err := v.readTail(ctx, 0)
		if err != nil {
			return tail{}, false, err
		}
		t.facts = all.facts
	}
	byTime := func(a, b core.Fact) int { return cmp.Compare(a.OccurredOn.UnixMicro(), b.OccurredOn.UnixMicro()) }
	if !slices.IsSortedFunc(t.facts, byTime) { // what is new is nearly always later
		slices.SortStableFunc(t.facts, byTime)
	}
	if !usable || len(known.facts) < there.n {
		v.s.tails.put(v.org, t)
	}
	return t, true, nil
}

// unsealed is what a statement answers of the facts after the horizon.
type unsealed struct {
	n     int   // maxTail + 1 for more
	last  int64 // no fact has a higher id
	facts []core.Fact
}

// readTail counts the facts after the horizon, and reads those with a higher id
// than one, unless there are too many. It is one statement.
func (v *view) readTail(ctx context.Context, id int64) (out unsealed, err error) {
	ids := v.s.db.On(ctx).NewSelect().Column("id").Table("analytics_facts").Where("organization_id = ? AND quarter >= ?", v.org, v.Horizon).Limit(maxTail + 1)
	all := v.s.db.On(ctx).NewSelect().ColumnExpr("count(*) AS n, coalesce(max(id), 0) AS last").TableExpr("(?) AS t", ids)
	q := v.s.db.On(ctx).NewSelect().TableExpr("(?) AS t", all).ColumnExpr("t.n, t.last, f.id, "+factColumns).
		Join("LEFT JOIN analytics_facts AS f ON f.organization_id = ? AND f.quarter >= ? AND f.id > ? AND t.n <= ?", v.org, v.Horizon, id, maxTail)
	rows, err := q.Rows(ctx)
	if err != nil {
		return out, fmt.Errorf("reading what is not sealed: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for first := true; rows.Next(); first = false {
		f := core.Fact{OrganizationID: v.org}
		var is sql.NullInt64
		to := append([]any{&out.n, &out.last, &is}, destinations(&f)...)
		if first { // which is there without a fact, too
			none := slices.Concat(to[:3], anywhere(len(to)-3))
			if err := rows.Scan(none...); err != nil {
				return out, fmt.Errorf("counting what is not sealed: %w", err)
			}
			if !is.Valid {
				continue
			}
		}
		if err := rows.Scan(to...); err != nil {
			return out, fmt.Errorf("reading what is not sealed: %w", err)
		}
		f.OccurredOn = f.OccurredOn.UTC()
		out.facts = append(out.facts, f)
	}
	if err := rows.Err(); err != nil {
		return out, fmt.Errorf("reading what is not sealed: %w", err)
	}
	return out, nil
}

// anywhere takes values of any type, which nobody looks at.
func anywhere(n int) []any {
	out := make([]any, n)
	for i := range out {
		out[i] = new(any)
	}
	return out
}

// of is the facts of some quarters.
func (t tail) of(w stretch) []core.Fact {
	from := sort.Search(len(t.facts), func(i int) bool { return t.facts[i].Quarter >= w.first })
	until := sort.Search(len(t.facts), func(i int) bool { return t.facts[i].Quarter >= w.end })
	return t.facts[from:until]
}
