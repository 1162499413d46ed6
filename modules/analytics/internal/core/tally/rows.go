package tally

import (
	"sync"

	"parley/modules/analytics/internal/core/segment"
	"parley/modules/analytics/internal/core/sum"
	"parley/platform/kernel/money"
)

// rows are the rows of an answer in the making, in columns: a leaderboard has
// many, and nearly all the time goes into adding to some columns of theirs.
type rows struct {
	n           int
	period, key []int32

	runs, queries, prompt, completion []int64
	nano, pico, threadsBegun          []int64
	up, down, last                    []int64
	users, threads                    []int64
}

// spare is room for rows that Rows is done with. To make room for them again and
// again took as long as to add them up.
var spare = sync.Pool{New: func() any { return new(rows) }}

func (r *rows) columns() [12]*[]int64 {
	return [...]*[]int64{
		&r.runs, &r.queries, &r.prompt, &r.completion, &r.nano, &r.pico, &r.threadsBegun, &r.up, &r.down, &r.last, &r.users, &r.threads,
	}
}

// add appends a row.
func (r *rows) add(period, key int32) {
	if r.n == len(r.period) {
		size := max(64, 2*r.n)
		r.period, r.key = grown(r.period, size), grown(r.key, size)
		for _, c := range r.columns() {
			*c = grown(*c, size)
		}
	}
	r.period[r.n], r.key[r.n] = period, key
	r.n++
}

// grown has room for more, which is zero.
func grown[T any](column []T, size int) []T {
	out := make([]T, size)
	copy(out, column)
	return out
}

// reset makes room for another answer.
func (r *rows) reset() {
	for _, c := range r.columns() {
		clear((*c)[:r.n])
	}
	r.n = 0
}

// one adds sums to a row.
func (r *rows) one(slot int, v view, s *segment.Sums) {
	r.threadsBegun[slot] = sum.Add(r.threadsBegun[slot], s.NewThreads)
	if !v.all {
		return
	}
	r.runs[slot] = sum.Add(r.runs[slot], s.Runs)
	r.prompt[slot] = sum.Add(r.prompt[slot], s.Prompt)
	r.completion[slot] = sum.Add(r.completion[slot], s.Completion)
	cost := sum.Plus(money.Amount{Nano: r.nano[slot], Pico: r.pico[slot]}, money.Amount{Nano: s.Nano, Pico: s.Pico})
	r.nano[slot], r.pico[slot] = cost.Nano, cost.Pico
	r.up[slot] = sum.Add(r.up[slot], s.Up)
	r.down[slot] = sum.Add(r.down[slot], s.Down)
	if s.Runs > 0 && !v.evaluates {
		r.queries[slot] = sum.Add(r.queries[slot], s.Runs)
		r.last[slot] = max(r.last[slot], s.Last)
	}
}

// many adds to each slot what stands at its place in the columns of s.
func (r *rows) many(slots []int32, v view, s *segment.Rows) {
	addAll(r.threadsBegun, slots, s.NewThreads)
	if !v.all {
		return
	}
	addAll(r.runs, slots, s.Runs)
	addAll(r.prompt, slots, s.Prompt)
	addAll(r.completion, slots, s.Completion)
	addAll(r.up, slots, s.Up)
	addAll(r.down, slots, s.Down)
	for i, nano := range s.Nano {
		slot := slots[i]
		if pico := s.Pico[i]; pico != 0 {
			cost := sum.Plus(money.Amount{Nano: r.nano[slot], Pico: r.pico[slot]}, money.Amount{Nano: nano, Pico: pico})
			r.nano[slot], r.pico[slot] = cost.Nano, cost.Pico
			continue
		}
		r.nano[slot] = sum.Add(r.nano[slot], nano)
	}
	if v.evaluates {
		return
	}
	for i, runs := range s.Runs {
		if runs > 0 {
			r.queries[slots[i]] = sum.Add(r.queries[slots[i]], runs)
		}
	}
	for i, last := range s.Last {
		if s.Runs[i] > 0 && last > r.last[slots[i]] {
			r.last[slots[i]] = last
		}
	}
}

// addAll adds numbers, of which many are 0 or none are there.
func addAll(to []int64, slots []int32, numbers []int64) {
	for i, n := range numbers {
		if n != 0 {
			to[slots[i]] = sum.Add(to[slots[i]], n)
		}
	}
}
