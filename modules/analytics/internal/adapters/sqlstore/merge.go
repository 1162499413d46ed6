package sqlstore

import (
	"context"
	"fmt"
	"slices"

	"parley/modules/analytics/internal/core/segment"
)

// mergeSome makes the lowest stale segments that are complete, of those below
// them.
func (s *Store) mergeSome(ctx context.Context, org, now int64) (more bool, err error) {
	c, private := &change{org: org}, s.db.InTx(ctx)
	err = s.db.Snapshot(ctx, func(ctx context.Context) error {
		v, err := s.view(ctx, org, private)
		if err != nil {
			return err
		}
		if c.fresh, err = s.ripe(ctx, &v, now); err != nil || len(c.fresh) == 0 {
			return err
		}
		more = true
		c.version, c.cells, c.first = v.version, newNumbers(v.cells), v.first
		return v.merge(ctx, c)
	})
	if err != nil || !more {
		return more, err
	}
	return true, s.apply(ctx, c)
}

// ripe answers stale segments of the lowest level that has some whose parts are
// all usable.
func (s *Store) ripe(ctx context.Context, v *view, now int64) (ripe []segment.Ref, err error) {
	var rows []staleRowOf
	err = s.db.On(ctx).NewSelect().Model(&rows).Where("organization_id = ? AND due <= ?", v.org, now).OrderExpr("level, start").Limit(maxStale).Scan(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading stale segments: %w", err)
	}
	for _, r := range rows {
		ref := segment.Ref{Level: int(r.Level), Start: r.Start}
		if len(ripe) > 0 && (ripe[0].Level != ref.Level || len(ripe) >= mergeAtOnce(ref.Level)) {
			break
		}
		if ref.End() <= v.Horizon && !slices.ContainsFunc(parts(ref), func(p segment.Ref) bool { return !v.Usable(p) }) {
			ripe = append(ripe, ref)
		}
	}
	return ripe, nil
}

// mergeAtOnce is how many segments one transaction makes.
func mergeAtOnce(level int) int {
	if level <= 3 {
		return sealQuarters
	}
	return 1
}

// parts are the segments that a segment is made of.
func parts(r segment.Ref) []segment.Ref {
	span := segment.Span(r.Level - 1)
	out := make([]segment.Ref, 4)
	for i := range out {
		out[i] = segment.Ref{Level: r.Level - 1, Start: r.Start + int64(i)*span}
	}
	return out
}

// merge makes the segments of a change, of their parts as they are stored.
func (v *view) merge(ctx context.Context, c *change) error {
	var of []segment.Ref
	for _, ref := range c.fresh {
		of = append(of, parts(ref)...)
	}
	faces, err := v.faces(ctx, segment.Whole, of...)
	if err != nil {
		return err
	}
	for _, ref := range c.fresh {
		var all []*segment.Segment
		for _, p := range parts(ref) {
			part, err := segment.Unpack(faces[p])
			if err != nil {
				return fmt.Errorf("reading segment %d/%d of organization %d: %w", p.Level, p.Start, v.org, err)
			}
			all = append(all, part)
		}
		c.put(ref, segment.Merge(all...))
	}
	return nil
}

// faces reads faces of segments as they are stored.
func (v *view) faces(ctx context.Context, faces []segment.Face, refs ...segment.Ref) (map[segment.Ref]map[segment.Face][]byte, error) {
	var keys []faceKey
	out := map[segment.Ref]map[segment.Face][]byte{}
	for _, ref := range refs {
		out[ref] = map[segment.Face][]byte{}
		for _, f := range faces {
			keys = append(keys, faceKey{v.org, f, ref})
		}
	}
	stored, err := v.stored(ctx, keys)
	for k, data := range stored {
		if data != nil {
			out[k.Ref][k.face] = data
		}
	}
	return out, err
}
