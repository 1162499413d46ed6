package segment

import (
	"slices"
	"sort"
)

// Top is the highest level: 4096 hours. A segment of level n is 4^n quarters of
// an hour long and begins at a multiple of that.
const Top = 7

// Span is how many quarters a segment of a level has.
func Span(level int) int64 { return 1 << (2 * level) }

// Ref names a segment: its level and its first quarter.
type Ref struct {
	Level int
	Start int64
}

// End is the first quarter after it.
func (r Ref) End() int64 { return r.Start + Span(r.Level) }

// Above is the segment of a level that has the quarter in it.
func Above(quarter int64, level int) Ref {
	span := Span(level)
	start := quarter / span * span
	if start > quarter {
		start -= span
	}
	return Ref{Level: level, Start: start}
}

// State is which segments can be used. All that have no open quarter in them
// and are not stale can; if such a segment is not stored, nothing happened in
// its time.
type State struct {
	Horizon int64   // the first quarter that was never sealed
	Open    []int64 // quarters before it with facts that are in no segment, ascending
	Stale   map[Ref]bool
}

// Usable reports whether a segment has all there is.
func (s *State) Usable(r Ref) bool {
	if r.End() > s.Horizon || s.Stale[r] {
		return false
	}
	i, _ := slices.BinarySearch(s.Open, r.Start)
	return i == len(s.Open) || s.Open[i] >= r.End()
}

// Piece is a part of a period: a segment, or the facts of some quarters between
// two moments.
type Piece struct {
	Period int
	Ref
	Facts       bool
	From, Until int64 // microseconds, of facts
}

// quarterMicros is a quarter of an hour.
const quarterMicros = 15 * 60 * 1_000_000

// Cover fills the time between the bounds, which ascend, in order: period i is
// from bounds[i] to bounds[i+1].
func (s *State) Cover(bounds []int64) []Piece {
	var out []Piece
	for i := 0; i+1 < len(bounds); i++ {
		from, until := bounds[i], bounds[i+1]
		first, last := -floor(-from), floor(until) // the quarters that are wholly inside
		if first >= last {
			out = facts(out, i, from, until)
			continue
		}
		out = facts(out, i, from, first*quarterMicros)
		out = s.fill(out, i, first, last)
		out = facts(out, i, last*quarterMicros, until)
	}
	return out
}

func floor(micro int64) int64 {
	q := micro / quarterMicros
	if micro < q*quarterMicros {
		q--
	}
	return q
}

// facts appends facts to be read, in one with those that they follow on.
func facts(out []Piece, period int, from, until int64) []Piece {
	if from >= until {
		return out
	}
	if n := len(out); n > 0 && out[n-1].Facts && out[n-1].Period == period && out[n-1].Until == from {
		out[n-1].Until = until
		return out
	}
	return append(out, Piece{Period: period, Facts: true, From: from, Until: until})
}

// fill covers quarters with the largest segments that there are.
func (s *State) fill(out []Piece, period int, first, last int64) []Piece {
	for at := first; at < last; {
		if at >= s.Horizon {
			return facts(out, period, at*quarterMicros, last*quarterMicros)
		}
		level := sort.Search(Top+1, func(l int) bool { return at%Span(l) != 0 || at+Span(l) > last }) - 1
		for level >= 0 && !s.Usable(Ref{level, at}) {
			level--
		}
		if level < 0 {
			out = facts(out, period, at*quarterMicros, (at+1)*quarterMicros)
			at++
			continue
		}
		out = append(out, Piece{Period: period, Ref: Ref{level, at}})
		at += Span(level)
	}
	return out
}
