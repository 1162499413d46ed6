package sqlstore

import (
	"context"
	"log/slog"
)

// IndexFrom is how many passages a question must look at to ask the index.
func (s *Store) IndexFrom(passages int) { s.vectors.from = passages }

// UsePgvectorOf is UseVectorIndex with what an older version could do.
func (s *Store) UsePgvectorOf(ctx context.Context, version string) error {
	_, schema, err := s.extension(ctx)
	if err != nil {
		return err
	}
	v := pgvectorOf(version, schema)
	if v.kind, err = s.directions(ctx, v); err != nil {
		return err
	}
	s.vectors.log = slog.New(slog.DiscardHandler)
	s.vectors.on.Store(&v)
	return nil
}
