package sqlstore

import (
	"context"
	"log/slog"
	"sync/atomic"
)

// PassVectors is the statement that passes vectors on within a document.
const PassVectors = passVectors

// RepairNamesBy is RepairNames with statements about so many documents.
func (s *Store) RepairNamesBy(ctx context.Context, atOnce int) error {
	return s.repairNames(ctx, atOnce)
}

// AlwaysIndex has the index asked however few passages there are.
func (s *Store) AlwaysIndex() { s.vectors.from, s.vectors.part = 0, 0 }

// LostLongAgo has a lost index looked for at the next use.
func (s *Store) LostLongAgo() {
	for _, last := range []*atomic.Int64{&s.vectors.asked, &s.vectors.kept} {
		if last.Load() != 0 {
			last.Store(1)
		}
	}
}

// Loses reports whether an error stops the use of an index.
func (s *Store) Loses(ctx context.Context, err error) bool {
	v := &pgvector{}
	s.vectors.on.Store(v)
	lost := s.lost(ctx, v, err)
	return lost && s.vectors.on.Load() == nil
}

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
