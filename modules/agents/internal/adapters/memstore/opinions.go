package memstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"parley/modules/agents/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
)

// run is that a user has run an agent.
type run struct{ ID, OrganizationID, UserID, AgentID int64 }

var (
	errNoted   = errors.New("the run is noted already")
	errUnrated = errors.New("the user has not rated the agent yet")
)

func pair(user, agent int64) string { return fmt.Sprint(user, "/", agent) }

func newRuns(db *memory.DB) *memory.Table[run] {
	return memory.NewTable(db, memory.Spec[run]{
		ID: func(r *run) *int64 { return &r.ID }, Unique: []func(run) string{func(r run) string { return pair(r.UserID, r.AgentID) }}, Taken: errNoted,
	})
}

func newReviews(db *memory.DB) *memory.Table[core.Review] {
	return memory.NewTable(db, memory.Spec[core.Review]{
		ID:      func(r *core.Review) *int64 { return &r.ID },
		Unique:  []func(core.Review) string{func(r core.Review) string { return pair(r.UserID, r.AgentID) }},
		Missing: core.ErrReviewNotFound, Taken: core.ErrReviewed,
	})
}

func newRatings(db *memory.DB) *memory.Table[core.Rating] {
	return memory.NewTable(db, memory.Spec[core.Rating]{
		ID:      func(r *core.Rating) *int64 { return &r.ID },
		Unique:  []func(core.Rating) string{func(r core.Rating) string { return pair(r.UserID, r.AgentID) }},
		Missing: errUnrated, Taken: errUnrated,
	})
}

func newAliases(db *memory.DB) *memory.Table[core.Alias] {
	return memory.NewTable(db, memory.Spec[core.Alias]{
		ID: func(a *core.Alias) *int64 { return &a.ID },
		Unique: []func(core.Alias) string{
			func(a core.Alias) string { return fmt.Sprint(a.AgentID) },
			func(a core.Alias) string { return strings.ToLower(a.Alias) },
		},
		Missing: core.ErrNoAlias, Taken: core.ErrAliasTaken,
	})
}

// NoteAgain implements core.Opinions.
func (s *Store) NoteAgain(ctx context.Context, questions []core.Question) (others []core.Question, err error) {
	err = s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		for _, q := range questions {
			ran, err := s.HasRun(ctx, q.UserID, q.AgentID)
			if err != nil {
				return err
			}
			recent, err := s.bookmarks[core.Recent].Count(ctx, func(b core.Bookmark) bool { return b.UserID == q.UserID && b.AgentID == q.AgentID })
			if err != nil {
				return err
			}
			if !ran || recent == 0 {
				others = append(others, q)
				continue
			}
			b := core.Bookmark{OrganizationID: q.OrganizationID, UserID: q.UserID, AgentID: q.AgentID, CreatedOn: q.AskedOn}
			if _, err := s.AddBookmark(ctx, core.Recent, b); err != nil {
				return err
			}
		}
		return nil
	})
	return others, err
}

// NoteQuestions implements core.Opinions.
func (s *Store) NoteQuestions(ctx context.Context, questions []core.Question, keep int) error {
	return s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		for _, q := range questions {
			if _, err := s.runs.Add(ctx, run{OrganizationID: q.OrganizationID, UserID: q.UserID, AgentID: q.AgentID}); err != nil && !errors.Is(err, errNoted) {
				return err
			}
			b := core.Bookmark{OrganizationID: q.OrganizationID, UserID: q.UserID, AgentID: q.AgentID, CreatedOn: q.AskedOn}
			if _, err := s.AddBookmark(ctx, core.Recent, b); err != nil {
				return err
			}
		}
		return s.Trim(ctx, core.Recent, core.Askers(questions), keep)
	})
}

// HasRun implements core.Opinions.
func (s *Store) HasRun(ctx context.Context, user, agent int64) (bool, error) {
	n, err := s.runs.Count(ctx, func(r run) bool { return r.UserID == user && r.AgentID == agent })
	return n > 0, err
}

// AddReview implements core.Opinions.
func (s *Store) AddReview(ctx context.Context, r core.Review) (core.Review, error) {
	return s.reviews.Add(ctx, r)
}

func review(agent, id int64) func(core.Review) bool {
	return func(r core.Review) bool { return r.ID == id && r.AgentID == agent }
}

// Review implements core.Opinions.
func (s *Store) Review(ctx context.Context, agent, id int64) (core.Review, error) {
	return s.reviews.Get(ctx, review(agent, id))
}

// ReviewByID implements core.Opinions.
func (s *Store) ReviewByID(ctx context.Context, organization, id int64) (core.Review, error) {
	return s.reviews.Get(ctx, func(r core.Review) bool { return r.ID == id && r.OrganizationID == organization })
}

// ReviewsPage implements core.Opinions.
func (s *Store) ReviewsPage(ctx context.Context, agent int64, p page.Request) (page.Of[core.Review], error) {
	return s.reviews.Page(ctx, p, true, func(r core.Review) page.Key { return page.Key{ID: r.ID} }, func(r core.Review) bool { return r.AgentID == agent })
}

// UpdateReview implements core.Opinions.
func (s *Store) UpdateReview(ctx context.Context, agent, id int64, change func(*core.Review) error) (core.Review, error) {
	return s.reviews.Update(ctx, change, review(agent, id))
}

// DeleteReview implements core.Opinions.
func (s *Store) DeleteReview(ctx context.Context, agent, id int64) error {
	gone, err := s.reviews.Delete(ctx, review(agent, id))
	if err == nil && len(gone) == 0 {
		err = core.ErrReviewNotFound
	}
	return err
}

// ToggleRating implements core.Opinions.
func (s *Store) ToggleRating(ctx context.Context, r core.Rating) error {
	_, err := s.ratings.Upsert(ctx, r, func(stands *core.Rating) error {
		stands.IsRated, stands.ModifiedOn = !stands.IsRated, r.ModifiedOn
		return nil
	}, func(o core.Rating) bool { return o.UserID == r.UserID && o.AgentID == r.AgentID })
	return err
}

// CountRatings implements core.Opinions.
func (s *Store) CountRatings(ctx context.Context, agent, user int64) (int64, bool, error) {
	list, err := s.ratings.List(ctx, func(r core.Rating) bool { return r.AgentID == agent && r.IsRated })
	return int64(len(list)), slices.ContainsFunc(list, func(r core.Rating) bool { return r.UserID == user }), err
}

// ForgetUser implements core.Opinions.
func (s *Store) ForgetUser(ctx context.Context, user int64) error {
	return s.forget(ctx, func(u, _ int64) bool { return u == user })
}

// ForgetAgents implements core.Opinions.
func (s *Store) ForgetAgents(ctx context.Context, agents []int64) error {
	if _, err := s.aliases.Delete(ctx, func(a core.Alias) bool { return slices.Contains(agents, a.AgentID) }); err != nil {
		return err
	}
	return s.forget(ctx, func(_, agent int64) bool { return slices.Contains(agents, agent) })
}

func (s *Store) forget(ctx context.Context, match func(user, agent int64) bool) error {
	for _, table := range s.bookmarks {
		if _, err := table.Delete(ctx, func(m core.Bookmark) bool { return match(m.UserID, m.AgentID) }); err != nil {
			return err
		}
	}
	if _, err := s.runs.Delete(ctx, func(r run) bool { return match(r.UserID, r.AgentID) }); err != nil {
		return err
	}
	if _, err := s.reviews.Delete(ctx, func(r core.Review) bool { return match(r.UserID, r.AgentID) }); err != nil {
		return err
	}
	_, err := s.ratings.Delete(ctx, func(r core.Rating) bool { return match(r.UserID, r.AgentID) })
	return err
}

// AddAlias implements core.Aliases.
func (s *Store) AddAlias(ctx context.Context, a core.Alias) (core.Alias, error) {
	err := s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		own, err := s.Aliases(ctx, []int64{a.AgentID})
		if err != nil {
			return err
		}
		if len(own) > 0 {
			return core.ErrHasAlias
		}
		a, err = s.aliases.Add(ctx, a)
		return err
	})
	return a, err
}

// UpdateAlias implements core.Aliases.
func (s *Store) UpdateAlias(ctx context.Context, agent int64, change func(*core.Alias) error) (core.Alias, error) {
	return s.aliases.Update(ctx, change, func(a core.Alias) bool { return a.AgentID == agent })
}

// Aliases implements core.Aliases.
func (s *Store) Aliases(ctx context.Context, agents []int64) ([]core.Alias, error) {
	return s.aliases.List(ctx, func(a core.Alias) bool { return slices.Contains(agents, a.AgentID) })
}

// AliasesPage implements core.Aliases.
func (s *Store) AliasesPage(ctx context.Context, v core.Visible, p page.Request) (page.Of[core.Alias], error) {
	is, err := s.seen(ctx, v)
	if err != nil {
		return page.Of[core.Alias]{}, err
	}
	return s.aliases.Page(ctx, p, false, func(a core.Alias) page.Key { return page.Key{ID: a.ID} }, func(a core.Alias) bool { return is[a.AgentID] })
}
