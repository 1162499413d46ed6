package core

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/platform/kernel/clock"
)

// crowd is a queue of n runs of a few organizations with a few users each, one
// every millisecond from a time on. A run has its number as its name.
func crowd(r *rand.Rand, n int, from time.Time) (*queue, map[*turn]int) {
	q, numbers := &queue{}, map[*turn]int{}
	for i := range n {
		t := &turn{organization: r.Int64N(4), user: r.Int64N(9), since: from.Add(time.Duration(i) * time.Millisecond)}
		q.add(t)
		numbers[t] = i
	}
	return q, numbers
}

func TestTheNewestAreOfTheUserWithMostOfTheOrganizationWithMost(t *testing.T) {
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	q := &queue{}
	for i, of := range [][2]int64{{2, 1}, {2, 1}, {2, 1}, {1, 1}, {3, 7}, {3, 8}, {3, 8}, {1, 1}, {3, 7}, {3, 8}, {4, 1}} {
		at := from.Add(time.Duration(i-3) * time.Millisecond) // the first three came before
		q.add(&turn{organization: of[0], user: of[1], since: at})
	}
	var got [][2]int64
	for _, t := range q.newest(99, from) {
		got = append(got, [2]int64{t.organization, t.user})
	}
	// Organizations 1 and 3 keep their last one; none of 2 came late, and 4 has one.
	if diff := cmp.Diff([][2]int64{{3, 8}, {3, 7}, {3, 8}, {1, 1}, {3, 7}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheNewestAreThoseThatOneAfterTheOtherIsTheNewest(t *testing.T) {
	from := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // not for secrets
		size := 1 + r.IntN(40)
		n, late := r.IntN(size+3), from.Add(time.Duration(r.IntN(size+1))*time.Millisecond)
		q, numbers := crowd(rand.New(rand.NewPCG(seed, 2)), size, from) //nolint:gosec // not for secrets
		var got, want []int
		for _, t := range q.newest(n, late) {
			got = append(got, numbers[t])
		}
		for range n {
			one := q.newest(1, late)
			if len(one) == 0 {
				break
			}
			q.remove(one[0])
			want = append(want, numbers[one[0]])
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("of %d runs, %d of them: %s", size, n, diff)
		}
	}
}

// BenchmarkOnset is the moment in which an overload begins for as many users as
// an organization may have: all that are too many are turned away at once, and
// nobody else gets through the gate meanwhile.
func BenchmarkOnset(b *testing.B) {
	for b.Loop() {
		b.StopTimer()
		now := clock.NewFixed(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
		g := newGate(32, now)
		g.working = 32
		for i := range 2560 {
			if i == 40 {
				now.Advance(2 * onset)
			}
			g.wait(1, int64(i))
		}
		now.Advance(standing)
		b.StartTimer()
		g.wait(1, 2560)
		if g.length > 64 {
			b.Fatal(g.length)
		}
	}
}
