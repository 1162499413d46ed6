package sqlstore

import (
	"context"
	"time"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/sqldb"
)

// Newest is the statement that lists answered questions.
func (s *Store) Newest(f core.AnsweredFilter, behind page.Key, limit int) string {
	return s.newest(context.Background(), f, behind, limit).String()
}

// InBuckets is the statement that looks for words on PostgreSQL.
func (s *Store) InBuckets(agent int64, words []string, bottom, top int64) string {
	return s.inBuckets(context.Background(), agent, words, bottom, top, 0, 1<<40, 100).String()
}

// IndexRuns indexes the words of some runs.
func (s *Store) IndexRuns(ctx context.Context, runs []int64) error { return s.indexRuns(ctx, runs) }

// Changes are the changes that a batch is made of.
var Changes = []sqldb.Change{advancing, beginning, searching, closing, answering, touching}

// Stock takes n ids that the questions of a batch at that time may have. SQLite's
// takes its own.
func (s *Store) Stock(ctx context.Context, n int, at time.Time) error {
	if !s.db.Postgres() {
		return nil
	}
	w := writing{Store: s, now: at}
	asks := s.db.NewAsks()
	w.takeIDs(asks, n)
	if err := s.db.Within(ctx, asks.Run); err != nil {
		return err
	}
	s.stock.mu.Lock()
	defer s.stock.mu.Unlock()
	s.stock.at, s.stock.ids = at, w.ids
	return nil
}

// Stocked answers how many ids a batch at that time may have.
func (s *Store) Stocked(at time.Time) int {
	s.stock.mu.Lock()
	defer s.stock.mu.Unlock()
	return s.stock.fresh(at)
}
