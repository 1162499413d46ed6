package sqlstore

import (
	"context"
	"fmt"

	"github.com/uptrace/bun"

	"parley/modules/analytics/internal/core/segment"
)

type segmentRow struct {
	bun.BaseModel  `bun:"table:analytics_segments,alias:s"`
	OrganizationID int64
	Face           int64
	Level          int64
	Start          int64
	Version        int64
	Data           []byte
	Form           int64 // segmentForm
}

// segmentForm is which faces a segment has, and what is in them: the number of
// the migration that has changed it last. The database refuses any other, as from
// a process of the version before.
const segmentForm = 92

func (r segmentRow) key() faceKey {
	return faceKey{r.OrganizationID, segment.Face(r.Face), segment.Ref{Level: int(r.Level), Start: r.Start}}
}

// maxChanges is how many changes of segments are looked at one by one.
const maxChanges = 50_000

// read answers faces in the order of their keys, from memory where that is as new
// as the snapshot.
func (v *view) read(ctx context.Context, keys []faceKey) ([]any, error) {
	if len(keys) == 0 {
		return nil, nil
	}
	c, out := v.s.cache, make([]any, len(keys))
	if v.private {
		made, err := v.make(ctx, keys)
		for i, k := range keys {
			out[i] = made[k].made
		}
		return out, err
	}
	if err := v.refresh(ctx); err != nil {
		return nil, err
	}
	if missing, err := c.get(v.org, v.version, keys, out); err != nil || len(missing) == 0 {
		return out, err
	}
	// Others who need the same faces wait for them.
	done, err := c.load(ctx, v.org)
	if err != nil {
		return nil, err
	}
	defer done()
	missing, err := c.get(v.org, v.version, keys, out)
	if err != nil {
		return nil, err
	}
	var others []faceKey
	for _, at := range missing {
		others = append(others, keys[at])
	}
	made, err := v.make(ctx, others)
	if err != nil {
		return nil, err
	}
	c.put(v.org, v.version, made)
	for _, at := range missing {
		out[at] = made[keys[at]].made
	}
	return out, nil
}

// refresh drops from memory what was changed until the snapshot.
func (v *view) refresh(ctx context.Context) error {
	c := v.s.cache
	seen := c.version(v.org, v.version)
	if seen >= v.version {
		return nil
	}
	var rows []segmentRow
	err := v.s.db.On(ctx).NewSelect().Model(&rows).ExcludeColumn("data").
		Where("organization_id = ? AND version > ?", v.org, seen).Limit(maxChanges).Scan(ctx)
	if err != nil {
		return fmt.Errorf("reading which segments changed: %w", err)
	}
	changed := make([]faceKey, len(rows))
	for i, r := range rows {
		changed[i] = r.key()
	}
	if len(rows) == maxChanges {
		c.forget(v.org)
	}
	c.changed(v.org, v.version, changed)
	return nil
}

// make reads faces, and makes those that are not stored.
func (v *view) make(ctx context.Context, keys []faceKey) (map[faceKey]made, error) {
	var of []faceKey
	for _, k := range keys {
		for _, f := range k.face.Sources() {
			of = append(of, faceKey{k.org, f, k.Ref})
		}
	}
	stored, err := v.stored(ctx, of)
	if err != nil {
		return nil, err
	}
	out, mix := make(map[faceKey]made, len(keys)), segment.Mixer(v.cells)
	for _, k := range keys {
		var sources [][]byte
		for _, f := range k.face.Sources() {
			sources = append(sources, stored[faceKey{k.org, f, k.Ref}])
		}
		face, size, err := k.face.Read(sources, mix)
		if err != nil {
			return nil, fmt.Errorf("reading segment %d/%d of organization %d: %w", k.Level, k.Start, v.org, err)
		}
		out[k] = made{face, size}
	}
	return out, nil
}

// stored reads faces; of a segment that is not there it answers nil.
func (v *view) stored(ctx context.Context, keys []faceKey) (map[faceKey][]byte, error) {
	type group struct {
		face  segment.Face
		level int
	}
	groups := map[group][]int64{}
	out := make(map[faceKey][]byte, len(keys))
	for _, k := range keys {
		g := group{k.face, k.Level}
		groups[g] = append(groups[g], k.Start)
		out[k] = nil
	}
	if len(keys) == 0 {
		return out, nil
	}
	var rows []segmentRow
	// Each group is found by the primary key. Alternatives in one condition would be a scan on SQLite.
	var q *bun.SelectQuery
	for g, starts := range groups {
		one := v.s.db.On(ctx).NewSelect().Model((*segmentRow)(nil)).
			Where("organization_id = ? AND face = ? AND level = ? AND start IN (?)", v.org, int64(g.face), g.level, bun.List(starts))
		if q == nil {
			q = one
		} else {
			q = q.UnionAll(one)
		}
	}
	if err := q.Scan(ctx, &rows); err != nil {
		return nil, fmt.Errorf("reading segments: %w", err)
	}
	for _, r := range rows {
		out[r.key()] = r.Data
	}
	return out, nil
}
