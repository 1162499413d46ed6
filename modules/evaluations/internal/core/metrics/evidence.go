package metrics

import (
	"parley/platform/kernel/lexicon"
	"parley/platform/kernel/text"
)

// evidence is what statements are held against: passages, one after the other.
type evidence struct {
	words []word
	roots map[string][]string // keys by their first letters
	at    map[string][]int    // places of each key
	ends  []int               // the places after the last word of each sentence
	of    []int               // the sentence of each word
}

func readEvidence(contexts []string) *evidence {
	e := &evidence{at: map[string][]int{}, roots: map[string][]string{}}
	for _, c := range contexts {
		for _, x := range text.Sentences(c) {
			for _, w := range wordsOf(c[x.Start:x.End]) {
				at, known := e.at[w.key]
				e.at[w.key] = append(at, len(e.words))
				if !known && len(w.key) >= rootLetters {
					e.roots[w.key[:rootLetters]] = append(e.roots[w.key[:rootLetters]], w.key)
				}
				e.words = append(e.words, w)
			}
			if len(e.words) > maxEvidence {
				return e
			}
		}
	}
	return e
}

const (
	maxEvidence = 200_000 // words
	maxPlaces   = 200     // of one word that are looked at
	rootLetters = 5       // that two forms of a word share at least
	nearby      = 12      // words that things said of each other are apart at most
)

func some(places []int) []int { return places[:min(len(places), maxPlaces)] }

// has says how well the evidence has a word: 1, or less for another form of it
// or a related word.
func (e *evidence) has(w word) float64 {
	if len(e.at[w.key]) > 0 {
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
		if len(e.at[r.Stem]) > 0 {
			return 0.7 * r.Strength
		}
	}
	return 0
}

// runs looks for stretches of a statement in the evidence: which part of its
// neighbouring words are neighbours there, and which part of its words stand in
// stretches of at least three.
func (e *evidence) runs(st []word) (pairs, inRuns float64) {
	var together, covered int
	for i := 0; i < len(st); {
		run := 0
		for _, p := range some(e.at[st[i].key]) {
			n := 1
			for i+n < len(st) && p+n < len(e.words) && st[i+n].key == e.words[p+n].key {
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
		at := e.at[w.key]
		if len(at) > 0 {
			here++
		}
		if w.stop {
			continue
		}
		if prev >= 0 && len(at) > 0 {
			if before := e.at[st[prev].key]; len(before) > 0 {
				pairs++
				if !near(some(before), some(at)) {
					far++
				}
			}
		}
		prev = i
	}
	return here / float64(len(st)), far / max(1, pairs)
}

// near reports whether a place of a lies near one of b; both ascend.
func near(a, b []int) bool {
	for i, k := 0, 0; i < len(a) && k < len(b); {
		if abs(a[i]-b[k]) <= nearby {
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
