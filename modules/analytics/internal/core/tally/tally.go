// Package tally adds facts, and segments of facts, up to the figures that a
// question asks for.
package tally

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"parley/modules/analytics/internal/core"
	"parley/modules/analytics/internal/core/segment"
	"parley/modules/analytics/internal/core/sum"
	"parley/platform/kernel/money"
)

// Tally is an answer in the making. What is added comes in order of period, and
// what is added to days in order of day.
type Tally struct {
	q      core.Question
	bounds []int64 // the cuts, in microseconds
	days   []int64
	views  []view // of cells, by number

	keys    []core.Key
	index   map[core.Key]int32 // of keys
	users   *distinct          // which key a user has, where users are the keys
	period  int                // that slots is of
	slots   []int32            // the row of each key in the period, from 1
	rows    []core.Row
	last    []int64 // of each row: the latest query, in microseconds
	asked   *distinct
	threads *distinct
	active  *distinct // rows, by day
}

// view is what a question sees of a cell.
type view struct {
	inside    bool // its new threads count
	all       bool // all else counts
	evaluates bool
	key       int32
}

// New returns the tally of a question.
func New(q core.Question) *Tally {
	return &Tally{
		q: q, bounds: micros(q.Cuts), days: micros(q.Days), index: map[core.Key]int32{},
		users: newDistinct(), asked: newDistinct(), threads: newDistinct(), active: newDistinct(),
	}
}

func micros(instants []time.Time) []int64 {
	out := make([]int64, len(instants))
	for i, at := range instants {
		out[i] = at.UnixMicro()
	}
	return out
}

// See makes known which cells the segments are about, by number.
func (t *Tally) See(cells []segment.Cell) {
	t.views = make([]view, len(cells))
	for i, c := range cells {
		f := core.Fact{TeamID: c.TeamID, ProjectID: c.ProjectID, AgentID: c.AgentID, AgentType: c.AgentType, QuerySource: c.QuerySource, Model: c.Model}
		v := view{evaluates: c.Evaluates()}
		v.inside, v.all = Matches(t.q.Selection, &f)
		if v.inside && t.q.By != core.ByUser {
			v.key = t.keyOf(KeyOf(t.q.By, &f))
		}
		t.views[i] = v
	}
}

func (t *Tally) view(cell int64) view {
	if cell < 0 || cell >= int64(len(t.views)) {
		return view{}
	}
	return t.views[cell]
}

// Facts adds facts, whatever their order. They are those of the organization;
// the rest of the selection is minded here.
func (t *Tally) Facts(facts []core.Fact) {
	t.EachFact(facts, true, t.q.Days != nil)
}

// EachFact is Facts for the sums, the days or both.
func (t *Tally) EachFact(facts []core.Fact, sums, days bool) {
	facts = slices.Clone(facts)
	slices.SortStableFunc(facts, func(a, b core.Fact) int { return a.OccurredOn.Compare(b.OccurredOn) })
	for i := range facts {
		f := &facts[i]
		inside, all := Matches(t.q.Selection, f)
		if !inside || f.OccurredOn.Before(t.q.From) || !f.OccurredOn.Before(t.q.Until) {
			continue
		}
		if sums {
			t.fact(f, all)
		}
		if days && all && f.Runs > 0 && f.QuerySource != core.Evaluation {
			t.onDay(place(t.days, f.OccurredOn.UnixMicro()), t.keyOf(KeyOf(t.q.By, f)))
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
	slot := t.slot(period, t.keyOf(KeyOf(t.q.By, f)))
	s := segment.Sums{
		Runs: f.Runs, Prompt: f.PromptTokens, Completion: f.CompletionTokens, Nano: f.Cost.Nano, Pico: f.Cost.Pico,
		NewThreads: f.Threads, Up: f.Upvotes, Down: f.Downvotes, Last: micro,
	}
	asks := f.Runs > 0 && f.QuerySource != core.Evaluation
	t.add(slot, view{all: all, evaluates: f.QuerySource == core.Evaluation}, &s)
	if !all || !asks {
		return
	}
	if t.q.Users && t.asked.add(f.UserID, period, slot) {
		t.rows[slot].Users++
	}
	if t.q.Threads && f.ThreadID != 0 && t.threads.add(f.ThreadID, period, slot) {
		t.rows[slot].Threads++
	}
}

func (t *Tally) add(slot int, v view, s *segment.Sums) {
	row := &t.rows[slot]
	row.NewThreads = sum.Add(row.NewThreads, s.NewThreads)
	if !v.all {
		return
	}
	row.Runs = sum.Add(row.Runs, s.Runs)
	row.PromptTokens = sum.Add(row.PromptTokens, s.Prompt)
	row.CompletionTokens = sum.Add(row.CompletionTokens, s.Completion)
	row.Cost = sum.Plus(row.Cost, money.Amount{Nano: s.Nano, Pico: s.Pico})
	row.Upvotes = sum.Add(row.Upvotes, s.Up)
	row.Downvotes = sum.Add(row.Downvotes, s.Down)
	if s.Runs > 0 && !v.evaluates {
		row.Queries = sum.Add(row.Queries, s.Runs)
		t.last[slot] = max(t.last[slot], s.Last)
	}
}

func (t *Tally) onDay(day int, key int32) {
	slot := t.slot(0, key)
	if t.active.add(int64(slot), day, 0) {
		t.rows[slot].ActiveDays++
	}
}

// keyOf is the number of a key.
func (t *Tally) keyOf(key core.Key) int32 {
	if t.q.By == core.ByUser {
		return t.userKey(key.ID)
	}
	n, known := t.index[key]
	if !known {
		n = int32(len(t.keys))
		t.index[key] = n
		t.keys = append(t.keys, key)
	}
	return n
}

// userKey is keyOf for users, of whom there are many.
func (t *Tally) userKey(id int64) int32 {
	c := t.users.cell(id)
	if c.slot == 0 {
		t.keys = append(t.keys, core.Key{ID: id})
		c.slot = int32(len(t.keys))
	}
	return c.slot - 1
}

// slot is the row of a key in a period, which is not before the one of the last
// call.
func (t *Tally) slot(period int, key int32) int {
	if period != t.period {
		clear(t.slots)
		t.period = period
	}
	if n := len(t.keys); n > len(t.slots) {
		t.slots = append(t.slots, make([]int32, n-len(t.slots)+n/2)...)
	}
	if t.slots[key] == 0 {
		t.rows = append(t.rows, core.Row{Period: period, Key: t.keys[key]})
		t.last = append(t.last, 0)
		t.slots[key] = int32(len(t.rows))
	}
	return int(t.slots[key]) - 1
}

// Rows is the answer, in order of period and key.
func (t *Tally) Rows() []core.Row {
	rows := make([]core.Row, len(t.rows))
	for i, r := range t.rows {
		if t.last[i] != 0 {
			r.LastActive = time.UnixMicro(t.last[i]).UTC()
		}
		rows[i] = r
	}
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
