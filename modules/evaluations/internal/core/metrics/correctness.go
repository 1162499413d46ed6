package metrics

import (
	"context"
	"math"
	"strings"

	"parley/platform/kernel/lexicon"
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
	try := func(expected []string) {
		for _, e := range expected {
			if ctx.Err() != nil {
				return
			}
			m := match{recall: 1}
			if !refuses(e) || !refuses(s.Answer) {
				m = a.find(e, asked)
			}
			if v := m.value(); v > score {
				best, score, fits = m, v, e
			}
		}
	}
	try(expected)
	for _, e := range expected {
		if score < 1 {
			try(r.inOther(e))
		}
	}
	if err := ctx.Err(); err != nil {
		return Score{}, err
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

// find looks for an expected answer.
func (a *answer) find(expected string, asked map[string]bool) match {
	var m match
	text := spelled(expected)
	words := a.r.words(text)
	if a.implies(words) {
		return match{recall: 1, precision: 1}
	}
	wanted := content(words, asked)
	if len(wanted) == 0 {
		return m
	}
	var joined strings.Builder
	for i := range words {
		join(&joined, text, words, i)
	}
	m.phrase = a.phrase(joined.String()) >= 0 || a.abbreviates(words, asked)
	var found, total float64
	var numbers, lackNumbers, names, lackNames float64
	places, matched := make([]int, 0, len(wanted)), 0
	name, proper, beside := fullName(wanted), false, counted(wanted)
	for _, w := range wanted {
		proper = proper || w.capital && !w.title()
	}
	release := a.release || releases(expected)
	for i, w := range wanted {
		weight, title := weigh(w), w.title()
		if beside && implied[w.form] {
			weight, title = besideNumber, true
		}
		if proper && !w.capital && !w.number {
			weight /= 2 // the kind of thing that the name is
		}
		total += weight
		place, how := a.locate(w)
		switch {
		case w.number && (a.foreign(w) || release && a.rounded(w)):
			place, how = -1, 0
		case m.phrase || how == 0 && a.pays(w):
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
	if len(wanted) >= several && lackNumbers+lackNames == 0 && m.recall >= most {
		m.recall = min(1, m.recall+inOtherWords)
	}
	if numbers > 0 {
		m.numbers = lackNumbers / numbers
	}
	if names > 0 {
		m.names = lackNames / names
	}
	m.denied = !negated(words) && (len(wanted) == 1 && a.denies(a.keys[wanted[0].key]) || len(wanted) > 1 && a.denies(places[:min(1, len(places))]))
	m.opposite = a.contradicts(words) || a.outbids(words)
	return m
}

// weigh is what a word of an expected answer counts: a name or number 1, a word
// of the lexicon less the more common it is.
func weigh(w word) float64 {
	switch {
	case w.title():
		return 0.3
	case w.number || w.capital:
		return 1
	}
	return max(0.3, 1-0.13*math.Log1p(float64(lexicon.English().Count(w.key))))
}

// nothingElse is added to the recall of an answer with no other content than
// the expected one's: it is short, not wrong.
const nothingElse = 0.25

// inOtherWords is added to the recall of an answer that has most of several
// words, with all names and numbers: people say the rest in other words.
const (
	inOtherWords = 0.15
	several      = 3
	most         = 0.6
)
