package sqlstore

import (
	"context"

	"parley/modules/analytics/internal/core"
	"parley/modules/analytics/internal/core/segment"
	"parley/platform/sqldb"
)

// Bulk makes the segments of a long time, for a benchmark.
type Bulk struct {
	org     int64
	numbers *numbers
	below   [segment.Top + 1][]*segment.Segment // that wait for those beside them
	first   int64
	end     int64
	rows    []segmentRow
	facts   []factRow
}

// NewBulk returns one for an organization.
func NewBulk(org int64) *Bulk { return &Bulk{org: org, numbers: newNumbers(nil)} }

// Quarter adds the next quarter, and what it completes.
func (k *Bulk) Quarter(quarter int64, facts []core.Fact) {
	if k.first == 0 {
		k.first = quarter
		// What lies before is empty.
		for level := range segment.Top {
			for range (quarter / segment.Span(level)) % 4 {
				k.below[level] = append(k.below[level], &segment.Segment{})
			}
		}
	}
	s := segment.Of(facts, k.numbers.number)
	for level := 0; ; level++ {
		c := change{org: k.org, cells: k.numbers}
		c.put(segment.Above(quarter, level), s)
		k.rows = append(k.rows, c.segments...)
		if level == segment.Top {
			break
		}
		if k.below[level] = append(k.below[level], s); len(k.below[level]) < 4 {
			break
		}
		s = segment.Merge(k.below[level]...)
		k.below[level] = nil
	}
	k.end = quarter + 1
}

// Facts adds facts that are stored as such.
func (k *Bulk) Facts(facts []core.Fact) error {
	for _, f := range facts {
		k.facts = append(k.facts, factRow{Fact: f})
	}
	return nil
}

// Store writes what was added since Stored.
func (k *Bulk) Store(ctx context.Context, db *sqldb.DB, last bool) error {
	return db.Within(ctx, func(ctx context.Context) error {
		script := db.NewScript()
		script.Insert(sqldb.Insert{Rows: &k.rows})
		script.Insert(sqldb.Insert{Rows: &k.facts, Without: "id"})
		if last {
			var cells []cellRow
			for i, c := range k.numbers.cells {
				cells = append(cells, cellRow{OrganizationID: k.org, Number: int64(i), Cell: c})
			}
			script.Insert(sqldb.Insert{Rows: &cells})
			script.Add(db.On(ctx).NewRaw("INSERT INTO analytics_horizons (organization_id, horizon, first, version) VALUES (?, ?, ?, 1)", k.org, k.end, k.first))
		}
		return script.Exec(ctx)
	})
}

// Stored drops what was stored.
func (k *Bulk) Stored() { k.rows, k.facts = nil, nil }

// ErrChanged answers a step that somebody else overtook.
var ErrChanged = errChanged

// StepAt stores an empty step that was made from what was there at a version.
func (s *Store) StepAt(ctx context.Context, org, version int64) error {
	return s.apply(ctx, &change{org: org, version: version, cells: newNumbers(nil)})
}

// Version is that of an organization's segments.
func (s *Store) Version(ctx context.Context, org int64) (int64, error) {
	st, err := s.state(ctx, org)
	return st.version, err
}

// ReadAsOf reads faces of the quarters before the horizon of org, as of before
// meanwhile.
func (s *Store) ReadAsOf(ctx context.Context, org int64, faces []segment.Face, meanwhile func()) ([]any, error) {
	var out []any
	err := s.db.Snapshot(ctx, func(ctx context.Context) error {
		v, err := s.view(ctx, org, false)
		if err != nil {
			return err
		}
		meanwhile()
		var keys []faceKey
		for q := v.first; q < v.Horizon; q++ {
			for _, f := range faces {
				keys = append(keys, faceKey{org, f, segment.Ref{Start: q}})
			}
		}
		out, err = v.read(ctx, keys)
		return err
	})
	return out, err
}

// ErrMoved answers a snapshot that is older than what is in memory.
var ErrMoved = errMoved

// Snapshot is snapshot.
func (s *Store) Snapshot(ctx context.Context, fn func(ctx context.Context, private bool) error) error {
	return s.snapshot(ctx, fn)
}
