package core

import (
	"context"
	"time"

	"parley/platform/kernel/actor"
)

// Overview is what exists now and what happened in a period.
type Overview struct {
	Existing map[Kind]int64
	Totals
}

// TotalCount sums a period up and counts what exists now in the part of the
// organization that the actor sees, whatever the filter. It answers ErrPeriod
// or ErrNotAdmin.
func (s *Service) TotalCount(ctx context.Context, who actor.Actor, p Period, f Filter) (Overview, error) {
	_, selected, err := s.selection(who, p, f)
	if err != nil {
		return Overview{}, err
	}
	existing, err := s.store.CountItems(ctx, selected.Scope)
	if err != nil {
		return Overview{}, err
	}
	rows, err := s.store.Ask(ctx, Question{Selection: selected, Users: true})
	if err != nil || len(rows) == 0 {
		return Overview{Existing: existing}, err
	}
	r := rows[0]
	return Overview{Existing: existing, Totals: Totals{
		ActiveUsers: r.Users, Queries: r.Queries, Threads: r.NewThreads, Upvotes: r.Upvotes, Downvotes: r.Downvotes,
		TotalTokens: r.TotalTokens(), Cost: r.Cost,
	}}, nil
}

// PeriodFigures are the figures of a day, a week or a month of the reader's.
type PeriodFigures struct {
	// Start is the date that it begins with, as midnight UTC: of a week a
	// Monday, of a month the first, also where the window cuts that off.
	Start time.Time
	Figures
}

// ByPeriod answers the figures of each day, week or month in a period, dates
// ascending, also of those in which nothing happened. Different users and threads
// are counted only when they are asked for. It answers ErrPeriod or ErrNotAdmin.
func (s *Service) ByPeriod(ctx context.Context, who actor.Actor, p Period, f Filter, g Grain, distinct bool) ([]PeriodFigures, error) {
	w, selected, err := s.selection(who, p, f)
	if err != nil {
		return nil, err
	}
	starts, cuts := w.periods(g)
	rows, err := s.store.Ask(ctx, Question{Selection: selected, Cuts: cuts, Users: distinct, Threads: distinct})
	if err != nil {
		return nil, err
	}
	out := make([]PeriodFigures, len(starts))
	for i, start := range starts {
		out[i].Start = start
	}
	for _, r := range rows {
		out[r.Period].Figures = r.Figures
	}
	return out, nil
}

// EngagedDay is who used the server on one day of the reader's.
type EngagedDay struct {
	Date time.Time // midnight UTC of the date
	Engaged
}

// UserEngagement answers how many different users were active on each day of a
// period and on the days before it, dates ascending. Days are whole, but for the
// last one when the period ends within it. It answers ErrPeriod or ErrNotAdmin.
func (s *Service) UserEngagement(ctx context.Context, who actor.Actor, p Period, f Filter) ([]EngagedDay, error) {
	w, selected, err := s.selection(who, p, f)
	if err != nil {
		return nil, err
	}
	q := EngagementQuestion{Scope: selected.Scope, Filter: f}
	for _, d := range append(w.before(LookBack), w.days...) {
		q.Bounds = append(q.Bounds, d.begin)
	}
	q.Bounds = append(q.Bounds, w.until)
	counted, err := s.store.Engagement(ctx, q)
	if err != nil {
		return nil, err
	}
	out := make([]EngagedDay, len(w.days))
	for i, d := range w.days {
		out[i] = EngagedDay{Date: d.date, Engaged: counted[i]}
	}
	return out, nil
}

func (s *Service) selection(who actor.Actor, p Period, f Filter) (window, Selection, error) {
	w, err := p.window(s.clock.Now())
	if err != nil {
		return window{}, Selection{}, err
	}
	scope, err := scopeOf(who)
	return w, Selection{Scope: scope, Filter: f, From: w.from, Until: w.until}, err
}
