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
)

// Tally is an answer in the making. What is added comes in order of period, and
// what is added to days in order of day.
type Tally struct {
	q      core.Question
	bounds []int64 // the cuts, in microseconds
	days   []int64
	views  []view // of cells, by number

	keys   []core.Key
	index  map[core.Key]int32 // of keys
	ofUser paged[int32]       // which key a user has, from 1, where users are the keys
	period int                // that slots is of
	slots  []int32            // the row of each key in the period, from 1
	first  int                // the first row of the period
	rows   *rows
	batch  []int32 // the rows of some users

	asked   distinct
	threads distinct
	// Active days, of users by their id and of other keys by their number: who was
	// active on the day, and what the days before it add up to.
	day    once
	cells  once // that were active on the day, whose keys are found when it is over
	today  int
	onDays paged[int32]
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
	single := q.By == core.ByNothing
	return &Tally{
		q: q, bounds: micros(q.Cuts), days: micros(q.Days), index: map[core.Key]int32{},
		asked: newDistinct(single), threads: newDistinct(single),
		rows: spare.Get().(*rows), //nolint:forcetypeassert // nothing else is in it
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
	facts = ordered(facts)
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
			who := f.UserID
			if t.q.By != core.ByUser {
				who = int64(t.keyOf(KeyOf(t.q.By, f)))
			}
			t.onDay(place(t.days, f.OccurredOn.UnixMicro()), who)
		}
	}
}

// ordered are facts in order of time.
func ordered(facts []core.Fact) []core.Fact {
	byTime := func(a, b core.Fact) int { return cmp.Compare(a.OccurredOn.UnixMicro(), b.OccurredOn.UnixMicro()) }
	if slices.IsSortedFunc(facts, byTime) {
		return facts
	}
	facts = slices.Clone(facts)
	slices.SortStableFunc(facts, byTime)
	return facts
}

// fact adds one. Without all, only what matches every source and model counts.
func (t *Tally) fact(f *core.Fact, all bool) {
	if !all && f.Threads == 0 {
		return
	}
	micro := f.OccurredOn.UnixMicro()
	period := place(t.bounds, micro)
	t.begin(period)
	slot := t.slot(t.keyOf(KeyOf(t.q.By, f)))
	s := segment.Sums{
		Runs: f.Runs, Prompt: f.PromptTokens, Completion: f.CompletionTokens, Nano: f.Cost.Nano, Pico: f.Cost.Pico,
		NewThreads: f.Threads, Up: f.Upvotes, Down: f.Downvotes, Last: micro,
	}
	asks := f.Runs > 0 && f.QuerySource != core.Evaluation
	t.rows.one(slot, view{all: all, evaluates: f.QuerySource == core.Evaluation}, &s)
	if !all || !asks {
		return
	}
	if t.q.Users {
		if t.q.By == core.ByUser {
			t.rows.users[slot] = 1 // of a user there is one
		} else {
			t.rows.users[slot] += t.asked.fact(period, slot, f.UserID)
		}
	}
	if t.q.Threads && f.ThreadID != 0 {
		t.rows.threads[slot] += t.threads.fact(period, slot, f.ThreadID)
	}
}

// onDay notes that users, or keys, were active on a day. What they add up to is
// found with their row, which all have who were active.
func (t *Tally) onDay(day int, who ...int64) {
	if len(who) > 0 {
		t.beginDay(day)
		t.day.add(day, who...)
	}
}

// beginDay ends the day before.
func (t *Tally) beginDay(day int) {
	if day != t.today {
		t.endDay()
		t.today = day
	}
}

// endDay adds up who was active on the day.
func (t *Tally) endDay() {
	if t.cells.any(t.today) {
		f := facetOf(t.q)
		for _, p := range t.cells.used {
			p.each(func(cell int64) {
				if v := t.viewIn(f, cell); v.all && !v.evaluates {
					t.day.add(t.today, int64(t.keyIn(f, cell)))
				}
			})
		}
	}
	if t.day.any(t.today) {
		t.day.tally(&t.onDays)
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
	n := t.ofUser.at(id)
	if *n == 0 {
		t.keys = append(t.keys, core.Key{ID: id})
		*n = int32(len(t.keys))
	}
	return *n - 1
}

// begin ends what was before a period, which is not before the one of the last
// call.
func (t *Tally) begin(period int) {
	if period == t.period {
		return
	}
	t.end()
	clear(t.slots)
	t.period, t.first = period, t.rows.n
}

// end counts what is known of a period only when it is over.
func (t *Tally) end() {
	t.asked.end(t.period, t.first, func(slot int) { t.rows.users[slot]++ })
	t.threads.end(t.period, t.first, func(slot int) { t.rows.threads[slot]++ })
}

// userSlots finds the rows of users, of whom many that follow on each other are on
// one page.
type userSlots struct {
	t      *Tally
	number int64
	keys   *[1 << pageBits]int32
}

func (u *userSlots) of(user int64) int {
	if u.keys == nil || user>>pageBits != u.number {
		u.number = user >> pageBits
		u.keys = u.t.ofUser.page(u.number)
	}
	if key := int(u.keys[user&(1<<pageBits-1)]); key > 0 && key <= len(u.t.slots) {
		if slot := u.t.slots[key-1]; slot > 0 {
			return int(slot) - 1
		}
	}
	return u.t.slot(u.t.userKey(user))
}

// slot is the row of a key in the period.
func (t *Tally) slot(key int32) int {
	if n := len(t.keys); n > len(t.slots) {
		t.slots = append(t.slots, make([]int32, n-len(t.slots)+n/2)...)
	}
	if t.slots[key] == 0 {
		t.rows.add(int32(t.period), key)
		t.slots[key] = int32(t.rows.n)
	}
	return int(t.slots[key]) - 1
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
