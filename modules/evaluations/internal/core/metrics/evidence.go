package metrics

import (
	"slices"

	"parley/platform/kernel/lexicon"
	"parley/platform/kernel/text"
)

// evidence is what statements are held against: passages, one after the other.
type evidence struct {
	ids   map[string]int32    // of the keys of its words
	words []int32             // the id of each word, in order
	roots map[string][]string // keys by their first letters
	// The places of the word with some id are order[from[id]:from[id+1]].
	order, from []int32
}

func (r *reader) readEvidence(contexts []string) *evidence {
	e := &evidence{ids: map[string]int32{}, roots: map[string][]string{}}
	var buffer []word
	for _, c := range contexts {
		for _, x := range text.Sentences(c) {
			buffer = r.appendWords(buffer[:0], c[x.Start:x.End])
			for _, w := range buffer {
				id, known := e.ids[w.key]
				if !known {
					id = int32(len(e.ids)) //nolint:gosec // at most maxEvidence and a sentence
					e.ids[w.key] = id
					if len(w.key) >= rootLetters {
						e.roots[w.key[:rootLetters]] = append(e.roots[w.key[:rootLetters]], w.key)
					}
				}
				e.words = append(e.words, id)
			}
			if len(e.words) > maxEvidence {
				return e.sort()
			}
		}
	}
	return e.sort()
}

// sort fills in where each word stands.
func (e *evidence) sort() *evidence {
	e.from = make([]int32, len(e.ids)+1)
	for _, id := range e.words {
		e.from[id+1]++
	}
	for id := range len(e.ids) {
		e.from[id+1] += e.from[id]
	}
	at := slices.Clone(e.from)
	e.order = make([]int32, len(e.words))
	for place, id := range e.words {
		e.order[at[id]] = int32(place) //nolint:gosec // see above
		at[id]++
	}
	return e
}

// places are where a word stands, ascending; of a frequent word the first ones.
func (e *evidence) places(key string) []int32 {
	id, ok := e.ids[key]
	if !ok {
		return nil
	}
	all := e.order[e.from[id]:e.from[id+1]]
	return all[:min(len(all), maxPlaces)]
}

const (
	maxEvidence = 200_000 // words
	maxPlaces   = 200     // of one word that are looked at
	rootLetters = 5       // that two forms of a word share at least
	nearby      = 12      // words that things said of each other are apart at most
)

func (e *evidence) knows(key string) bool {
	_, ok := e.ids[key]
	return ok
}

// has says how well the evidence has a word: 1, or less for another form of it
// or a related word.
func (e *evidence) has(w word) float64 {
	if e.knows(w.key) {
		return 1
	}
	if w.number {
		return 0
	}
	return e.like(w)
}

// like finds a word of the evidence that a word is another form of, or is
// related to.
func (e *evidence) like(w word) float64 {
	if len(w.key) >= rootLetters {
		for _, k := range e.roots[w.key[:rootLetters]] {
			n := rootLetters
			for n < min(len(k), len(w.key)) && k[n] == w.key[n] {
				n++
			}
			if 10*n >= 7*max(len(k), len(w.key)) {
				return 0.9
			}
		}
	}
	for _, r := range lexicon.English().Related(w.key) {
		if e.knows(r.Stem) {
			return 0.7 * r.Strength
		}
	}
	return 0
}

// runs looks for stretches of a statement in the evidence: which part of its
// neighbouring words are neighbours there, and which part of its words stand in
// stretches of at least three.
func (e *evidence) runs(st []word) (pairs, inRuns float64) {
	ids := make([]int32, len(st))
	for i, w := range st {
		id, ok := e.ids[w.key]
		if !ok {
			id = -1
		}
		ids[i] = id
	}
	var together, covered int
	for i := 0; i < len(st); {
		run := 0
		for _, p := range e.places(st[i].key) {
			n, rest := 1, e.words[p:]
			for i+n < len(ids) && n < len(rest) && ids[i+n] == rest[n] {
				n++
			}
			run = max(run, n)
		}
		if run > 1 {
			together += run - 1
		}
		if run >= 3 {
			covered += run
		}
		i += max(run, 1)
	}
	return float64(together) / max(1, float64(len(st)-1)), float64(covered) / float64(len(st))
}

// apart gives the part of a statement's words that the evidence has, and the
// part of its neighbouring content words that the evidence has only far apart.
func (e *evidence) apart(st []word) (exact, apart float64) {
	var here, pairs, far float64
	prev := -1
	for i, w := range st {
		at := e.places(w.key)
		if len(at) > 0 {
			here++
		}
		if w.stop {
			continue
		}
		if prev >= 0 && len(at) > 0 {
			if before := e.places(st[prev].key); len(before) > 0 {
				pairs++
				if !near(before, at) {
					far++
				}
			}
		}
		prev = i
	}
	return here / float64(len(st)), far / max(1, pairs)
}

// near reports whether a place of a lies near one of b; both ascend.
func near(a, b []int32) bool {
	for i, k := 0, 0; i < len(a) && k < len(b); {
		if abs(int(a[i]-b[k])) <= nearby {
			return true
		}
		if a[i] < b[k] {
			i++
		} else {
			k++
		}
	}
	return false
}
