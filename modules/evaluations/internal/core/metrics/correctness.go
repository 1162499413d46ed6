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
	expected := variants(Alternatives(s.Expected))
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
	s = stated(uncited(s))
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
// "Mercury (planet)" is also "Mercury".
func variants(expected []string) []string {
	out := expected
	for _, e := range expected {
		if short := strings.TrimSpace(bracketed.ReplaceAllString(e, "")); short != "" && short != e {
			out = append(out[:len(out):len(out)], short)
		}
	}
	return out
}

// find looks for an expected answer.
func (a *answer) find(expected string, asked map[string]bool) match {
	var m match
	words := a.r.words(expected)
	wanted := content(words, asked)
	if len(wanted) == 0 {
		return m
	}
	var joined strings.Builder
	for _, w := range words {
		joined.WriteString(w.form)
	}
	m.phrase = a.phrase(joined.String()) >= 0
	var found, total float64
	var numbers, lackNumbers, names, lackNames float64
	places, matched := make([]int, 0, len(wanted)), 0
	name, proper := fullName(wanted), false
	for _, w := range wanted {
		proper = proper || w.capital && !titles[w.form]
	}
	for i, w := range wanted {
		weight := weigh(w)
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
		case w.capital && !titles[w.form]:
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

// locate finds a word, and says how well: 1, or less for another spelling.
func (a *answer) locate(w word) (place int, how float64) {
	if at := a.keys[w.key]; len(at) > 0 {
		return at[0], 1
	}
	if w.number {
		return -1, 0
	}
	for i, o := range a.words {
		if len(w.form) >= 3 && len(o.form) > len(w.form) && strings.TrimRight(o.form, "0123456789") == w.form {
			return i, 1 // "Hahn1": the number of a footnote
		}
	}
	letters := len(w.form)
	if letters < 5 || !text.Alphabetic(w.form) {
		return -1, 0
	}
	limit := 1
	if letters >= 8 {
		limit = 2
	}
	known := lexicon.English().Knows(text.Stem(w.form))
	for i, o := range a.words {
		if o.number || o.form[0] != w.form[0] && (letters < 7 || !w.capital) || len(o.form) < 5 || !text.Alphabetic(o.form) {
			continue
		}
		if sameRoot(w, o) {
			return i, 0.85
		}
		if known && lexicon.English().Knows(text.Stem(o.form)) {
			continue // two words, not two spellings
		}
		if text.Distance(w.form, o.form, limit) <= limit || squeezed(w.form) == squeezed(o.form) {
			return i, 0.9
		}
	}
	return -1, 0
}

// squeezed is a word with each doubled letter once: "Gaddafi", "Gadaffi".
func squeezed(s string) string {
	out := make([]byte, 0, len(s))
	for i := range len(s) {
		if i == 0 || s[i] != s[i-1] {
			out = append(out, s[i])
		}
	}
	return string(out)
}

// sameRoot reports whether two words differ in their endings alone:
// "sharecropping" and "sharecroppers". Names have no endings.
func sameRoot(a, b word) bool {
	n, longer := 0, max(len(a.form), len(b.form))
	for n < min(len(a.form), len(b.form)) && a.form[n] == b.form[n] {
		n++
	}
	return (n >= 6 && 10*n >= 7*longer || n >= 8 && 10*n >= 6*longer) && (!a.capital || !b.capital)
}

// titles say little beside the name or the thing that they belong to.
var titles = set(`president king queen prince princess general sir lord lady captain colonel doctor professor saint pope emperor
	prime minister senator governor mayor hon jr senior junior university city county state river mountain company corporation inc ltd
	team film movie song album book novel series show season episode disambiguation character band around approximately about
	late early accept`)

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

// fullName reports whether words read as the name of a person.
func fullName(words []word) bool {
	if len(words) < 2 || len(words) > 5 {
		return false
	}
	for _, w := range words {
		if !w.capital || w.number {
			return false
		}
	}
	return true
}

// namePart says how well an answer stands for a part of a person's name that
// it does not spell out, next to the surname, which it must have: an initial, a
// short form ("Dave"), or nothing at all.
func (a *answer) namePart(name []word, i int) float64 {
	last := len(name) - 1
	if i == last {
		return 0
	}
	part := name[i].form
	for _, at := range a.keys[name[last].key] {
		for k := max(0, at-3); k < at; k++ {
			o := a.words[k].form
			if a.words[k].initial && strings.IndexByte(o, part[0]) >= 0 { // "B.R."
				return 0.95
			}
			if len(o) == 1 && o[0] == part[0] || len(part) == 1 && o[0] == part[0] || len(o) >= 3 && len(part) >= 3 && o[:3] == part[:3] {
				return 0.95
			}
		}
		if i > 0 && len(a.keys[name[0].key]) > 0 {
			return 0.8 // a middle name
		}
		if asksWho(a.asked) && (at == 0 || !a.words[at-1].capital || a.words[at-1].stop || titles[a.words[at-1].form]) {
			return 0.7 // the surname alone
		}
	}
	return 0
}

var citation = regexp.MustCompile(`\[\^?\d{1,3}\^?\]`)

// uncited is an answer without its numbers of sources.
func uncited(s string) string {
	if !strings.Contains(s, "[") {
		return s
	}
	return citation.ReplaceAllString(s, "")
}

func asksWho(query string) bool { return who.MatchString(query) || text.Asks(query) == text.Name }

var who = regexp.MustCompile(`(?i)\bwho\b`)

// nothingElse is added to the recall of an answer with no other content than
// the expected one's: it is short, not wrong.
const nothingElse = 0.25
