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

// cellsAt are the cells of an organization, by number, as of a version of its
// segments: only what raises that adds some.
type cellsAt struct {
	version int64
	cells   []segment.Cell
}

// readCells answers the cells of a view. Those that were read before are kept: a
// cell never changes.
func (v *view) readCells(ctx context.Context) ([]segment.Cell, error) {
	v.s.mu.Lock()
	known := v.s.known[v.org]
	v.s.mu.Unlock()
	if !v.private && known.version == v.version {
		return known.cells, nil
	}
	var more []cellRow
	err := v.s.db.On(ctx).NewSelect().Model(&more).Where("organization_id = ? AND number >= ?", v.org, len(known.cells)).OrderExpr("number").Scan(ctx)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("reading cells: %w", err)
	}
	all := slices.Clip(known.cells)
	for _, c := range more {
		all = append(all, c.Cell)
	}
	if !v.private {
		v.s.keepCells(v.org, cellsAt{v.version, all})
	}
	return all, nil
}

// keepCells keeps cells that are committed.
func (s *Store) keepCells(org int64, at cellsAt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at.version > s.known[org].version {
		s.known[org] = at
	}
}
