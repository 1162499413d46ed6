package extractive

import (
	"slices"
	"strings"

	"parley/platform/kernel/text"
)

// term is a word of the question that an answer should have.
type term struct {
	stem    string
	written string
	weight  float64
	light   bool // weight is lowered by lightWeight
}

type question struct {
	terms   []term
	index   map[string]int
	order   []int // the terms as they follow each other in the question
	total   float64
	kind    text.Answer
	english bool
	found   []bool // terms that some passage has
	stems   map[string]string
	matched map[*Passage][]bool
}

const (
	maxTerms       = 128
	shortestRepair = 5 // bytes; shorter words have too many neighbours
)

// lightWeight is the part of its weight that a word keeps which an answer need
// not have: common words, and words that name the kind of the answer.
const lightWeight = 0.2

// contextWeight is what a word counts that the question only leans on: it
// says what the talk is about, which the answering sentence need not repeat.
const contextWeight = 0.3

func newQuestion(r Request) *question {
	asked := r.Query
	if strings.TrimSpace(asked) == "" {
		asked = r.Question
	}
	q := &question{kind: text.Asks(r.Question), english: text.English(r.Question), stems: map[string]string{}, matched: map[*Passage][]bool{}}
	heaviest := 0.0
	for _, w := range r.Weights {
		heaviest = max(heaviest, w)
	}
	if heaviest == 0 {
		heaviest = 1
	}
	weight := func(stem string) float64 {
		if w, ok := r.Weights[stem]; ok {
			return w
		}
		return heaviest
	}
	q.read(asked, weight, text.IsAsking)
	if len(q.terms) == 0 {
		q.read(asked, weight, func(string) bool { return false })
	}
	if asked != r.Question {
		q.lean(r.Question)
	}
	q.found = make([]bool, len(q.terms))
	return q
}

// lean tells the question's own words from those that were added from the
// conversation. When all of its own are light, as in "And how high is it?",
// they are what it is about after all.
func (q *question) lean(own string) {
	mine := map[string]bool{}
	for w := range text.Words(own) {
		mine[q.stem(w.Form)] = true
	}
	heavy := false
	for _, t := range q.terms {
		heavy = heavy || mine[t.stem] && !t.light
	}
	q.total = 0
	for i := range q.terms {
		t := &q.terms[i]
		switch {
		case !mine[t.stem]:
			t.weight *= contextWeight
		case t.light && !heavy:
			t.weight /= lightWeight
		}
		q.total += t.weight
	}
}

func (q *question) read(asked string, weight func(string) float64, leaveOut func(string) bool) {
	q.index = map[string]int{}
	before := ""
	for w := range text.Words(asked) {
		light := common[w.Form] || kindWords[q.kind][w.Form] || before == "how" && measures[w.Form] ||
			w.Bigram && strings.ContainsFunc(w.Form, particle)
		before = w.Form
		if text.IsStop(w.Form) || leaveOut(w.Form) {
			continue
		}
		stem := q.stem(w.Form)
		i, known := q.index[stem]
		if !known {
			if len(q.terms) == maxTerms {
				continue
			}
			i = len(q.terms)
			q.index[stem] = i
			t := term{stem: stem, written: asked[w.Start:w.End], weight: weight(stem), light: light}
			if light {
				t.weight *= lightWeight
			}
			q.terms = append(q.terms, t)
			q.total += t.weight
		}
		q.order = append(q.order, i)
	}
}

func (q *question) stem(form string) string {
	stem, ok := q.stems[form]
	if !ok {
		stem = text.Stem(form)
		q.stems[form] = stem
	}
	return stem
}

// repair reads a word that no passage has as the nearest word that one has:
// one edit away, two for long words, and else the likeliest other form or
// compound of it.
func (q *question) repair(passages []Passage) {
	for i := range passages {
		for k, has := range q.has(&passages[i]) {
			q.found[k] = q.found[k] || has
		}
	}
	for i, t := range q.terms {
		if q.found[i] {
			continue
		}
		near := q.nearest(t.stem)
		if near == "" {
			near = q.likeliest(t.stem)
		}
		if near != "" {
			if _, taken := q.index[near]; !taken {
				q.index[near] = i
				q.found[i] = true
			}
		}
	}
	clear(q.matched)
}

// nearest answers the word of the passages with the fewest edits.
func (q *question) nearest(word string) (near string) {
	if len(word) < shortestRepair || !text.Alphabetic(word) {
		return ""
	}
	reach := 1
	if len(word) >= 8 {
		reach = 2
	}
	for _, stem := range q.stems {
		if len(stem) < 3 || stem[0] != word[0] || !text.Alphabetic(stem) || stem == word {
			continue
		}
		if d := text.Distance(word, stem, reach); d < reach || d == reach && (near == "" || stem < near) {
			near, reach = stem, d
		}
	}
	return near
}

// likeliest answers the word of the passages that shares most grams, as the
// search does, among those with the same beginning: the search may look at a
// passage for a word that only rhymes, an answer must not.
func (q *question) likeliest(word string) (best string) {
	grams := text.TermGrams(word)
	if len(grams) == 0 {
		return ""
	}
	likeness := 0.0
	for _, stem := range q.stems {
		if stem == word {
			continue
		}
		others, shared := text.TermGrams(stem), 0
		if len(others) == 0 || others[0] != grams[0] {
			continue
		}
		for _, g := range others {
			if slices.Contains(grams, g) {
				shared++
			}
		}
		if l := text.Alike(shared, len(grams), len(others)); l > likeness || l == likeness && l > 0 && stem < best {
			best, likeness = stem, l
		}
	}
	return best
}

// has says which terms a passage has, in its text or title.
func (q *question) has(p *Passage) []bool {
	if has, ok := q.matched[p]; ok {
		return has
	}
	has := make([]bool, len(q.terms))
	q.mark(has, p.Text)
	q.mark(has, p.Title)
	q.matched[p] = has
	return has
}

func (q *question) mark(has []bool, s string) {
	for w := range text.Words(s) {
		if i, ok := q.index[q.stem(w.Form)]; ok {
			has[i] = true
		}
	}
}

func (q *question) weigh(has []bool) (sum float64) {
	for i, t := range q.terms {
		if has[i] {
			sum += t.weight
		}
	}
	return sum
}

// passageCoverage is the part of the question's weight that a passage has
// words for.
func (q *question) passageCoverage(p *Passage) float64 {
	return q.weigh(q.has(p)) / q.total
}
