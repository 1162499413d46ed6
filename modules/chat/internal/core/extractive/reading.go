package extractive

import (
	"iter"
	"sort"
	"unicode/utf8"

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

// stretchLength is how many characters count as one place: what passages had
// at most when the refusal was fitted.
const stretchLength = 800

// stretches are the parts of a text, each with half of the one before it. A
// text that is no longer than one is one.
func stretches(s string) iter.Seq[text.Sentence] {
	return func(yield func(text.Sentence) bool) {
		length := len(s)
		if n := utf8.RuneCountInString(s); n > stretchLength {
			length = length * stretchLength / n
		}
		for start := 0; ; start += max(length/2, 1) {
			end := min(start+length, len(s))
			if !yield(text.Sentence{Start: start, End: end}) || end == len(s) {
				return
			}
		}
	}
}
