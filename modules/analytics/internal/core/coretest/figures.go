package coretest

import (
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

// zones are some where days are odd: clocks that turn at midnight or by half
// an hour, offsets of quarters, and both ends of the date line.
var zones = []string{
	"", "UTC", "Europe/Berlin", "America/New_York", "America/St_Johns", "America/Santiago", "America/Havana", "America/Asuncion", "Africa/Cairo",
	"Asia/Beirut", "Asia/Kathmandu", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Chatham", "Pacific/Apia", "Pacific/Kiritimati", "Pacific/Pago_Pago", "Antarctica/Casey",
}

// TestFigures compares the figures of random facts, periods, zones, filters
// and readers with a recount, and the sum over the days with the total.
func TestFigures(t *testing.T, open Open) {
	store, _ := open(t)
	ctx := context.Background()
	for round := range 50 {
		w := &world{r: rand.New(rand.NewPCG(7, uint64(round))), org: int64(round + 1)}
		w.now = time.Date(2026, 1, 1, 0, 0, w.r.IntN(366*24*3600), 0, time.UTC)
		w.zone = zones[w.r.IntN(len(zones))]
		service := core.New(store, clock.NewFixed(w.now))
		if err := service.Record(ctx, w.facts()...); err != nil {
			t.Fatal(err)
		}
		for range 4 {
			ask := w.question()
			t.Run(fmt.Sprintf("%d %+v %+v", round, ask.period, ask.filter), func(t *testing.T) {
				overview, err := service.TotalCount(ctx, ask.who, ask.period, ask.filter)
				if err != nil {
					t.Fatal(err)
				}
				days, err := service.ByPeriod(ctx, ask.who, ask.period, ask.filter, core.Daily, false)
				if err != nil {
					t.Fatal(err)
				}
				storetest.New(t).Equal(w.recount(ask), overview.Totals)
				compareDays(t, w, ask, overview, days)
			})
		}
	}
}

func compareDays(t *testing.T, w *world, ask question, overview core.Overview, days []core.PeriodFigures) {
	var total int64
	var cost money.Amount
	last := ""
	for _, d := range days {
		date := d.Start.Format(time.DateOnly)
		if date <= last || date < ask.first || date > ask.last {
			t.Fatalf("the date %s follows on %s", date, last)
		}
		last = date
		if !storetest.New(t).Equal(w.recountDay(ask, date), tokensOf(d.Figures)) {
			t.Errorf("on %s", date)
		}
		total += d.PromptTokens + d.CompletionTokens
		cost = cost.Plus(d.Cost)
	}
	if total != overview.TotalTokens || cost != overview.Cost {
		t.Errorf("the days sum up to %d tokens and %s, the total is %d and %s", total, cost, overview.TotalTokens, overview.Cost)
	}
	if want := countDates(ask.first, ask.last); len(days) != want {
		t.Errorf("%d days from %s to %s", len(days), ask.first, ask.last)
	}
}

// tokens are what a figure says of what models used.
type tokens struct {
	PromptTokens, CompletionTokens int64
	Cost                           money.Amount
}

func tokensOf(f core.Figures) tokens { return tokens{f.PromptTokens, f.CompletionTokens, f.Cost} }

func countDates(first, last string) int {
	n := 0
	for d, err := time.Parse(time.DateOnly, first); err == nil && d.Format(time.DateOnly) <= last; d = d.AddDate(0, 0, 1) {
		n++
	}
	return n
}

// world is what happened, kept beside the store in the plainest form.
type world struct {
	r    *rand.Rand
	org  int64
	now  time.Time
	zone string
	all  []core.Fact
}

type question struct {
	who         actor.Actor
	period      core.Period
	filter      core.Filter
	first, last string // dates
	from, until time.Time
}

func (w *world) some(n int) int64 { return int64(w.r.IntN(max(n, 1))) }

func (w *world) location() *time.Location {
	loc, err := time.LoadLocation(w.zone)
	if err != nil {
		return time.UTC
	}
	return loc
}

// moment is near now, and often near midnight in some time zone.
func (w *world) moment() time.Time {
	at := w.now.AddDate(0, 0, w.r.IntN(50)-45).Add(time.Duration(w.r.Int64N(int64(24 * time.Hour))))
	if w.r.IntN(2) == 0 {
		y, m, d := at.In(w.location()).Date()
		at = time.Date(y, m, d, 0, 0, 0, 0, w.location()).Add(time.Duration(w.r.Int64N(int64(4*time.Second))) - 2*time.Second)
	}
	return clock.Stored(at)
}

func (w *world) facts() []core.Fact {
	sources, models := []string{"api", "web", core.Evaluation}, []string{"a", "b", ""}
	for i := range w.r.IntN(80) {
		f := core.Fact{
			Origin: fmt.Sprintf("run/%d/%d", w.org, i), OrganizationID: w.org, TeamID: w.some(3), ProjectID: w.some(4), AgentID: w.some(5), UserID: w.some(6), ThreadID: w.some(9), AgentType: []string{"", "rag", "sql"}[w.some(3)],
			QuerySource: sources[w.some(3)], Model: models[w.some(3)], OccurredOn: w.moment(),
		}
		switch w.some(4) {
		case 0:
			f.Threads, f.QuerySource, f.Model = 1, "", ""
		case 1:
			f.Upvotes, f.Downvotes = w.some(3)-1, w.some(3)-1
		case 2:
			f.PromptTokens, f.CompletionTokens, f.Cost = w.some(1e6), w.some(1e5), cents(w)
		default:
			f.Runs = 1
		}
		w.all = append(w.all, f)
	}
	return slices.Clone(w.all)
}

func (w *world) question() question {
	loc := w.location()
	q := question{who: actor.System(w.org), period: core.Period{Zone: w.zone}}
	if w.r.IntN(3) == 0 {
		q.who = actor.Actor{OrganizationID: w.org, Grants: []actor.Grant{
			{Resource: actor.Team, ID: w.some(3), Role: actor.Admin}, {Resource: actor.Project, ID: w.some(4), Role: actor.Member}, {Resource: actor.Agent, ID: w.some(5), Role: actor.Admin},
		}}
		if w.r.IntN(2) == 0 { // teams alone
			q.who.Grants = q.who.Grants[:2]
		}
	}
	q.last = w.now.In(loc).Format(time.DateOnly)
	days := 30
	switch w.r.IntN(3) {
	case 0:
		days = 1 + w.r.IntN(50)
		q.period.Days = days
	case 1:
		q.last = w.moment().In(loc).Format(time.DateOnly)
		q.period.End = q.last
	case 2:
		q.from, q.until = w.moment(), w.moment()
		if n := len(w.all); n > 0 && w.r.IntN(2) == 0 { // both ends are included
			q.from, q.until = w.all[w.some(n)].OccurredOn, w.all[w.some(n)].OccurredOn
		}
		if q.until.Before(q.from) {
			q.from, q.until = q.until, q.from
		}
		q.period.Start, q.period.End = q.from.Format(time.RFC3339Nano), q.until.Format(time.RFC3339Nano)
	}
	if q.from.IsZero() {
		end, err := time.Parse(time.DateOnly, q.last)
		if err == nil {
			q.first = end.AddDate(0, 0, 1-days).Format(time.DateOnly)
		}
	} else {
		q.first, q.last = q.from.In(loc).Format(time.DateOnly), q.until.In(loc).Format(time.DateOnly)
	}
	f := &q.filter
	for _, id := range []*int64{&f.AgentID, &f.UserID, &f.TeamID, &f.ProjectID} {
		if w.r.IntN(5) == 0 {
			*id = w.some(5)
		}
	}
	f.QuerySource, f.Model = []string{"", "", "api"}[w.some(3)], []string{"", "", "a"}[w.some(3)]
	return q
}

// matches decides what the question is about, one fact at a time.
func (w *world) matches(q question, f core.Fact) bool {
	date := f.OccurredOn.In(w.location()).Format(time.DateOnly)
	if date < q.first || date > q.last {
		return false
	}
	if !q.from.IsZero() && (f.OccurredOn.Before(q.from) || f.OccurredOn.After(q.until)) {
		return false
	}
	if !q.who.IsGlobalAdmin() && q.who.Holds(actor.Team, f.TeamID) != actor.Admin && q.who.Holds(actor.Agent, f.AgentID) != actor.Admin {
		return false
	}
	for _, pair := range [][2]int64{{q.filter.AgentID, f.AgentID}, {q.filter.UserID, f.UserID}, {q.filter.TeamID, f.TeamID}, {q.filter.ProjectID, f.ProjectID}} {
		if pair[0] != 0 && pair[0] != pair[1] {
			return false
		}
	}
	if f.Threads > 0 {
		return true
	}
	return (q.filter.QuerySource == "" || q.filter.QuerySource == f.QuerySource) && (q.filter.Model == "" || q.filter.Model == f.Model)
}

func (w *world) recount(q question) core.Totals {
	var t core.Totals
	var asked []int64
	for _, f := range w.all {
		if !w.matches(q, f) {
			continue
		}
		t.Threads, t.Upvotes, t.Downvotes = t.Threads+f.Threads, t.Upvotes+f.Upvotes, t.Downvotes+f.Downvotes
		t.TotalTokens, t.Cost = t.TotalTokens+f.PromptTokens+f.CompletionTokens, t.Cost.Plus(f.Cost)
		if f.Runs == 0 || f.QuerySource == core.Evaluation {
			continue
		}
		t.Queries++
		if !slices.Contains(asked, f.UserID) {
			asked = append(asked, f.UserID)
			t.ActiveUsers++
		}
	}
	return t
}

func (w *world) recountDay(q question, date string) tokens {
	var t tokens
	for _, f := range w.all {
		if w.matches(q, f) && f.OccurredOn.In(w.location()).Format(time.DateOnly) == date {
			t.PromptTokens, t.CompletionTokens, t.Cost = t.PromptTokens+f.PromptTokens, t.CompletionTokens+f.CompletionTokens, t.Cost.Plus(f.Cost)
		}
	}
	return t
}
