package metrics

import "math"

// What it costs to put a statement together from the evidence: a word that is
// not there, words left out between two of a sentence, and a jump from one
// place to another. A jump is never dearer than reach.
const (
	inventing = 1.0
	filling   = 0.5 // inventing a word that says nothing by itself
	skipping  = 0.25
	reach     = 1.0
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
	cheapest := 0.0
	for i, w := range st {
		made := inventing
		if w.stop {
			made = filling
		}
		moved = moved[:0]
		least := cheapest + made
		k, open, before := 0, math.Inf(1), int32(-1)
		for _, q := range e.places(w.key) {
			cost := cheapest + reach
			if i == 0 {
				cost = 0
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
			moved = append(moved, placed{q, cost})
		}
		states, spare = merge(spare[:0], states, made, moved, least+reach), states
		cheapest = least
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
