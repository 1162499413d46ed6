package sqlstore

import (
	"context"

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
