package metrics

import (
	"math"
	"slices"

	"parley/platform/kernel/lexicon"
	"parley/platform/kernel/text"
)

// evidence is what statements are held against: passages, one after the other.
type evidence struct {
	ids   map[string]int32 // of the keys of its words
	words []int32          // the id of each word, in order
	// The number of the sentence of each word, and the word that each begins with.
	sentence, begins []int32
	opens            []bool              // whether each word begins a clause
	roots            map[string][]string // keys by their first letters
	// The places of the word with some id are order[from[id]:from[id+1]].
	order, from []int32
}

func (r *reader) readEvidence(contexts []string) *evidence {
	e := &evidence{ids: map[string]int32{}, roots: map[string][]string{}}
	var buffer []word
	for _, c := range contexts {
		for _, x := range text.Sentences(c) {
			buffer = r.appendWords(buffer[:0], c[x.Start:x.End])
			number := int32(len(e.begins))                   //nolint:gosec // at most maxEvidence
			e.begins = append(e.begins, int32(len(e.words))) //nolint:gosec // and a sentence
			for _, w := range buffer {
				id, known := e.ids[w.key]
				if !known {
					id = int32(len(e.ids)) //nolint:gosec // at most maxEvidence and a sentence
					e.ids[w.key] = id
					if len(w.key) >= rootLetters {
						e.roots[w.key[:rootLetters]] = append(e.roots[w.key[:rootLetters]], w.key)
					}
				}
				e.words, e.sentence, e.opens = append(e.words, id), append(e.sentence, number), append(e.opens, w.opens)
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

// length is 0 for evidence of up to a long paragraph, 1 from an article on, and
// between them by the logarithm of the words.
func (e *evidence) length() float64 {
	return min(1, max(0, math.Log(float64(len(e.words))/paragraph)/math.Log(article/paragraph)))
}

// Words.
const (
	paragraph = 150.0
	article   = 450.0
)

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
)

func (e *evidence) knows(key string) bool {
	_, ok := e.ids[key]
	return ok
}

// closes reports whether the word at a place ends a clause.
func (e *evidence) closes(place int32) bool {
	return int(place)+1 == len(e.opens) || e.opens[place+1]
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

// verbatim gives the part of a statement's words that the evidence has, and the
// part of its neighbouring words that are neighbours there.
func (e *evidence) verbatim(st []word) (exact, pairs float64) {
	ids := make([]int32, len(st))
	for i, w := range st {
		id, ok := e.ids[w.key]
		if !ok {
			id = -1
		} else {
			exact++
		}
		ids[i] = id
	}
	for i := 0; i < len(st); {
		run := 0
		for _, p := range e.places(st[i].key) {
			n, rest := 1, e.words[p:]
			for i+n < len(ids) && n < len(rest) && ids[i+n] == rest[n] {
				n++
			}
			run = max(run, n)
		}
		pairs += float64(max(0, run-1))
		i += max(run, 1)
	}
	return exact / float64(len(st)), pairs / max(1, float64(len(st)-1))
}
