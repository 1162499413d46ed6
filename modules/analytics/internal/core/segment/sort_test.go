package segment

import (
	"cmp"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestRowsAreInOrderWhateverTheirIDs sorts rows whose keys fit into one number and
// others.
func TestRowsAreInOrderWhateverTheirIDs(t *testing.T) {
	for _, most := range []int64{1, 3, 1000, 1 << 30, 1 << 40, math.MaxInt64} {
		r := rand.New(rand.NewPCG(7, uint64(most)))
		id := func() int64 {
			n := r.Int64N(most)
			if most == math.MaxInt64 && r.IntN(3) == 0 {
				return -n
			}
			return n
		}
		type key struct{ cell, user int64 }
		want := map[key]int64{}
		s := &Segment{}
		asks := map[asked]bool{}
		for range 500 {
			p := pair{cell: id(), user: id(), Sums: Sums{Runs: r.Int64N(9)}}
			s.pairs = append(s.pairs, p)
			want[key{p.cell / 2, p.user}] += p.Runs
			a := asked{cell: id(), thread: id(), user: id()}
			s.asked = append(s.asked, a)
			asks[asked{a.cell / 2, a.thread, a.user}] = true
		}
		s.settle()
		s = s.by(func(cell int64) int64 { return cell / 2 })
		keys := slices.SortedFunc(maps.Keys(want), func(a, b key) int { return cmp.Or(cmp.Compare(a.cell, b.cell), cmp.Compare(a.user, b.user)) })
		if len(keys) != len(s.pairs) {
			t.Fatalf("up to %d: %d rows for %d keys", most, len(s.pairs), len(keys))
		}
		for i, k := range keys {
			if p := s.pairs[i]; p.cell != k.cell || p.user != k.user || p.Runs != want[k] {
				t.Fatalf("up to %d: row %d is %+v, want %+v with %d", most, i, p, k, want[k])
			}
		}
		rows := slices.SortedFunc(maps.Keys(asks), func(a, b asked) int {
			return cmp.Or(cmp.Compare(a.cell, b.cell), cmp.Compare(a.thread, b.thread), cmp.Compare(a.user, b.user))
		})
		if !slices.Equal(rows, s.asked) {
			t.Fatalf("up to %d: the threads are not in order", most)
		}
	}
}
