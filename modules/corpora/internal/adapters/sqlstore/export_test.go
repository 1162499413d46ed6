package sqlstore

import (
	"context"
	"log/slog"
)

// PassVectors is the statement that passes vectors on within a document.
const PassVectors = passVectors

// AlwaysIndex has the index asked however few passages there are.
func (s *Store) AlwaysIndex() { s.vectors.from, s.vectors.part = 0, 0 }

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
