package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"time"

	"parley/modules/analytics/internal/core"
	"parley/modules/analytics/internal/core/segment"
	"parley/modules/analytics/internal/core/tally"
	"parley/platform/sqldb"
)

// Organizations implements core.Books.
func (s *Store) Organizations(ctx context.Context) ([]int64, error) {
	var ids []int64
	err := s.db.On(ctx).NewSelect().Table("analytics_facts").ColumnExpr("DISTINCT organization_id").OrderExpr("organization_id").Scan(ctx, &ids)
	if err != nil {
		return nil, fmt.Errorf("reading which organizations have facts: %w", err)
	}
	return ids, nil
}

// Quarters implements core.Books.
func (s *Store) Quarters(ctx context.Context, org int64, from, until time.Time) ([]core.Quarter, error) {
	var q tally.Quarters
	all := stretch{core.QuarterOf(from), core.QuarterOf(until) + 1}
	p := segment.Piece{From: from.UnixMicro(), Until: until.UnixMicro()}
	err := s.newFactReader(org, 0, []stretch{all}).each(ctx, all, func(facts []core.Fact) { q.Add(within(p, facts)) })
	return q.Rows(), err
}

// comparison is a recount of an organization.
type comparison struct {
	s     *Store
	org   int64
	mend  bool
	each  func(core.Difference)
	count int
	// horizon and first are those of the begin.
	horizon, first int64
	found          []segment.Ref // that differ, until they are told of
}

// Compare implements core.Books.
func (s *Store) Compare(ctx context.Context, org int64, mend bool, each func(core.Difference)) (int, error) {
	c := &comparison{s: s, org: org, mend: mend, each: each}
	var st state
	err := s.db.Snapshot(ctx, func(ctx context.Context) error {
		v, err := s.view(ctx, org, true)
		if err != nil {
			return err
		}
		var earliest sql.NullInt64
		if err := s.db.On(ctx).NewSelect().Table("analytics_facts").ColumnExpr("min(quarter)").Where("organization_id = ?", org).Scan(ctx, &earliest); err != nil {
			return fmt.Errorf("looking for the first fact: %w", err)
		}
		if st = v.state; earliest.Valid {
			st.first = min(st.first, earliest.Int64)
		}
		return nil
	})
	if err != nil || st.Horizon == 0 {
		return 0, err
	}
	c.horizon, c.first = st.Horizon, st.first
	for at := segment.Above(st.first, segment.Top); at.Start < st.Horizon; at.Start = at.End() {
		if _, err := c.recount(ctx, at); err != nil {
			return c.count, fmt.Errorf("recounting organization %d: %w", org, err)
		}
	}
	return c.count, nil
}

// readLevel is the level of the segments whose facts one snapshot reads.
const readLevel = 2

// recount makes a segment from facts, and compares it and those in it with what
// is stored. It is nil where that can't be known: something in it is open.
func (c *comparison) recount(ctx context.Context, ref segment.Ref) (*segment.Segment, error) {
	if ref.Start >= c.horizon || ref.End() <= c.first {
		return &segment.Segment{}, ctx.Err()
	}
	if ref.Level <= readLevel {
		return c.fromFacts(ctx, ref)
	}
	for range maxTries {
		before, err := c.s.state(ctx, c.org)
		if err != nil {
			return nil, err
		}
		var all []*segment.Segment
		for _, p := range parts(ref) {
			part, err := c.recount(ctx, p)
			if err != nil {
				return nil, err
			}
			all = append(all, part)
		}
		whole := merge(all)
		if whole == nil {
			return nil, nil //nolint:nilnil // it is not known
		}
		same, version := true, int64(0)
		err = c.s.db.Snapshot(ctx, func(ctx context.Context) error {
			v, err := c.s.view(ctx, c.org, true)
			if err != nil {
				return err
			}
			version = v.version
			stored, err := v.faces(ctx, segment.Faces, ref)
			same = err == nil && c.same(&v, ref, whole, stored[ref])
			return err
		})
		switch {
		case err != nil:
			return nil, err
		case same:
			return whole, nil
		case version == before.version: // else what was sealed meanwhile may be in one of both only
			c.found = append(c.found, ref)
			return whole, c.tell(ctx)
		}
	}
	return nil, nil //nolint:nilnil // it is not known
}

func merge(parts []*segment.Segment) *segment.Segment {
	for _, p := range parts {
		if p == nil {
			return nil
		}
	}
	return segment.Merge(parts...)
}

// fromFacts is recount in one snapshot.
func (c *comparison) fromFacts(ctx context.Context, ref segment.Ref) (whole *segment.Segment, err error) {
	err = c.s.db.Snapshot(ctx, func(ctx context.Context) error {
		v, err := c.s.view(ctx, c.org, true)
		if err != nil {
			return err
		}
		all := stretch{ref.Start, ref.End()}
		stored, err := v.faces(ctx, segment.Faces, inside(ref)...)
		if err != nil {
			return err
		}
		in := snapshot{view: v, facts: c.s.newFactReader(c.org, 0, []stretch{all}), stored: stored}
		whole, err = c.inSnapshot(ctx, &in, ref)
		return err
	})
	if err != nil {
		return nil, err
	}
	return whole, c.tell(ctx)
}

// inside are a segment and all that it is made of.
func inside(ref segment.Ref) []segment.Ref {
	out := []segment.Ref{ref}
	if ref.Level > 0 {
		for _, p := range parts(ref) {
			out = append(out, inside(p)...)
		}
	}
	return out
}

// snapshot is the facts of some quarters, and what is stored of them.
type snapshot struct {
	view
	facts  *factReader
	stored map[segment.Ref]map[segment.Face][]byte
}

func (c *comparison) inSnapshot(ctx context.Context, v *snapshot, ref segment.Ref) (*segment.Segment, error) {
	var whole *segment.Segment
	if ref.Level == 0 {
		known := newNumbers(v.cells)
		if err := v.facts.each(ctx, stretch{ref.Start, ref.End()}, func(all []core.Fact) { whole = segment.Of(all, known.number) }); err != nil {
			return nil, err
		}
		if len(known.cells) > known.stored {
			// No segment has such a cell.
			if v.Usable(ref) {
				c.found = append(c.found, ref)
			}
			return nil, nil //nolint:nilnil // it is not known
		}
	} else {
		var all []*segment.Segment
		for _, p := range parts(ref) {
			part, err := c.inSnapshot(ctx, v, p)
			if err != nil {
				return nil, err
			}
			all = append(all, part)
		}
		if whole = merge(all); whole == nil {
			return nil, nil //nolint:nilnil // it is not known
		}
	}
	if !c.same(&v.view, ref, whole, v.stored[ref]) {
		c.found = append(c.found, ref)
	}
	return whole, nil
}

// same compares a segment with what is stored.
func (c *comparison) same(v *view, ref segment.Ref, whole *segment.Segment, stored map[segment.Face][]byte) bool {
	if !v.Usable(ref) || ref.End() > c.horizon {
		return true
	}
	c.count++
	want := map[segment.Face][]byte{}
	if !whole.Empty() {
		want = whole.Pack(newNumbers(v.cells))
	}
	for _, f := range segment.Faces {
		if !bytes.Equal(want[f], stored[f]) {
			return false
		}
	}
	return true
}

// tell reports what differs and, when it is to be mended, sees to it that it is
// not used until it is made anew.
func (c *comparison) tell(ctx context.Context) error {
	for _, ref := range c.found {
		c.each(core.Difference{
			OrganizationID: c.org, From: time.Unix(ref.Start*15*60, 0).UTC(), Until: time.Unix(ref.End()*15*60, 0).UTC(),
		})
		if c.mend {
			if err := c.s.reject(ctx, c.org, ref); err != nil {
				return err
			}
		}
	}
	c.found = nil
	return nil
}

// reject makes a segment unusable.
func (s *Store) reject(ctx context.Context, org int64, ref segment.Ref) error {
	script := s.db.NewScript()
	if ref.Level == 0 {
		script.Insert(sqldb.Insert{Rows: &[]markRowOf{{OrganizationID: org, Quarter: ref.Start}}, Without: "id"})
	} else {
		script.Insert(
			sqldb.Insert{
				Rows:       &[]staleRowOf{{OrganizationID: org, Level: int64(ref.Level), Start: ref.Start}},
				OnConflict: "(organization_id, level, start) DO UPDATE SET due = 0",
			},
		)
	}
	if err := s.db.Within(ctx, script.Exec); err != nil {
		return fmt.Errorf("rejecting segment %d/%d of organization %d: %w", ref.Level, ref.Start, org, err)
	}
	return nil
}
