package sqlstore

import (
	"cmp"
	"context"
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
	var there struct{ N, Last int64 }
	ids := v.s.db.On(ctx).NewSelect().Column("id").Table("analytics_facts").Where("organization_id = ? AND quarter >= ?", v.org, v.Horizon).Limit(maxTail + 1)
	err := v.s.db.On(ctx).NewSelect().ColumnExpr("count(*) AS n, coalesce(max(id), 0) AS last").TableExpr("(?) AS t", ids).Scan(ctx, &there)
	if err != nil {
		return tail{}, false, fmt.Errorf("counting what is not sealed: %w", err)
	}
	if there.N > maxTail {
		return tail{}, false, nil
	}
	known := v.s.tails.get(v.org)
	usable := known.from != 0 && known.from <= v.Horizon
	if usable {
		if known = known.since(v.Horizon); int64(len(known.facts)) == there.N {
			return known, true, nil
		}
	}
	t := tail{from: v.Horizon, last: there.Last}
	if usable && int64(len(known.facts)) < there.N {
		if t.facts, err = v.after(ctx, known.last); err != nil {
			return tail{}, false, err
		}
		t.facts = append(slices.Clip(known.facts), t.facts...)
	}
	// A fact with a lower id may have been committed later.
	if int64(len(t.facts)) != there.N {
		if t.facts, err = v.after(ctx, 0); err != nil {
			return tail{}, false, err
		}
	}
	slices.SortStableFunc(t.facts, func(a, b core.Fact) int { return cmp.Compare(a.OccurredOn.UnixMicro(), b.OccurredOn.UnixMicro()) })
	if !usable || int64(len(known.facts)) < there.N {
		v.s.tails.put(v.org, t)
	}
	return t, true, nil
}

// after reads the facts after the horizon with a higher id.
func (v *view) after(ctx context.Context, id int64) ([]core.Fact, error) {
	q := v.s.db.On(ctx).NewSelect().ColumnExpr(factColumns).Table("analytics_facts").Where("organization_id = ? AND quarter >= ? AND id > ?", v.org, v.Horizon, id)
	return scanFacts(ctx, q, v.org)
}

// of is the facts of some quarters.
func (t tail) of(w stretch) []core.Fact {
	from := sort.Search(len(t.facts), func(i int) bool { return t.facts[i].Quarter >= w.first })
	until := sort.Search(len(t.facts), func(i int) bool { return t.facts[i].Quarter >= w.end })
	return t.facts[from:until]
}
