package metrics

import "math"

// What it costs to put a statement together from the evidence: a word that is
// not there, words left out between two of a sentence, and a jump from one
// place to another. A jump from the end of a clause to the beginning of another
// joins what was said as a whole; one from within a clause into another says
// what nobody said. A jump is never dearer than reach.
const (
	inventing = 1.0
	filling   = 0.5 // inventing a word that says nothing by itself
	skipping  = 0.25
	joining   = 0.5 // a jump from the end of a clause to the beginning of one
	breaking  = 1.0 // only one of both
	reach     = 2.0 // neither
)

// placed is a place of the evidence where a statement that was read up to some
// word may have come to, and what it cost to get there.
type placed struct {
	at   int32
	cost float64
}

// seams is what it costs at least to put a statement together from pieces of
// the evidence. A quote costs nothing; a statement of words that are all there,
// but from many places, as much as one that invents some.
func (e *evidence) seams(st []word) float64 {
	var states, moved, spare []placed
	cheapest, closed := 0.0, 0.0 // at all, and with a clause that has ended
	for i, w := range st {
		made := inventing
		if w.stop {
			made = filling
		}
		moved = moved[:0]
		least, ended := cheapest+made, closed+made
		k, open, before := 0, math.Inf(1), int32(-1)
		for _, q := range e.places(w.key) {
			cost := 0.0
			switch {
			case i > 0 && e.opens[q]:
				cost = min(cheapest+breaking, closed+joining)
			case i > 0:
				cost = min(cheapest+reach, closed+breaking)
			}
			// The states of the same sentence before this place.
			start := e.begins[e.sentence[q]]
			if start != before {
				open, before = math.Inf(1), start
			}
			for k < len(states) && states[k].at < q {
				if states[k].at >= start {
					open = min(open, states[k].cost)
				}
				k++
			}
			cost = min(cost, open+skipping)
			if k > 0 && states[k-1].at == q-1 && q > start {
				cost = min(cost, states[k-1].cost)
			}
			least = min(least, cost)
			if e.closes(q) {
				ended = min(ended, cost)
			}
			moved = append(moved, placed{q, cost})
		}
		states, spare = merge(spare[:0], states, made, moved, least+reach), states
		cheapest, closed = least, ended
	}
	return cheapest
}

// merge gives the states that stay where they were, for they leave a word out,
// and the new ones, in the order of their places, without those that a jump from
// the cheapest beats. It appends them to out.
func merge(out, stay []placed, made float64, moved []placed, limit float64) []placed {
	for i, k := 0, 0; i < len(stay) || k < len(moved); {
		var p placed
		switch {
		case k == len(moved) || i < len(stay) && stay[i].at < moved[k].at:
			p = placed{stay[i].at, stay[i].cost + made}
			i++
		case i == len(stay) || moved[k].at < stay[i].at:
			p = moved[k]
			k++
		default:
			p = placed{moved[k].at, min(moved[k].cost, stay[i].cost+made)}
			i, k = i+1, k+1
		}
		if p.cost < limit {
			out = append(out, p)
		}
	}
	return out
}
