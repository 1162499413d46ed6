package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"parley/modules/analytics/internal/core"
	"parley/modules/analytics/internal/core/segment"
	"parley/platform/sqldb"
)

// Limits of one transaction.
const (
	sealQuarters = 16     // quarters sealed at once
	moveQuarters = 7 * 96 // that the horizon moves at once
	maxStale     = 200    // stale segments that are looked at; few are incomplete
	maxTries     = 20     // when others seal the same organization
)

// errChanged answers a step that somebody else overtook.
var errChanged = errors.New("the segments were changed meanwhile")

// Seal implements core.Store.
func (s *Store) Seal(ctx context.Context, org int64, before time.Time) error {
	until := core.QuarterOf(before)
	for more := true; more; {
		var err error
		if more, err = s.move(ctx, org, until); err != nil {
			return fmt.Errorf("moving the horizon: %w", err)
		}
		for _, step := range []func(ctx context.Context, org, now int64) (bool, error){s.sealSome, s.mergeSome} {
			if err := s.repeat(ctx, org, until, step); err != nil {
				return fmt.Errorf("sealing: %w", err)
			}
		}
	}
	return nil
}

// repeat takes a step until nothing is left to do.
func (s *Store) repeat(ctx context.Context, org, now int64, step func(ctx context.Context, org, now int64) (bool, error)) error {
	overtaken := 0
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		more, err := step(ctx, org, now)
		switch {
		case errors.Is(err, errChanged) && overtaken < maxTries:
			overtaken++
		case err != nil || !more:
			return err
		default:
			overtaken = 0
		}
	}
}

// move moves the horizon towards a quarter, and marks what it passed.
func (s *Store) move(ctx context.Context, org, until int64) (more bool, err error) {
	err = s.db.Within(ctx, func(ctx context.Context) error {
		db := s.db.On(ctx)
		if s.db.Postgres() {
			if _, err := db.NewRaw("SELECT pg_advisory_xact_lock(" + lockName + ")").Exec(ctx); err != nil {
				return err
			}
		}
		st, err := s.state(ctx, org)
		if err != nil || st.Horizon >= until {
			return err
		}
		next := stretch{st.Horizon, until}
		var found sql.NullInt64
		if err := db.NewSelect().
			ColumnExpr("min(quarter)").
			Table("analytics_facts").
			Where("organization_id = ?", org).
			Apply(next.within).
			Scan(ctx, &found); err != nil {
			return err
		}
		if st.Horizon == 0 { // of what is older than 1970 there is none
			if !found.Valid {
				return nil
			}
			if _, err := db.NewRaw("INSERT INTO analytics_horizons (organization_id, horizon, first, version) VALUES (?, ?, ?, 0) ON CONFLICT (organization_id) DO NOTHING",
				org, found.Int64, found.Int64).
				Exec(ctx); err != nil {
				return err
			}
		}
		if found.Valid {
			next.first = found.Int64
			next.end = min(next.first+moveQuarters, until)
			if _, err := db.NewRaw("INSERT INTO analytics_marks (organization_id, quarter) SELECT DISTINCT organization_id, quarter FROM analytics_facts "+
				"WHERE organization_id = ? AND quarter >= ? AND quarter < ?", org, next.first, next.end).Exec(ctx); err != nil {
				return err
			}
		}
		more = next.end < until
		_, err = db.NewRaw("UPDATE analytics_horizons SET horizon = ? WHERE organization_id = ?", next.end, org).Exec(ctx)
		return err
	})
	return more, err
}

// sealSome seals the first quarters that are marked, from all their facts.
func (s *Store) sealSome(ctx context.Context, org, now int64) (more bool, err error) {
	c, private := &change{org: org, stale: map[segment.Ref]int64{}}, s.db.InTx(ctx)
	err = s.db.Snapshot(ctx, func(ctx context.Context) error {
		v, err := s.view(ctx, org, private)
		if err != nil || len(v.Open) == 0 {
			return err
		}
		open := v.Open[:min(len(v.Open), sealQuarters)]
		more = true
		where := make([]stretch, len(open))
		for i, q := range open {
			where[i] = stretch{q, q + 1}
		}
		if err := s.db.On(ctx).
			NewSelect().
			Column("id").
			Table("analytics_marks").
			Where("organization_id = ? AND quarter IN (?)", org, bun.List(open)).
			Scan(ctx, &c.marks); err != nil {
			return fmt.Errorf("reading marks: %w", err)
		}
		c.version, c.cells, c.first = v.version, newNumbers(v.cells), min(v.first, open[0])
		facts := s.newFactReader(org, 0, where)
		for _, w := range where {
			// Each part is of whole quarters, so that there is only one.
			if err := facts.each(ctx, w, func(all []core.Fact) { c.put(segment.Ref{Start: w.first}, segment.Of(all, c.cells.number)) }); err != nil {
				return err
			}
			for level := 1; level <= segment.Top; level++ {
				c.stale[segment.Above(w.first, level)] = 0
			}
		}
		return s.putOff(ctx, c, now)
	})
	if err != nil || !more {
		return more, err
	}
	return true, s.apply(ctx, c)
}

// delay is for how many quarters a stale segment waits, so that facts that come
// late one after the other cost one merge of large segments together.
func delay(level int) int64 {
	switch {
	case level < 4:
		return 0
	case level < 6:
		return segment.Span(level - 3)
	}
	return segment.Span(3)
}

// putOff lets the stale segments of a change wait that were made before.
func (s *Store) putOff(ctx context.Context, c *change, now int64) error {
	levels := map[int][]int64{}
	for ref := range c.stale {
		levels[ref.Level] = append(levels[ref.Level], ref.Start)
	}
	var made []segmentRow
	// Each level is found by the primary key, as in stored.
	var q *bun.SelectQuery
	for level, starts := range levels {
		one := s.db.On(ctx).NewSelect().Model((*segmentRow)(nil)).Column("level", "start").
			Where("organization_id = ? AND face = ? AND level = ? AND start IN (?)", c.org, int64(segment.FaceSums), level, bun.List(starts))
		if q == nil {
			q = one
		} else {
			q = q.UnionAll(one)
		}
	}
	if q == nil {
		return nil
	}
	if err := q.Scan(ctx, &made); err != nil {
		return fmt.Errorf("reading which segments there are: %w", err)
	}
	for _, r := range made {
		c.stale[r.key().Ref] = now + delay(int(r.Level))
	}
	return nil
}

// numbers gives cells their numbers.
type numbers struct {
	cells  []segment.Cell
	stored int // so many of them were there before
	of     map[segment.Cell]int64
}

func newNumbers(cells []segment.Cell) *numbers {
	n := &numbers{cells: slices.Clip(cells), stored: len(cells), of: make(map[segment.Cell]int64, len(cells))}
	for i, c := range cells {
		n.of[c] = int64(i)
	}
	return n
}

func (n *numbers) number(c segment.Cell) int64 {
	i, known := n.of[c]
	if !known {
		i = int64(len(n.cells))
		n.cells = append(n.cells, c)
		n.of[c] = i
	}
	return i
}

// Evaluates implements segment.Cells.
func (n *numbers) Evaluates(cell int64) bool { return n.cells[cell].Evaluates() }

// PlaceOf implements segment.Cells.
func (n *numbers) PlaceOf(cell int64) int64 { return n.number(n.cells[cell].Place()) }

// TeamOf implements segment.Cells.
func (n *numbers) TeamOf(cell int64) int64 { return n.number(n.cells[cell].Team()) }

// KindOf implements segment.Cells.
func (n *numbers) KindOf(cell int64) int64 { return n.number(n.cells[cell].Kind()) }

// change is one step of sealing, made from what was there at a version.
type change struct {
	org      int64
	version  int64
	cells    *numbers
	segments []segmentRow
	gone     []segment.Ref         // have nothing in them
	first    int64                 // the first quarter that has facts
	marks    []int64               // that are dealt with
	stale    map[segment.Ref]int64 // to be made anew, and from which quarter on
	fresh    []segment.Ref         // not stale any more
}

func (c *change) put(ref segment.Ref, s *segment.Segment) {
	if s.Empty() {
		c.gone = append(c.gone, ref)
		return
	}
	for face, data := range s.Pack(c.cells) {
		c.segments = append(c.segments, segmentRow{
			OrganizationID: c.org, Face: int64(face), Level: int64(ref.Level), Start: ref.Start, Version: c.version + 1, Data: data, Form: segmentForm,
		})
	}
}

type cellRow struct {
	bun.BaseModel  `bun:"table:analytics_cells,alias:c"`
	OrganizationID int64
	Number         int64
	segment.Cell
}

type staleRowOf struct {
	bun.BaseModel  `bun:"table:analytics_stale,alias:s"`
	OrganizationID int64
	Level          int64
	Start          int64
	Due            int64
}

type markRowOf struct {
	bun.BaseModel  `bun:"table:analytics_marks,alias:m"`
	ID             int64
	OrganizationID int64
	Quarter        int64
}

// apply stores a step, unless somebody else stored one since: errChanged. Marks
// that were set since stay.
func (s *Store) apply(ctx context.Context, c *change) error {
	return s.db.Within(ctx, func(ctx context.Context) error {
		db := s.db.On(ctx)
		done, err := db.NewRaw("UPDATE analytics_horizons SET version = version + 1, first = CASE WHEN first > ? THEN ? ELSE first END WHERE organization_id = ? AND version = ?",
			c.first, c.first, c.org, c.version).
			Exec(ctx)
		if err != nil {
			return fmt.Errorf("taking the turn: %w", err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, errChanged)
		}
		return s.write(ctx, c)
	})
}

func (s *Store) write(ctx context.Context, c *change) error {
	script := s.db.NewScript()
	var cells []cellRow
	for i := c.cells.stored; i < len(c.cells.cells); i++ {
		cells = append(cells, cellRow{OrganizationID: c.org, Number: int64(i), Cell: c.cells.cells[i]})
	}
	script.Insert(sqldb.Insert{Rows: &cells})
	script.Insert(
		sqldb.Insert{Rows: &c.segments, OnConflict: "(organization_id, face, level, start) DO UPDATE SET version = EXCLUDED.version, data = EXCLUDED.data"},
	)
	var stale []staleRowOf
	for ref, due := range c.stale {
		stale = append(stale, staleRowOf{OrganizationID: c.org, Level: int64(ref.Level), Start: ref.Start, Due: due})
	}
	script.Insert(sqldb.Insert{Rows: &stale, OnConflict: "(organization_id, level, start) DO NOTHING"})
	db := s.db.On(ctx)
	for _, ref := range c.gone {
		script.Add(db.NewRaw("DELETE FROM analytics_segments WHERE organization_id = ? AND face IN (?) AND level = ? AND start = ?",
			c.org, bun.List(segment.Faces), ref.Level, ref.Start))
	}
	for _, ref := range c.fresh {
		script.Add(db.NewRaw("DELETE FROM analytics_stale WHERE organization_id = ? AND level = ? AND start = ?", c.org, ref.Level, ref.Start))
	}
	if len(c.marks) > 0 {
		script.Add(db.NewRaw("DELETE FROM analytics_marks WHERE id IN (?)", bun.List(c.marks)))
	}
	if err := script.Exec(ctx); err != nil {
		return fmt.Errorf("storing a step of sealing: %w", err)
	}
	return nil
}
