package metrics

import (
	"context"
	"math"
	"regexp"
	"strings"
	"unicode/utf8"

	"parley/platform/kernel/lexicon"
	"parley/platform/kernel/text"
)

const (
	// enough is the recall from which an answer is taken for correct.
	enough = 0.75
	// An answer that lacks a number or a name of the expected one is not
	// correct, however much else it has; nor is one that says the opposite.
	lacksExact = 0.7
	isOpposite = 0.3
)

// correctness is the recall of the content words of the expected answer that
// fits best.
func (r *reader) correctness(ctx context.Context, s Sample) (Score, error) {
	if err := ctx.Err(); err != nil {
		return Score{}, err
	}
	expected := variants(Alternatives(s.Expected), s.Query)
	if len(expected) == 0 {
		return none(noExpected), nil
	}
	asked := r.keysOf(s.Query)
	a := r.readAnswer(s.Answer, s.Query, asked)
	best, score, fits := match{}, -1.0, ""
	for _, e := range expected {
		m := match{recall: 1}
		if !refuses(e) || !refuses(s.Answer) {
			m = a.find(e, asked)
		}
		if v := m.value(); v > score {
			best, score, fits = m, v, e
		}
	}
	out := value(score)
	out.Detail = detail(struct {
		Expected string   `json:"expected"`
		Missing  []string `json:"missing,omitempty"`
		Denied   bool     `json:"denied,omitempty"`
	}{clip(fits), best.missing[:min(len(best.missing), maxListed)], best.denied || best.opposite})
	return out, nil
}

func (m match) value() float64 {
	switch {
	case m.denied || m.opposite:
		return min(m.recall, isOpposite)
	case m.numbers > 0 || m.names > 0:
		return min(m.recall, lacksExact)
	}
	return m.recall
}

// match is how one expected answer is found in an answer.
type match struct {
	recall    float64 // part of the weight of its content words that the answer has
	precision float64 // part of the answer's new content words that it has
	phrase    bool    // its words stand together, in order
	numbers   float64 // part of its numbers that the answer lacks
	names     float64 // part of its names that the answer lacks
	denied    bool    // the answer says that it is not so
	opposite  bool    // the answer says no for yes, or yes for no
	missing   []string
}

// answer is an answer that was read.
type answer struct {
	r      *reader
	text   string
	words  []word
	keys   map[string][]int // places of each key
	asked  string           // the question
	joined string           // all forms, without blanks
	begins map[int]int      // where words begin in joined
	ends   map[int]int
	fresh  int // content words that the question does not have
}

func (r *reader) readAnswer(s, query string, asked map[string]bool) *answer {
	s = stated(spelled(uncited(s)))
	a := &answer{text: s, asked: query, r: r, words: r.words(s), keys: map[string][]int{}, begins: map[int]int{}, ends: map[int]int{}}
	var joined strings.Builder
	for i, w := range a.words {
		a.keys[w.key] = append(a.keys[w.key], i)
		a.begins[joined.Len()] = i
		joined.WriteString(w.form)
		a.ends[joined.Len()] = i
		if !w.stop && !asked[w.key] {
			a.fresh++
		}
	}
	a.joined = joined.String()
	return a
}

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

var bracketed = regexp.MustCompile(`\s*\([^()]*\)`)

// variants adds to the expected answers those without what stands in brackets:
// "Mercury (planet)" is also "Mercury". Of a place that was asked for, the larger
// one that it lies in may be left out: "Landover, Maryland".
func variants(expected []string, query string) []string {
	out := expected
	where := text.Asks(query) == text.Place
	for _, e := range expected {
		if at := within.FindStringIndex(e); where && at != nil {
			out = append(out[:len(out):len(out)], e[:at[0]])
		}
		if short := strings.TrimSpace(bracketed.ReplaceAllString(e, "")); short != "" && short != e {
			out = append(out[:len(out):len(out)], short)
		}
	}
	return out
}

var within = regexp.MustCompile(`(?:, | in )\p{Lu}[^,]*(?:, \p{Lu}[^,]*)?$`)

// find looks for an expected answer.
func (a *answer) find(expected string, asked map[string]bool) match {
	var m match
	words := a.r.words(spelled(expected))
	wanted := content(words, asked)
	if len(wanted) == 0 {
		return m
	}
	var joined strings.Builder
	for _, w := range words {
		joined.WriteString(w.form)
	}
	m.phrase = a.phrase(joined.String()) >= 0 || a.abbreviates(words, asked)
	var found, total float64
	var numbers, lackNumbers, names, lackNames float64
	places, matched := make([]int, 0, len(wanted)), 0
	name, proper, date := fullName(wanted), false, dated(wanted)
	for _, w := range wanted {
		proper = proper || w.capital && !titles[w.form]
	}
	for i, w := range wanted {
		weight, title := weigh(w), titles[w.form]
		if date && weekdays[w.form] {
			weight, title = weekday, true
		}
		if proper && !w.capital && !w.number {
			weight /= 2 // the kind of thing that the name is
		}
		total += weight
		place, how := a.locate(w)
		if m.phrase {
			how = 1
		}
		if how == 0 && name {
			how = a.namePart(wanted, i)
		}
		found += weight * how
		if how > 0 {
			matched++
		}
		if place >= 0 {
			places = append(places, place)
		}
		if how < 0.75 {
			m.missing = append(m.missing, w.form)
		}
		switch {
		case w.number:
			numbers++
			if how == 0 {
				lackNumbers++
			}
		case w.capital && !title:
			names++
			if how == 0 {
				lackNames++
			}
		}
	}
	m.recall = found / total
	m.precision = min(1, float64(matched)/float64(max(a.fresh, 1)))
	if m.precision == 1 && m.recall >= 0.5 {
		m.recall = min(1, m.recall+nothingElse)
	}
	if numbers > 0 {
		m.numbers = lackNumbers / numbers
	}
	if names > 0 {
		m.names = lackNames / names
	}
	m.denied = !negated(words) && (len(wanted) == 1 && a.denies(a.keys[wanted[0].key]) || len(wanted) > 1 && a.denies(places[:min(1, len(places))]))
	m.opposite = a.contradicts(words)
	return m
}

// content gives the words of an expected answer that say something new: those
// that are no stop words and not in the question, else those that are no stop
// words, else all.
func content(words []word, asked map[string]bool) []word {
	var fresh, full []word
	for _, w := range words {
		if w.stop {
			continue
		}
		full = append(full, w)
		if !asked[w.key] {
			fresh = append(fresh, w)
		}
	}
	switch {
	case len(fresh) > 0:
		return fresh
	case len(full) > 0:
		return full
	}
	return words
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

// weigh is what a word of an expected answer counts: a name or number 1, a word
// of the lexicon less the more common it is.
func weigh(w word) float64 {
	switch {
	case titles[w.form]:
		return 0.3
	case w.number || w.capital:
		return 1
	}
	return max(0.3, 1-0.13*math.Log1p(float64(lexicon.English().Count(w.key))))
}

var citation = regexp.MustCompile(`\[\^?\d{1,3}\^?\]`)

// uncited is an answer without its numbers of sources.
func uncited(s string) string {
	if !strings.Contains(s, "[") {
		return s
	}
	return citation.ReplaceAllString(s, "")
}

// nothingElse is added to the recall of an answer with no other content than
// the expected one's: it is short, not wrong.
const nothingElse = 0.25
