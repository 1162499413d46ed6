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

// Day is the tokens of one day of the reader's.
type Day struct {
	Date time.Time // midnight UTC of the date
	Tokens
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

// TokensByDate answers the tokens of each day of a period, dates ascending,
// with a row for every date. It answers ErrPeriod or ErrNotAdmin.
func (s *Service) TokensByDate(ctx context.Context, who actor.Actor, p Period, f Filter) ([]Day, error) {
	w, selected, err := s.selection(who, p, f)
	if err != nil {
		return nil, err
	}
	days := make([]Day, w.days())
	// A day that the zone leaves out, or that begins outside of the window, has
	// no cut; period i is the day dates[i].
	var cuts []time.Time
	dates := []int{0}
	for i := range days {
		days[i].Date = w.first.AddDate(0, 0, i)
		begin := beginOf(days[i].Date, w.zone)
		if i > 0 && begin.After(w.from) && begin.Before(w.until) && (len(cuts) == 0 || begin.After(cuts[len(cuts)-1])) && w.index(begin) == i {
			cuts, dates = append(cuts, begin), append(dates, i)
		}
	}
	rows, err := s.store.Ask(ctx, Question{Selection: selected, Cuts: cuts})
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		days[dates[r.Period]].Tokens = Tokens{PromptTokens: r.PromptTokens, CompletionTokens: r.CompletionTokens, Cost: r.Cost}
	}
	return days, nil
}

func (s *Service) selection(who actor.Actor, p Period, f Filter) (window, Selection, error) {
	w, err := p.window(s.clock.Now())
	if err != nil {
		return window{}, Selection{}, err
	}
	scope, err := scopeOf(who)
	return w, Selection{Scope: scope, Filter: f, From: w.from, Until: w.until}, err
}
