// Package memstore keeps chat in memory, for tests.
package memstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
)

// Store implements core.Store.
type Store struct {
	db       *memory.DB
	threads  *memory.Table[core.Thread]
	runs     *memory.Table[core.Run]
	contents *memory.Table[row[core.Content]]
	events   *memory.Table[row[core.StreamEvent]]
	thoughts *memory.Table[row[core.Thought]]
	support  *memory.Table[row[core.Support]]
	ledger   *memory.Table[row[core.Metered]]
	grants   *memory.Table[core.Grant]
	comments *memory.Table[core.Comment]
	votes    *memory.Table[core.Vote]
}

// row is what belongs to a run.
type row[V any] struct {
	ID, RunID int64
	Value     V
}

// New returns an empty store in db.
func New(db *memory.DB) *Store {
	return &Store{
		db:      db,
		threads: memory.NewTable(db, memory.Spec[core.Thread]{ID: func(t *core.Thread) *int64 { return &t.ID }, Missing: core.ErrNotFound}),
		runs: memory.NewTable(db, memory.Spec[core.Run]{
			ID: func(r *core.Run) *int64 { return &r.ID },
			Unique: []func(core.Run) string{func(r core.Run) string {
				if r.IdempotencyKey == nil {
					return ""
				}
				return fmt.Sprintf("%d/%s", r.UserID, *r.IdempotencyKey)
			}, func(r core.Run) string {
				if r.QuestionKey == nil {
					return ""
				}
				return fmt.Sprintf("%d/%s", r.UserID, *r.QuestionKey)
			}},
			Taken: core.ErrInProgress, Missing: core.ErrNotFound,
		}),
		contents: rows[core.Content](db), events: rows[core.StreamEvent](db), thoughts: rows[core.Thought](db),
		support: rows[core.Support](db), ledger: rows[core.Metered](db), comments: comments(db), votes: votes(db),
		grants: memory.NewTable(db, memory.Spec[core.Grant]{ID: func(g *core.Grant) *int64 { return &g.ID }, Missing: core.ErrGrantNotFound}),
	}
}

func rows[V any](db *memory.DB) *memory.Table[row[V]] {
	return memory.NewTable(db, memory.Spec[row[V]]{ID: func(r *row[V]) *int64 { return &r.ID }, Missing: core.ErrNotFound})
}

// add stores what belongs to a run.
func add[V any](ctx context.Context, t *memory.Table[row[V]], run int64, values ...V) error {
	for _, v := range values {
		if _, err := t.Add(ctx, row[V]{RunID: run, Value: v}); err != nil {
			return err
		}
	}
	return nil
}

// of answers what belongs to a run, in order.
func of[V any](ctx context.Context, t *memory.Table[row[V]], run int64, order func(a, b V) int) ([]V, error) {
	found, err := t.List(ctx, func(r row[V]) bool { return r.RunID == run })
	out := make([]V, len(found))
	for i, r := range found {
		out[i] = r.Value
	}
	slices.SortStableFunc(out, order)
	return out, err
}

// remove deletes what belongs to any of the runs.
func remove[V any](ctx context.Context, t *memory.Table[row[V]], runs map[int64]bool) error {
	_, err := t.Delete(ctx, func(r row[V]) bool { return runs[r.RunID] })
	return err
}

func myThread(userID, id int64) func(core.Thread) bool {
	return func(t core.Thread) bool { return t.ID == id && t.UserID == userID && !t.IsDeleted }
}

func myRun(userID, id int64) func(core.Run) bool {
	return func(r core.Run) bool { return r.ID == id && r.UserID == userID && !r.IsDeleted }
}

// from reports whether a thread matches a query source; "" stands for all of
// users.
func from(t core.Thread, source string) bool {
	return t.QuerySource == nil || *t.QuerySource == source || source == "" && *t.QuerySource != core.SourceEvaluation
}

// AddThread implements core.Threads.
func (s *Store) AddThread(ctx context.Context, t core.Thread) (core.Thread, error) {
	return s.threads.Add(ctx, t)
}

// Thread implements core.Threads.
func (s *Store) Thread(ctx context.Context, userID, id int64) (core.Thread, error) {
	return s.threads.Get(ctx, myThread(userID, id))
}

// UpdateThread implements core.Threads.
func (s *Store) UpdateThread(ctx context.Context, userID, id int64, change func(*core.Thread) error) (core.Thread, error) {
	return s.threads.Update(ctx, change, myThread(userID, id))
}

// ThreadsPage implements core.Threads.
func (s *Store) ThreadsPage(ctx context.Context, userID, agentID int64, source string, p page.Request) (page.Of[core.Thread], error) {
	return s.threads.Page(ctx, p, true, core.ByActivity, func(t core.Thread) bool {
		return t.UserID == userID && t.AgentID == agentID && !t.IsDeleted && from(t, source)
	})
}

// DeleteUser implements core.Runs.
func (s *Store) DeleteUser(ctx context.Context, userID int64) error {
	return s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		mine, err := s.runs.List(ctx, func(r core.Run) bool { return r.UserID == userID })
		if err != nil {
			return err
		}
		gone := map[int64]bool{}
		for _, r := range mine {
			gone[r.ID] = true
			_, err := s.runs.Update(ctx, func(r *core.Run) error {
				r.IsDeleted, r.CreatedBy, r.FailureDetails, r.IdempotencyKey, r.QuestionKey, r.CacheKey = true, "", "", nil, nil, ""
				return nil
			}, func(o core.Run) bool { return o.ID == r.ID })
			if err != nil {
				return err
			}
		}
		if err := s.erase(ctx, gone); err != nil {
			return err
		}
		_, votes := s.votes.Delete(ctx, func(v core.Vote) bool { return v.UserID == userID })
		_, comments := s.comments.Delete(ctx, func(c core.Comment) bool { return c.UserID == userID })
		_, threads := s.threads.Delete(ctx, func(t core.Thread) bool { return t.UserID == userID })
		return errors.Join(votes, comments, threads)
	})
}

// Ledger answers the ledger rows of a run, for tests.
func (s *Store) Ledger(ctx context.Context, run int64) ([]core.Metered, error) {
	return of(ctx, s.ledger, run, func(a, b core.Metered) int { return 0 })
}

// null is what a detail that was never given is stored as.
var null = json.RawMessage("null")
