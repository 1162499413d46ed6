// Package tally adds facts up to the figures that a question asks for.
package tally

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"time"

	"parley/modules/analytics/internal/core"
	"parley/platform/kernel/money"
)

// Tally is an answer in the making. What is added comes in order of period.
type Tally struct {
	q       core.Question
	bounds  []int64 // the cuts, in microseconds
	days    []int64
	slots   map[slotKey]int
	rows    []core.Row
	users   *distinct
	threads *distinct
	active  *distinct // rows, by day
}

type slotKey struct {
	period int
	key    core.Key
}

// New returns the tally of a question.
func New(q core.Question) *Tally {
	t := &Tally{q: q, slots: map[slotKey]int{}, users: newDistinct(), threads: newDistinct(), active: newDistinct()}
	for _, c := range q.Cuts {
		t.bounds = append(t.bounds, c.UnixMicro())
	}
	for _, d := range q.Days {
		t.days = append(t.days, d.UnixMicro())
	}
	return t
}

// Facts adds facts, whatever their order. They are those of the organization;
// the rest of the selection is minded here.
func (t *Tally) Facts(facts []core.Fact) {
	facts = slices.Clone(facts)
	slices.SortStableFunc(facts, func(a, b core.Fact) int { return a.OccurredOn.Compare(b.OccurredOn) })
	for i := range facts {
		f := &facts[i]
		if inside, all := Matches(t.q.Selection, f); inside && !f.OccurredOn.Before(t.q.From) && f.OccurredOn.Before(t.q.Until) {
			t.fact(f, all)
		}
	}
}

// fact adds one. Without all, only what matches every source and model counts.
func (t *Tally) fact(f *core.Fact, all bool) {
	if !all && f.Threads == 0 {
		return
	}
	micro := f.OccurredOn.UnixMicro()
	period := place(t.bounds, micro)
	slot := t.slot(period, KeyOf(t.q.By, f))
	row := &t.rows[slot]
	row.NewThreads = Add(row.NewThreads, f.Threads)
	if !all {
		return
	}
	row.Runs = Add(row.Runs, f.Runs)
	row.PromptTokens = Add(row.PromptTokens, f.PromptTokens)
	row.CompletionTokens = Add(row.CompletionTokens, f.CompletionTokens)
	row.Cost = Plus(row.Cost, f.Cost)
	row.Upvotes = Add(row.Upvotes, f.Upvotes)
	row.Downvotes = Add(row.Downvotes, f.Downvotes)
	if f.Runs == 0 || f.QuerySource == core.Evaluation {
		return
	}
	row.Queries = Add(row.Queries, f.Runs)
	t.activeAt(row, micro)
	if t.q.Users && t.users.add(f.UserID, period, slot) {
		row.Users++
	}
	if t.q.Threads && f.ThreadID != 0 && t.threads.add(f.ThreadID, period, slot) {
		row.Threads++
	}
	if t.q.Days != nil {
		t.onDay(slot, place(t.days, micro))
	}
}

func (t *Tally) activeAt(row *core.Row, micro int64) {
	if at := time.UnixMicro(micro).UTC(); row.LastActive.IsZero() || at.After(row.LastActive) {
		row.LastActive = at
	}
}

func (t *Tally) onDay(slot, day int) {
	if t.active.add(int64(slot), day, 0) {
		t.rows[slot].ActiveDays++
	}
}

func (t *Tally) slot(period int, key core.Key) int {
	k := slotKey{period, key}
	slot, known := t.slots[k]
	if !known {
		slot = len(t.rows)
		t.slots[k] = slot
		t.rows = append(t.rows, core.Row{Period: period, Key: key})
	}
	return slot
}

// Rows is the answer, in order of period and key.
func (t *Tally) Rows() []core.Row {
	rows := slices.Clone(t.rows)
	slices.SortFunc(rows, func(a, b core.Row) int {
		return cmp.Or(cmp.Compare(a.Period, b.Period), cmp.Compare(a.Key.ID, b.Key.ID), cmp.Compare(a.Key.Name, b.Key.Name))
	})
	return rows
}

// place is how many of the bounds are not after the moment.
func place(bounds []int64, micro int64) int {
	return sort.Search(len(bounds), func(i int) bool { return bounds[i] > micro })
}

// KeyOf is the key that a fact counts under.
func KeyOf(by core.Dimension, f *core.Fact) core.Key {
	switch by {
	case core.ByUser:
		return core.Key{ID: f.UserID}
	case core.ByAgent:
		return core.Key{ID: f.AgentID}
	case core.ByTeam:
		return core.Key{ID: f.TeamID}
	case core.ByProject:
		return core.Key{ID: f.ProjectID}
	case core.ByQuerySource:
		return core.Key{Name: f.QuerySource}
	case core.ByModel:
		return core.Key{Name: f.Model}
	case core.ByAgentType:
		return core.Key{Name: f.AgentType}
	case core.ByNothing:
	}
	return core.Key{}
}

// Matches reports whether scope and filter select a fact of the organization:
// leaving source and model aside, which threads have none of, and in all.
func Matches(s core.Selection, f *core.Fact) (inside, all bool) {
	is := func(want, got int64) bool { return want == 0 || want == got }
	inside = InScope(s.Scope, f.TeamID, f.ProjectID, f.AgentID) &&
		is(s.AgentID, f.AgentID) && is(s.UserID, f.UserID) && is(s.TeamID, f.TeamID) && is(s.ProjectID, f.ProjectID)
	return inside, inside && (s.QuerySource == "" || s.QuerySource == f.QuerySource) && (s.Model == "" || s.Model == f.Model)
}

// InScope reports whether the scope has what belongs to these.
func InScope(s core.Scope, team, project, agent int64) bool {
	return s.All || slices.Contains(s.Teams, team) || slices.Contains(s.Projects, project) || slices.Contains(s.Agents, agent)
}

// Add is a sum that stays at the end of the range rather than leave it.
func Add(a, b int64) int64 {
	switch sum := a + b; {
	case a > 0 && b > 0 && sum < 0:
		return math.MaxInt64
	case a < 0 && b < 0 && sum >= 0:
		return math.MinInt64
	default:
		return sum
	}
}

// Plus is Add for money.
func Plus(a, b money.Amount) money.Amount {
	pico := a.Pico%1000 + b.Pico%1000
	return money.Amount{Nano: Add(Add(a.Nano, a.Pico/1000), Add(Add(b.Nano, b.Pico/1000), pico/1000)), Pico: pico % 1000}
}
