package tally

import (
	"cmp"
	"slices"
	"time"

	"parley/modules/analytics/internal/core"
	"parley/platform/kernel/money"
)

// Rows is the answer, in the order that the question asks for. It is asked for
// once.
func (t *Tally) Rows() []core.Row {
	t.end()
	t.endDay()
	order := t.order()
	answer := make([]core.Row, len(order))
	for i, at := range order {
		answer[i] = core.Row{Period: int(t.rows.period[at]), Key: t.keys[t.rows.key[at]], Figures: t.figures(at)}
	}
	t.rows.reset()
	spare.Put(t.rows)
	t.rows = nil
	t.asked.release()
	t.threads.release()
	return answer
}

// figures are those of a row.
func (t *Tally) figures(at int32) core.Figures {
	r := t.rows
	f := core.Figures{
		Queries:          r.queries[at],
		Runs:             r.runs[at],
		PromptTokens:     r.prompt[at],
		CompletionTokens: r.completion[at],
		Cost:             money.Amount{Nano: r.nano[at], Pico: r.pico[at]},
		Upvotes:          r.up[at],
		Downvotes:        r.down[at],
		NewThreads:       r.threadsBegun[at],
		Users:            r.users[at],
		Threads:          r.threads[at],
	}
	if t.q.Days != nil {
		who := int64(r.key[at])
		if t.q.By == core.ByUser {
			who = t.keys[who].ID
		}
		f.ActiveDays = int64(*t.onDays.at(who))
	}
	if r.last[at] != 0 {
		f.LastActive = time.UnixMicro(r.last[at]).UTC()
	}
	return f
}

// order is where each row of the answer is.
func (t *Tally) order() []int32 {
	if t.q.First > 0 {
		return t.leaders()
	}
	type place struct {
		period int32
		at     int32
		id     int64
	}
	places := make([]place, t.rows.n)
	for i := range places {
		places[i] = place{period: t.rows.period[i], at: int32(i), id: t.keys[t.rows.key[i]].ID}
	}
	slices.SortFunc(places, func(a, b place) int {
		switch {
		case a.period != b.period:
			return int(a.period) - int(b.period)
		case a.id != b.id:
			return cmp.Compare(a.id, b.id)
		}
		return cmp.Compare(t.keys[t.rows.key[a.at]].Name, t.keys[t.rows.key[b.at]].Name)
	})
	out := make([]int32, len(places))
	for i, p := range places {
		out[i] = p.at
	}
	return out
}

// leader is a row of a leaderboard.
type leader struct {
	value, id int64
	at        int32
}

func (a leader) compare(b leader) int {
	if a.value != b.value {
		return cmp.Compare(b.value, a.value)
	}
	return cmp.Compare(a.id, b.id)
}

// leaders is where the first rows of a leaderboard are. Twice as many are kept at
// most, and put in order when there is no room for another one.
func (t *Tally) leaders() []int32 {
	first := min(t.q.First, t.rows.n)
	board, full := make([]leader, 0, 2*first), false
	cut := func() {
		slices.SortFunc(board, leader.compare)
		full = len(board) >= first
		board = board[:min(first, len(board))]
	}
	for at := range int32(t.rows.n) {
		l := leader{id: t.keys[t.rows.key[at]].ID, at: at}
		f := t.figures(at)
		if l.id == 0 || !t.q.Rank.Lists(&f) {
			continue
		}
		if l.value = t.q.Rank.Value(&f); full && l.compare(board[first-1]) > 0 {
			continue
		}
		if board = append(board, l); len(board) == 2*first {
			cut()
		}
	}
	cut()
	out := make([]int32, len(board))
	for i, l := range board {
		out[i] = l.at
	}
	return out
}
