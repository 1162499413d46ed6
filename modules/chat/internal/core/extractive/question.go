package extractive

import (
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"parley/platform/kernel/lexicon"
	"parley/platform/kernel/text"
)

// term is a word of the question that an answer should have.
type term struct {
	stem    string
	written string
	idf     float64 // among the passages that were searched
	weight  float64 // in the choice of sentences
	asked   float64 // in the refusal, see weigh
	light   bool    // weight is lowered by lightWeight
	unknown bool    // no passage that was searched has it
	heavy   bool    // unknown words of this kind count: neither light nor a type noun
	name    bool    // written as a name
	role    role
	kind    bool // names the kind of the answer: "which colour"
	number  bool
	alike   map[string]float64
}

type question struct {
	terms    []term
	index    map[string]int
	order    []int // the terms as they follow each other in the question
	total    float64
	asked    float64
	kind     text.Answer
	english  bool
	lexicon  bool   // knows the question's words
	defining bool   // asks what or who something is
	money    bool   // asks for an amount of money
	inWords  bool   // does not ask for code by writing some
	found    []bool // terms that some passage has
	stems    map[string]string
	credits  map[string][]credit
	read     map[string][]word
	request  Request
}

const (
	maxTerms       = 128
	shortestRepair = 4 // bytes; shorter words have too many neighbours
)

const (
	// lightWeight is the part of its weight that a word keeps which an answer
	// need not have: common words, and words that name the kind of the answer.
	lightWeight = 0.2
	// typeWeight is the same for the noun after "which", in the refusal alone.
	typeWeight = 0.3
	// contextWeight is what a word counts that the question only leans on: it
	// says what the talk is about, which the answering sentence need not repeat.
	contextWeight = 0.3
)

func newQuestion(r Request) *question {
	asked := r.Query
	if strings.TrimSpace(asked) == "" {
		asked = r.Question
	}
	q := &question{
		kind:     text.Asks(r.Question),
		english:  text.English(r.Question),
		lexicon:  !r.plain && text.English(r.Question),
		inWords:  !strings.ContainsAny(r.Question, "_{}=<>`"),
		defining: text.Asks(r.Question) == text.Meaning || whoIs.MatchString(r.Question),
		stems:    map[string]string{},
		credits:  map[string][]credit{},
		read:     map[string][]word{},
		request:  r,
	}
	q.money = money.MatchString(r.Question)
	if (q.kind == text.Anything || q.kind == text.Meaning) && amounts.MatchString(r.Question) {
		q.kind, q.defining = text.Number, false
	}
	q.readTerms(asked, text.IsAsking)
	if len(q.terms) == 0 {
		q.readTerms(asked, func(string) bool { return false })
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
	q.total, q.asked = 0, 0
	for i := range q.terms {
		t := &q.terms[i]
		switch {
		case !mine[t.stem]:
			t.weight *= contextWeight
			t.asked *= contextWeight
		case t.light && !heavy:
			t.weight /= lightWeight
			t.asked /= lightWeight
		}
		q.total += t.weight
		q.asked += t.asked
	}
}

func (q *question) readTerms(asked string, leaveOut func(string) bool) {
	q.index = map[string]int{}
	kind := typeNoun(asked)
	does := map[string]role{}
	if q.english {
		does = roles(asked)
	}
	before, first := "", true
	for w := range text.Words(asked) {
		light := common[w.Form] || !q.english && germanCommon[w.Form] || kindWords[q.kind][w.Form] || before == "how" && measures[w.Form] ||
			w.Bigram && strings.ContainsFunc(w.Form, particle)
		begins := first
		before, first = w.Form, false
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
			t := term{stem: stem, written: asked[w.Start:w.End], light: light, heavy: !light && w.Form != kind, role: does[w.Form], kind: w.Form == kind}
			r, _ := utf8.DecodeRuneInString(t.written)
			t.name, t.number = unicode.IsUpper(r) && !begins, unicode.IsDigit(r)
			if !q.english && t.name {
				t.role = thing // German nouns are written so
			}
			if q.kind == text.Number && worths[w.Form] {
				t.heavy = false
			}
			q.weigh(&t, w.Form == kind || q.kind == text.Number && worths[w.Form])
			q.terms = append(q.terms, t)
			q.total += t.weight
			q.asked += t.asked
		}
		q.order = append(q.order, i)
	}
}

// weigh gives a term its weights: its rarity among the passages that were
// searched, and for the refusal its rarity where some hundred passages of
// ordinary English are added, without which each word of a small collection is
// as rare as any other.
func (q *question) weigh(t *term, kind bool) {
	n, df := q.request.Searched, q.request.Frequencies[t.stem]
	n = max(n, df, 1)
	t.idf = idf(float64(n), float64(df))
	t.unknown = df == 0
	common := 1
	if q.lexicon {
		common += lexicon.English().Count(t.stem)
		t.alike = alike(t.stem)
	}
	t.weight = idf(float64(n)+background, float64(df)+background*float64(common)/backgroundSize)
	t.asked = t.weight
	switch {
	case t.light:
		t.weight *= lightWeight
		t.asked *= lightWeight
	case kind:
		t.asked *= typeWeight
	}
}

const (
	background     = 300.0 // passages of ordinary English that are added
	backgroundSize = 5000.0
)

// idf is Lucene's, as in the search.
func idf(n, df float64) float64 { return math.Log((n + 1) / (min(df, n) + 0.5)) }

// typeNoun is the word after "which" or "what" that names what is asked for:
// the last one before the verb or before "of".
func typeNoun(asked string) string {
	var after []string
	open := false
	for w := range text.Words(asked) {
		switch {
		case w.Form == "which" || w.Form == "what":
			open, after = true, nil
		case !open:
		case auxiliary[w.Form] || w.Form == "of":
			if len(after) == 0 {
				return ""
			}
			return after[len(after)-1]
		default:
			after = append(after, w.Form)
		}
	}
	if len(after) == 0 {
		return ""
	}
	return after[0]
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
// compound of it. English words are spelled right.
func (q *question) repair(passages []Passage) {
	for _, p := range passages {
		q.look(p.Text)
		q.look(p.Title)
	}
	for i, t := range q.terms {
		if q.found[i] || q.lexicon && lexicon.English().Knows(t.stem) {
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
				q.terms[i].unknown = false
			}
		}
	}
	clear(q.credits)
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

func (q *question) look(s string) {
	for _, w := range q.words(s) {
		if i, ok := q.index[w.stem]; ok {
			q.found[i] = true
		}
	}
}

// credit is what a stem is worth for a term.
type credit struct {
	term int
	same bool
	like float64 // 1 for the term itself
}

// match lists the terms that a stem is like.
func (q *question) match(stem string) []credit {
	out, known := q.credits[stem]
	if known {
		return out
	}
	if i, ok := q.index[stem]; ok {
		out = append(out, credit{i, true, 1})
	}
	for i, t := range q.terms {
		if slices.ContainsFunc(out, func(c credit) bool { return c.term == i }) {
			continue
		}
		like := t.alike[stem]
		if like < prefixLikeness && sharePrefix(t.stem, stem) {
			like = prefixLikeness
		}
		if like > 0 {
			out = append(out, credit{i, false, like})
		}
	}
	q.credits[stem] = out
	return out
}
