package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"parley/modules/analytics/internal/core/segment"
)

// state is what is known of an organization's segments at one moment.
type state struct {
	segment.State
	first   int64 // no fact is of a quarter before it
	version int64 // of the segments: each change of some raises it
}

// The kinds of rows of the statement that reads a state.
const (
	horizonRow = iota
	markRow
	staleRow
)

const readState = `SELECT 0, horizon, first, version FROM analytics_horizons WHERE organization_id = $1
UNION ALL SELECT 1, quarter, 0, 0 FROM analytics_marks WHERE organization_id = $2 GROUP BY quarter
UNION ALL SELECT 2, level, start, 0 FROM analytics_stale WHERE organization_id = $3`

// state reads what is known, in one statement.
func (s *Store) state(ctx context.Context, org int64) (state, error) {
	out := state{State: segment.State{Stale: map[segment.Ref]bool{}}}
	err := s.readState.Rows(ctx, func(row *sql.Rows) error {
		var kind, a, b, c int64
		if err := row.Scan(&kind, &a, &b, &c); err != nil {
			return err
		}
		switch kind {
		case horizonRow:
			out.Horizon, out.first, out.version = a, b, c
		case markRow:
			out.Open = append(out.Open, a)
		case staleRow:
			out.Stale[segment.Ref{Level: int(a), Start: b}] = true
		}
		return nil
	}, org, org, org)
	if err != nil {
		return out, fmt.Errorf("reading the state of segments: %w", err)
	}
	slices.Sort(out.Open)
	if len(out.Open) > 0 {
		out.first = min(out.first, out.Open[0])
	}
	return out, nil
}

// cells answers the cells of an organization by number. Those that were read
// before are kept: a cell never changes.
func (s *Store) cells(ctx context.Context, org int64) ([]segment.Cell, error) {
	s.mu.Lock()
	known := s.known[org]
	s.mu.Unlock()
	var more []cellRow
	err := s.db.On(ctx).NewSelect().Model(&more).Where("organization_id = ? AND number >= ?", org, len(known)).OrderExpr("number").Scan(ctx)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("reading cells: %w", err)
	}
	if len(more) == 0 {
		return known, nil
	}
	all := slices.Clip(known)
	for _, c := range more {
		all = append(all, c.Cell)
	}
	return all, nil
}

// keepCells keeps cells that are committed.
func (s *Store) keepCells(org int64, cells []segment.Cell) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(cells) > len(s.known[org]) {
		s.known[org] = cells
	}
}
