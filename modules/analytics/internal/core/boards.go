package core

import (
	"cmp"
	"context"
	"slices"
	"time"

	"parley/platform/kernel/actor"
)

// Ranked is the figures of a user, an agent, a team or a project.
type Ranked struct {
	ID   int64
	Name string // "" when it is not known: of a deleted user, never
	Figures
}

// Ranking is the order of a leaderboard, highest first and then by id, and who
// has a place on it.
type Ranking int

// The rankings.
const (
	// ByTokens lists who used tokens or had a run, an evaluation among them.
	ByTokens Ranking = iota
	// ByQueries lists who had a query.
	ByQueries
	// ByLatest lists who had a query, the latest activity first.
	ByLatest
)

// boards are the kinds that leaderboards are of.
var boards = map[Kind]Dimension{User: ByUser, Agent: ByAgent, Team: ByTeam, Project: ByProject}

// Leaderboard answers the first of those of a kind who were active in a period,
// at most limit. It answers ErrPeriod or ErrNotAdmin.
func (s *Service) Leaderboard(ctx context.Context, who actor.Actor, p Period, f Filter, k Kind, by Ranking, limit int) ([]Ranked, error) {
	w, selected, err := s.selection(who, p, f)
	if err != nil {
		return nil, err
	}
	q := Question{Selection: selected, By: boards[k], Without: Spent, First: limit, Rank: by}
	if by == ByTokens {
		q.Without = Marks
	}
	if by == ByQueries {
		_, days := w.periods(Daily)
		q.Threads, q.Days = true, append([]time.Time{}, days...)
	}
	rows, err := s.store.Ask(ctx, q)
	if err != nil {
		return nil, err
	}
	names, err := s.names(ctx, selected.OrganizationID, k, rows)
	out := make([]Ranked, len(rows))
	for i, r := range rows {
		out[i] = Ranked{ID: r.Key.ID, Name: names[r.Key.ID], Figures: r.Figures}
	}
	return out, err
}

// Lists reports whether figures have a place in the order.
func (b Ranking) Lists(f *Figures) bool {
	return f.Queries > 0 || b == ByTokens && (f.Runs > 0 || f.TotalTokens() > 0)
}

// Value is what the highest stands first of.
func (b Ranking) Value(f *Figures) int64 {
	switch b {
	case ByTokens:
		return f.TotalTokens()
	case ByQueries:
		return f.Queries
	case ByLatest:
	}
	return f.LastActive.UnixMicro()
}

// Segment is the figures of one part of what happened.
type Segment struct {
	// Name is the source, the model or the type of agent, or what the team or
	// project is called; "" when there is none, or its name is not known.
	Name string
	ID   int64 // of the team or project; 0 for none
	Figures
}

// BySegment divides what happened in a period by source, model, type of agent,
// project or team, the largest segment first and then by name and id. by says what
// is large: ByTokens or ByQueries. It answers ErrPeriod or ErrNotAdmin.
func (s *Service) BySegment(ctx context.Context, who actor.Actor, p Period, f Filter, d Dimension, by Ranking, limit int) ([]Segment, error) {
	_, selected, err := s.selection(who, p, f)
	if err != nil {
		return nil, err
	}
	rows, err := s.store.Ask(ctx, Question{Selection: selected, By: d})
	if err != nil {
		return nil, err
	}
	rows = slices.DeleteFunc(rows, func(r Row) bool { return !by.Lists(&r.Figures) })
	slices.SortFunc(rows, func(a, b Row) int {
		return cmp.Or(cmp.Compare(by.Value(&b.Figures), by.Value(&a.Figures)), cmp.Compare(a.Key.Name, b.Key.Name), cmp.Compare(a.Key.ID, b.Key.ID))
	})
	rows = rows[:min(len(rows), limit)]
	names := map[int64]string{}
	if kind, ok := map[Dimension]Kind{ByTeam: Team, ByProject: Project}[d]; ok {
		if names, err = s.names(ctx, selected.OrganizationID, kind, rows); err != nil {
			return nil, err
		}
	}
	out := make([]Segment, len(rows))
	for i, r := range rows {
		out[i] = Segment{Name: cmp.Or(r.Key.Name, names[r.Key.ID]), ID: r.Key.ID, Figures: r.Figures}
	}
	return out, nil
}

// names answers what the keys of rows are called, as far as that is known.
func (s *Service) names(ctx context.Context, organizationID int64, k Kind, rows []Row) (map[int64]string, error) {
	var ids []int64
	for _, r := range rows {
		if r.Key.ID != 0 {
			ids = append(ids, r.Key.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	return s.store.Names(ctx, organizationID, k, ids)
}
