package metrics

import "slices"

// apart is how many words at most lie between two content words that were said
// together.
const apart = 8

// parting is how many words a mark between clauses counts as.
const parting = 2

// inOrder gives the part of a statement's neighbouring content words that a
// sentence of the evidence has in the same order and close together. It is what
// a swap breaks: who did what to whom.
func (e *evidence) inOrder(st []word) float64 {
	var pairs, kept float64
	before := -1
	for i, w := range st {
		if w.stop {
			continue
		}
		if before >= 0 && st[before].key != w.key {
			pairs++
			if e.follows(st[before].key, w.key) {
				kept++
			}
		}
		before = i
	}
	if pairs == 0 {
		return 1
	}
	return kept / pairs
}

// follows reports whether the second word stands close behind the first in some
// sentence.
func (e *evidence) follows(first, second string) bool {
	ahead := e.places(second)
	k := 0
	for _, p := range e.places(first) {
		for k < len(ahead) && ahead[k] <= p {
			k++
		}
		if k == len(ahead) {
			return false
		}
		if q := ahead[k]; q-p <= apart && e.sentence[q] == e.sentence[p] && e.between(p, q) <= apart {
			return true
		}
	}
	return false
}

// between is how far a word of a sentence is from a later one.
func (e *evidence) between(from, to int32) int {
	far := int(to - from)
	for _, opens := range e.opens[from+1 : to+1] {
		if opens {
			far += parting
		}
	}
	return far
}

// repeats gives the part of a statement's content words that it has said
// already. Models that lose the thread say the same again.
func repeats(st []word) float64 {
	var all, again float64
	for i, w := range st {
		if w.stop {
			continue
		}
		all++
		if repeated(st[:i], w.key) {
			again++
		}
	}
	if all == 0 {
		return 0
	}
	return again / all
}

func repeated(before []word, key string) bool {
	return slices.ContainsFunc(before, func(w word) bool { return w.key == key })
}
