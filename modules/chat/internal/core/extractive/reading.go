package extractive

import (
	"sort"

	"parley/platform/kernel/text"
)

// word is a word of a text as it was written there.
type word struct {
	stem  string // "" for a stop word
	start int
}

// words reads a text, once for a question.
func (q *question) words(s string) []word {
	out, known := q.read[s]
	if known {
		return out
	}
	for w := range text.Words(s) {
		stem := ""
		if !text.IsStop(w.Form) {
			stem = q.stem(w.Form)
		}
		out = append(out, word{stem, w.Start})
	}
	q.read[s] = out
	return out
}

// within gives the words that begin in a stretch of a text.
func within(words []word, start, end int) []word {
	from := sort.Search(len(words), func(i int) bool { return words[i].start >= start })
	to := from + sort.Search(len(words)-from, func(i int) bool { return words[from+i].start >= end })
	return words[from:to]
}

// likeness says for each term how much some words have of it, from 0 to 1.
func (q *question) likeness(texts ...[]word) []float64 {
	out := make([]float64, len(q.terms))
	for _, words := range texts {
		for _, w := range words {
			if w.stem == "" {
				continue
			}
			for _, c := range q.match(w.stem) {
				out[c.term] = max(out[c.term], c.like)
			}
		}
	}
	return out
}
