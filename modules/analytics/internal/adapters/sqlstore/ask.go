package sqlstore

import (
	"context"
	"fmt"
	"time"

	"parley/modules/analytics/internal/core"
	"parley/modules/analytics/internal/core/segment"
	"parley/modules/analytics/internal/core/tally"
)

// Ask implements core.Store.
func (s *Store) Ask(ctx context.Context, q core.Question) ([]core.Row, error) {
	if s.db.InTx(ctx) { // which sees what others don't
		return s.ask(ctx, q)
	}
	return s.asks.do(ctx, q, func() ([]core.Row, error) { return s.ask(ctx, q) })
}

func (s *Store) ask(ctx context.Context, q core.Question) (rows []core.Row, err error) {
	err = s.snapshot(ctx, func(ctx context.Context, private bool) error {
		t := tally.New(q)
		if q.UserID != 0 {
			// One user has few facts, and an index of them.
			all := stretch{core.QuarterOf(q.From), core.QuarterOf(q.Until) + 1}
			err := s.newFactReader(q.OrganizationID, q.UserID, []stretch{all}).each(ctx, all, t.Facts)
			rows = t.Rows()
			return err
		}
		v, err := s.view(ctx, q.OrganizationID, private)
		if err != nil {
			return err
		}
		t.See(v.cells)
		if err := v.walk(ctx, v.Cover(bounds(q.From, q.Cuts, q.Until)), tally.Faces(q),
			func(p segment.Piece, faces segment.Loaded) error { return t.Segment(p.Period, faces) },
			func(_ segment.Piece, facts []core.Fact) { t.EachFact(facts, true, false) }); err != nil {
			return err
		}
		if q.Days != nil {
			if err := v.walk(ctx, v.Cover(bounds(q.From, q.Days, q.Until)), tally.DayFaces(q),
				func(p segment.Piece, faces segment.Loaded) error {
					t.DaySegment(p.Period, faces)
					return nil
				},
				func(_ segment.Piece, facts []core.Fact) { t.EachFact(facts, false, true) }); err != nil {
				return err
			}
		}
		rows = t.Rows()
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("adding up: %w", err)
	}
	return rows, nil
}

// Engagement implements core.Store.
func (s *Store) Engagement(ctx context.Context, q core.EngagementQuestion) ([]core.Engaged, error) {
	if s.db.InTx(ctx) {
		return s.engagement(ctx, q)
	}
	return s.engagements.do(ctx, q, func() ([]core.Engaged, error) { return s.engagement(ctx, q) })
}

func (s *Store) engagement(ctx context.Context, q core.EngagementQuestion) (days []core.Engaged, err error) {
	last := q.Bounds[len(q.Bounds)-1]
	sel := core.Selection{Scope: q.Scope, Filter: q.Filter, Until: last}
	err = s.snapshot(ctx, func(ctx context.Context, private bool) error {
		e := tally.NewEngagement(q)
		if q.UserID != 0 {
			all := stretch{core.QuarterOf(time.Time{}), core.QuarterOf(last) + 1}
			err := s.newFactReader(q.OrganizationID, q.UserID, []stretch{all}).each(ctx, all, func(facts []core.Fact) { e.Facts(sel, facts) })
			days = e.Days()
			return err
		}
		v, err := s.view(ctx, q.OrganizationID, private)
		if err != nil {
			return err
		}
		// Period 0 is all that was before.
		instants := []int64{min(v.first*quarterMicros, q.Bounds[0].UnixMicro())}
		for _, b := range q.Bounds {
			instants = append(instants, b.UnixMicro())
		}
		queries := tally.Queries(sel, v.cells)
		if err := v.walk(ctx, v.Cover(instants), tally.EngagementFaces(q),
			func(p segment.Piece, faces segment.Loaded) error {
				tally.EachUser(sel, queries, faces, func(users []segment.Page) { e.OnPages(p.Period-1, users) }, func(users ...int64) { e.On(p.Period-1, users...) })
				return nil
			},
			func(_ segment.Piece, facts []core.Fact) { e.Facts(sel, facts) }); err != nil {
			return err
		}
		days = e.Days()
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("counting active users: %w", err)
	}
	return days, nil
}

const quarterMicros = int64(15 * time.Minute / time.Microsecond)

func bounds(from time.Time, cuts []time.Time, until time.Time) []int64 {
	out := []int64{from.UnixMicro()}
	for _, c := range cuts {
		out = append(out, c.UnixMicro())
	}
	return append(out, until.UnixMicro())
}

// view is an organization's segments at the moment of a snapshot.
type view struct {
	s   *Store
	org int64
	state
	cells []segment.Cell
	// private is a snapshot that may have in it what others don't see: what is
	// read is not kept, nor what is kept used.
	private bool
}

func (s *Store) view(ctx context.Context, org int64, private bool) (view, error) {
	st, err := s.state(ctx, org)
	if err != nil {
		return view{}, err
	}
	v := view{s: s, org: org, state: st, private: private}
	if st.Horizon == 0 {
		return v, nil
	}
	v.cells, err = v.readCells(ctx)
	return v, err
}

// maxFaces is how many one statement reads.
const maxFaces = 4_000

// walk calls on for each segment among pieces, with its faces, and off with the
// facts of each other piece, all in order of time.
func (v *view) walk(
	ctx context.Context, pieces []segment.Piece, faces []segment.Face,
	on func(segment.Piece, segment.Loaded) error, off func(segment.Piece, []core.Fact),
) error {
	facts, err := v.factsOf(ctx, pieces)
	if err != nil {
		return err
	}
	stored := 0
	for _, f := range faces {
		stored += len(f.Sources())
	}
	for len(pieces) > 0 {
		n := min(len(pieces), maxFaces/stored)
		if err := v.walkSome(ctx, pieces[:n], faces, facts, on, off); err != nil {
			return err
		}
		pieces = pieces[n:]
	}
	return nil
}

// offSegments is the facts of pieces.
type offSegments struct {
	reader *factReader
	tail   tail // if it is known
}

// factsOf prepares the facts of pieces.
func (v *view) factsOf(ctx context.Context, pieces []segment.Piece) (out offSegments, err error) {
	var of []stretch
	looked := false
	for _, p := range pieces {
		if !p.Facts {
			continue
		}
		w := quartersOf(p)
		if w.first >= v.Horizon && !looked {
			if out.tail, _, err = v.tail(ctx); err != nil {
				return out, err
			}
			looked = true
		}
		if !out.has(w) {
			of = append(of, w)
		}
	}
	out.reader = v.s.newFactReader(v.org, 0, of)
	return out, nil
}

// has reports whether the facts of a stretch are in the tail.
func (f *offSegments) has(w stretch) bool { return f.tail.from != 0 && w.first >= f.tail.from }

// each calls part with the facts of a stretch, as factReader does.
func (f *offSegments) each(ctx context.Context, w stretch, part func([]core.Fact)) error {
	if f.has(w) {
		part(f.tail.of(w))
		return nil
	}
	return f.reader.each(ctx, w, part)
}

func (v *view) walkSome(
	ctx context.Context, pieces []segment.Piece, faces []segment.Face, facts offSegments,
	on func(segment.Piece, segment.Loaded) error, off func(segment.Piece, []core.Fact),
) error {
	var keys []faceKey
	for _, p := range pieces {
		if !p.Facts {
			for _, f := range faces {
				keys = append(keys, faceKey{v.org, f, p.Ref})
			}
		}
	}
	data, err := v.read(ctx, keys)
	if err != nil {
		return err
	}
	some := make(segment.Loaded, len(faces))
	for _, p := range pieces {
		if p.Facts {
			if err := facts.each(ctx, quartersOf(p), func(part []core.Fact) { off(p, within(p, part)) }); err != nil {
				return err
			}
			continue
		}
		for i, f := range faces {
			some[f] = data[i]
		}
		data = data[len(faces):]
		if err := on(p, some); err != nil {
			return fmt.Errorf("reading segment %d/%d of organization %d: %w", p.Level, p.Start, v.org, err)
		}
	}
	return nil
}

// within are the facts between the moments of a piece. Where these are all, as
// nearly always, they are not copied.
func within(p segment.Piece, facts []core.Fact) []core.Fact {
	is := func(f *core.Fact) bool {
		at := f.OccurredOn.UnixMicro()
		return at >= p.From && at < p.Until
	}
	n := 0
	for n < len(facts) && is(&facts[n]) {
		n++
	}
	out := facts[:n:n]
	for i := n; i < len(facts); i++ {
		if is(&facts[i]) {
			out = append(out, facts[i])
		}
	}
	return out
}

// quartersOf are the quarters of a piece of facts.
func quartersOf(p segment.Piece) stretch {
	first := core.QuarterOf(time.UnixMicro(p.From))
	return stretch{first, core.QuarterOf(time.UnixMicro(p.Until-1)) + 1}
}
