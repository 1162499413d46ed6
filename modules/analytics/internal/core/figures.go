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
	totals, err := s.store.Totals(ctx, selected)
	return Overview{Existing: existing, Totals: totals}, err
}

// TokensByDate answers the tokens of each day of a period, dates ascending,
// with a row for every date. It answers ErrPeriod or ErrNotAdmin.
func (s *Service) TokensByDate(ctx context.Context, who actor.Actor, p Period, f Filter) ([]Day, error) {
	w, selected, err := s.selection(who, p, f)
	if err != nil {
		return nil, err
	}
	quarters, err := s.store.Quarters(ctx, selected)
	if err != nil {
		return nil, err
	}
	days := make([]Day, w.days())
	for i := range days {
		days[i].Date = w.first.AddDate(0, 0, i)
	}
	for _, q := range quarters {
		// All of a quarter has one date, also when the period cuts it.
		i := w.index(time.Unix(q.Quarter*15*60, 0))
		days[i].PromptTokens += q.PromptTokens
		days[i].CompletionTokens += q.CompletionTokens
		days[i].Cost = days[i].Cost.Plus(q.Cost)
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
