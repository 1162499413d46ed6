package metrics

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// answer is an answer that was read.
type answer struct {
	r      *reader
	text   string
	words  []word
	keys   map[string][]int // places of each key
	asked  string           // the question
	joined string           // all forms, as join writes them
	begins map[int]int      // where words begin in joined
	ends   map[int]int
	// release is whether the question is about versions.
	release bool
	// told is what was found out of all places of a word, by the word and what it
	// was asked for.
	told  map[string]bool
	fresh int // content words that the question does not have
	// spellings is how many of its words may still be compared letter by letter
	// with expected ones.
	spellings int
}

func (r *reader) readAnswer(s, query string, asked map[string]bool) *answer {
	s = stated(spelled(uncited(s)))
	a := &answer{
		release:   releases(query),
		told:      map[string]bool{},
		text:      s,
		asked:     query,
		r:         r,
		words:     r.words(s),
		keys:      map[string][]int{},
		begins:    map[int]int{},
		ends:      map[int]int{},
		spellings: maxSpellings,
	}
	var joined strings.Builder
	for i, w := range a.words {
		a.keys[w.key] = append(a.keys[w.key], i)
		join(&joined, s, a.words, i)
		a.begins[joined.Len()-len(w.form)] = i
		a.ends[joined.Len()] = i
		if !w.stop && !asked[w.key] {
			a.fresh++
		}
	}
	a.joined = joined.String()
	return a
}

// join adds the form of a word to those before, without blanks. Numbers of a list
// and of a decimal comma stay apart: "1, 5" is not "15".
func join(joined *strings.Builder, s string, words []word, i int) {
	if i > 0 && words[i].number && words[i-1].number && strings.Trim(between(s, words[i-1], words[i]), " -\u00a0\u202f") != "" {
		joined.WriteByte(' ')
	}
	joined.WriteString(words[i].form)
}

// once answers what look finds, which is the same for the same question. An expected
// answer may say a word as often as an answer does.
func (a *answer) once(question string, look func() bool) bool {
	told, known := a.told[question]
	if !known {
		told = look()
		a.told[question] = told
	}
	return told
}

// maxSpellings bounds what a long answer costs beside a long expected one; words
// that are there as they are need no comparison.
const maxSpellings = 1_000_000

// keysOf gives the keys of a text's content words.
func (r *reader) keysOf(s string) map[string]bool {
	out := map[string]bool{}
	for _, w := range r.words(s) {
		if !w.stop {
			out[w.key] = true
		}
	}
	return out
}

// phrase finds an expected answer whose letters stand in the answer one after
// the other, from the beginning of a word to the end of one: "one-two" is in
// "the OneTwo punch". It gives the word where it begins, or -1.
func (a *answer) phrase(joined string) int {
	if joined == "" {
		return -1
	}
	for from := 0; ; {
		i := strings.Index(a.joined[from:], joined)
		if i < 0 {
			return -1
		}
		begin, end := from+i, from+i+len(joined)
		if at, ok := a.begins[begin]; ok {
			if _, ok := a.ends[end]; ok {
				return at
			}
		}
		_, n := utf8.DecodeRuneInString(a.joined[begin:])
		from = begin + n
	}
}

var citation = regexp.MustCompile(`\[\^?\d{1,3}\^?\]`)

// uncited is an answer without its numbers of sources.
func uncited(s string) string {
	if !strings.Contains(s, "[") {
		return s
	}
	return citation.ReplaceAllString(s, "")
}
