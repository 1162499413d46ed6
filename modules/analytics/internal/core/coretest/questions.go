package coretest

import (
	"cmp"
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"parley/modules/analytics/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/money"
	"parley/platform/storetest"
)

// dimensions have the key of a fact.
var dimensions = map[core.Dimension]func(core.Fact) core.Key{
	core.ByNothing:     func(core.Fact) core.Key { return core.Key{} },
	core.ByUser:        func(f core.Fact) core.Key { return core.Key{ID: f.UserID} },
	core.ByAgent:       func(f core.Fact) core.Key { return core.Key{ID: f.AgentID} },
	core.ByTeam:        func(f core.Fact) core.Key { return core.Key{ID: f.TeamID} },
	core.ByProject:     func(f core.Fact) core.Key { return core.Key{ID: f.ProjectID} },
	core.ByQuerySource: func(f core.Fact) core.Key { return core.Key{Name: f.QuerySource} },
	core.ByModel:       func(f core.Fact) core.Key { return core.Key{Name: f.Model} },
	core.ByAgentType:   func(f core.Fact) core.Key { return core.Key{Name: f.AgentType} },
}

// TestQuestions compares answers to random questions over random facts with a
// recount of a plain list, one fact at a time.
func TestQuestions(t *testing.T, open Open) {
	store, _ := open(t)
	ctx := context.Background()
	for round := range 12 {
		w := &world{r: rand.New(rand.NewPCG(11, uint64(round))), org: int64(round + 1)}
		w.now = time.Date(2026, 1, 1, 0, 0, w.r.IntN(366*24*3600), 0, time.UTC)
		w.zone = zones[w.r.IntN(len(zones))]
		service := core.New(store, clock.NewFixed(w.now))
		facts := w.facts()
		w.r.Shuffle(len(facts), func(i, j int) { facts[i], facts[j] = facts[j], facts[i] })
		all := w.all
		for part, n := 0, 0; part < 4; part++ {
			// Some facts come twice, some long after their time was sealed.
			more := len(facts)
			if part < 3 {
				more = w.r.IntN(len(facts) + 1)
			}
			if err := service.Record(ctx, append(slices.Clone(facts[:more]), facts[:w.r.IntN(more+1)]...)...); err != nil {
				t.Fatal(err)
			}
			facts = facts[more:]
			w.all = slices.DeleteFunc(slices.Clone(all), func(f core.Fact) bool {
				return slices.ContainsFunc(facts, func(left core.Fact) bool { return left.Origin == f.Origin })
			})
			if w.some(3) > 0 {
				if err := store.Seal(ctx, w.org, w.moment()); err != nil {
					t.Fatal(err)
				}
			}
			for range 3 {
				n++
				t.Run(fmt.Sprint(round, " ", n), func(t *testing.T) { w.ask(t, store) })
			}
		}
	}
}

// ask asks the store something, and compares.
func (w *world) ask(t *testing.T, store core.Store) {
	t.Helper()
	sel := w.selection()
	q := core.Question{Selection: sel, Users: w.some(2) == 0, Threads: w.some(2) == 0, Without: core.Part(w.some(3))}
	by := slices.Sorted(func(yield func(core.Dimension) bool) {
		for d := range dimensions {
			if !yield(d) {
				return
			}
		}
	})
	q.By = by[w.some(len(by))]
	if w.some(2) == 0 {
		q.Cuts = w.instants(int(w.some(8)), sel.From, sel.Until)
	} else if w.some(2) == 0 {
		q.Days = append([]time.Time{}, w.instants(int(w.some(40)), sel.From, sel.Until)...)
	}
	if len(q.Cuts) == 0 && w.some(2) == 0 {
		q.First, q.Rank = 1+int(w.some(4)), core.Ranking(w.some(3))
		q.Without = map[core.Ranking]core.Part{core.ByTokens: core.Marks, core.ByLatest: core.Spent}[q.Rank] // as leaderboards ask
	}
	got, err := store.Ask(context.Background(), q)
	if err != nil {
		t.Fatal(err)
	}
	if !storetest.New(t).Equal(needed(q, w.recountRows(q)), needed(q, got)) {
		t.Errorf("%+v", q)
	}
	e := core.EngagementQuestion{Scope: sel.Scope, Filter: sel.Filter, Bounds: w.dayBounds()}
	days, err := store.Engagement(context.Background(), e)
	if err != nil {
		t.Fatal(err)
	}
	if !storetest.New(t).Equal(w.recountEngagement(e), days) {
		t.Errorf("%+v", e)
	}
}

// needed are the rows in which something happened, with the figures that the
// question is not without.
func needed(q core.Question, rows []core.Row) []core.Row {
	out := []core.Row{}
	for _, r := range rows {
		switch q.Without {
		case core.Spent:
			r.PromptTokens, r.CompletionTokens, r.Cost = 0, 0, money.Amount{}
		case core.Marks:
			r.Upvotes, r.Downvotes, r.NewThreads, r.LastActive = 0, 0, 0, time.Time{}
		case core.Nothing:
		}
		if r.Figures != (core.Figures{}) {
			out = append(out, r)
		}
	}
	return out
}

// selection is a window, a filter and a reader's scope.
func (w *world) selection() core.Selection {
	q := w.question()
	s := core.Selection{Scope: core.Scope{OrganizationID: w.org, All: true}, Filter: q.filter}
	if !q.who.IsGlobalAdmin() {
		s.Scope = core.Scope{
			OrganizationID: w.org, Teams: q.who.Granted(actor.Team, actor.Admin), Projects: q.who.Granted(actor.Project, actor.Admin), Agents: q.who.Granted(actor.Agent, actor.Admin),
		}
	}
	for s.From, s.Until = w.instant(), w.instant(); !s.From.Before(s.Until); {
		s.From, s.Until = w.instant(), w.instant()
	}
	return s
}

// instant is often where a quarter of an hour or a day begins, or a fact is.
func (w *world) instant() time.Time {
	at := w.moment()
	switch w.some(5) {
	case 0:
		if len(w.all) > 0 {
			at = w.all[w.some(len(w.all))].OccurredOn
		}
	case 1, 2:
		at = at.Truncate(15 * time.Minute)
	case 3:
		y, m, d := at.In(w.location()).Date()
		at = time.Date(y, m, d, 0, 0, 0, 0, w.location())
	}
	return at
}

func (w *world) instants(n int, from, until time.Time) []time.Time {
	var out []time.Time
	for range n {
		if at := w.instant(); at.After(from) && at.Before(until) {
			out = append(out, at)
		}
	}
	slices.SortFunc(out, time.Time.Compare)
	return slices.CompactFunc(out, time.Time.Equal)
}

func (w *world) dayBounds() []time.Time {
	y, m, d := w.now.AddDate(0, 0, -core.LookBack-w.r.IntN(20)).In(w.location()).Date()
	var out []time.Time
	for i := range core.LookBack + 2 + w.r.IntN(20) {
		if at := time.Date(y, m, d+i, 0, 0, 0, 0, w.location()); len(out) == 0 || at.After(out[len(out)-1]) {
			out = append(out, at)
		}
	}
	return out
}

// selects decides on one fact: at all, and whatever its source and model.
func selects(s core.Scope, f core.Filter, fact core.Fact) (inside, all bool) {
	if fact.OrganizationID != s.OrganizationID {
		return false, false
	}
	if !s.All && !slices.Contains(s.Teams, fact.TeamID) && !slices.Contains(s.Projects, fact.ProjectID) && !slices.Contains(s.Agents, fact.AgentID) {
		return false, false
	}
	for _, pair := range [][2]int64{{f.AgentID, fact.AgentID}, {f.UserID, fact.UserID}, {f.TeamID, fact.TeamID}, {f.ProjectID, fact.ProjectID}} {
		if pair[0] != 0 && pair[0] != pair[1] {
			return false, false
		}
	}
	return true, (f.QuerySource == "" || f.QuerySource == fact.QuerySource) && (f.Model == "" || f.Model == fact.Model)
}

func after(instants []time.Time, at time.Time) int {
	n := 0
	for _, i := range instants {
		if !i.After(at) {
			n++
		}
	}
	return n
}

func isQuery(f core.Fact) bool { return f.Runs > 0 && f.QuerySource != core.Evaluation }

func (w *world) recountRows(q core.Question) []core.Row {
	type key struct {
		period int
		key    core.Key
	}
	rows, seen := map[key]*core.Row{}, map[string]bool{}
	first := func(format string, args ...any) int64 {
		if k := fmt.Sprintf(format, args...); !seen[k] {
			seen[k] = true
			return 1
		}
		return 0
	}
	for _, f := range w.all {
		inside, all := selects(q.Scope, q.Filter, f)
		if !inside || f.OccurredOn.Before(q.From) || !f.OccurredOn.Before(q.Until) {
			continue
		}
		k := key{after(q.Cuts, f.OccurredOn), dimensions[q.By](f)}
		if rows[k] == nil {
			rows[k] = &core.Row{Period: k.period, Key: k.key}
		}
		r := rows[k]
		r.NewThreads += f.Threads
		if !all {
			continue
		}
		r.Runs, r.Upvotes, r.Downvotes = r.Runs+f.Runs, r.Upvotes+f.Upvotes, r.Downvotes+f.Downvotes
		r.PromptTokens, r.CompletionTokens, r.Cost = r.PromptTokens+f.PromptTokens, r.CompletionTokens+f.CompletionTokens, r.Cost.Plus(f.Cost)
		if !isQuery(f) {
			continue
		}
		r.Queries++
		if f.OccurredOn.After(r.LastActive) {
			r.LastActive = f.OccurredOn
		}
		if q.Users {
			r.Users += first("user %v %d", k, f.UserID)
		}
		if q.Threads && f.ThreadID != 0 {
			r.Threads += first("thread %v %d", k, f.ThreadID)
		}
		if q.Days != nil {
			r.ActiveDays += first("day %v %d", k, after(q.Days, f.OccurredOn))
		}
	}
	out := []core.Row{}
	for _, r := range rows {
		if r.Figures != (core.Figures{}) {
			out = append(out, *r)
		}
	}
	if q.First > 0 {
		return w.leaders(q, out)
	}
	slices.SortFunc(out, func(a, b core.Row) int {
		return cmp.Or(cmp.Compare(a.Period, b.Period), cmp.Compare(a.Key.ID, b.Key.ID), cmp.Compare(a.Key.Name, b.Key.Name))
	})
	return out
}

// leaders are the first rows of a leaderboard.
func (w *world) leaders(q core.Question, rows []core.Row) []core.Row {
	out := slices.DeleteFunc(rows, func(r core.Row) bool {
		return r.Key.ID == 0 || r.Queries == 0 && (q.Rank != core.ByTokens || r.Runs == 0 && r.PromptTokens+r.CompletionTokens == 0)
	})
	slices.SortFunc(out, func(a, b core.Row) int {
		higher := cmp.Compare(b.Queries, a.Queries)
		switch q.Rank {
		case core.ByTokens:
			higher = cmp.Compare(b.PromptTokens+b.CompletionTokens, a.PromptTokens+a.CompletionTokens)
		case core.ByLatest:
			higher = b.LastActive.Compare(a.LastActive)
		case core.ByQueries:
		}
		return cmp.Or(higher, cmp.Compare(a.Key.ID, b.Key.ID))
	})
	return out[:min(len(out), q.First)]
}

func (w *world) recountEngagement(q core.EngagementQuestion) []core.Engaged {
	between := func(from, until time.Time) map[int64]bool {
		users := map[int64]bool{}
		for _, f := range w.all {
			if _, all := selects(q.Scope, q.Filter, f); all && isQuery(f) && !f.OccurredOn.Before(from) && f.OccurredOn.Before(until) {
				users[f.UserID] = true
			}
		}
		return users
	}
	var out []core.Engaged
	for i := core.LookBack; i+1 < len(q.Bounds); i++ {
		until := q.Bounds[i+1]
		day, before := between(q.Bounds[i], until), between(time.Time{}, q.Bounds[i])
		e := core.Engaged{Daily: int64(len(day)), Weekly: int64(len(between(q.Bounds[i-6], until))), Monthly: int64(len(between(q.Bounds[i-core.LookBack], until)))}
		for user := range day {
			if !before[user] {
				e.New++
			}
		}
		out = append(out, e)
	}
	return out
}

// money that is small enough for any sum of a test.
func cents(w *world) money.Amount { return money.Amount{Nano: w.some(1e9), Pico: w.some(1000)} }
