package extractive

import (
	"cmp"
	"slices"
	"strings"

	"parley/platform/kernel/text"
)

const (
	lengthCost   = 0.004 // for each word of a sentence
	kindBonus    = 0.2   // for holding what is asked for
	orderBonus   = 0.1   // for all neighbouring words of the question in order
	titleCredit  = 0.4   // for a word that only the headings have
	laterCost    = 0.01  // for each sentence before it in its passage
	mostLater    = 8
	orderWindow  = 4
	headingWorth = 0.3
	askingWorth  = 0.5
	codeWorth    = 0.7
)

// sentence is one sentence of a passage as an answer to the question.
type sentence struct {
	passage  *Passage
	place    int // among the passage's sentences
	all      []text.Sentence
	start    int
	end      int
	has      []bool
	coverage float64 // of the question's weight, headings counted in part
	fit      float64 // score without the passage's
	score    float64
	stems    map[string]bool
}

// sentences scores the sentences of the passages, best first.
func (q *question) sentences(passages []Passage) []sentence {
	if q.total == 0 {
		return nil
	}
	best := 0.0
	for _, p := range passages {
		best = max(best, p.Score)
	}
	var out []sentence
	for i := range passages {
		p := &passages[i]
		title := make([]bool, len(q.terms))
		q.mark(title, p.Title)
		all := text.Sentences(p.Text)
		all = all[:min(len(all), maxSentences)]
		for place, s := range all {
			x := sentence{passage: p, place: place, all: all, start: s.Start, end: s.End}
			q.score(&x, s.Shape, title)
			if best > 0 {
				x.score = x.fit + p.Score/best
			} else {
				x.score = x.fit
			}
			if x.fit > 0 {
				out = append(out, x)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b sentence) int { return cmp.Compare(b.score, a.score) })
	return out
}

func (q *question) score(x *sentence, shape text.Shape, title []bool) {
	s := x.passage.Text[x.start:x.end]
	x.has = make([]bool, len(q.terms))
	x.stems = map[string]bool{}
	n := 0
	var at []place
	for w := range text.Words(s) {
		n++
		if text.IsStop(w.Form) {
			continue
		}
		stem := q.stem(w.Form)
		x.stems[stem] = true
		if i, ok := q.index[stem]; ok {
			x.has[i] = true
			at = append(at, place{len(x.stems), i})
		}
	}
	own := q.weigh(x.has)
	if own == 0 {
		return
	}
	credited := own
	for i, t := range q.terms {
		if title[i] && !x.has[i] {
			credited += titleCredit * t.weight
		}
	}
	x.coverage = credited / q.total
	fit := credited / (1 + lengthCost*float64(n)) / q.total
	fit += orderBonus * q.inOrder(at)
	if q.kind != text.Anything && text.Holds(q.kind, s) {
		fit += kindBonus
	}
	fit -= laterCost * float64(min(x.place, mostLater))
	switch {
	case shape == text.Heading:
		fit *= headingWorth
	case strings.HasSuffix(s, "?"):
		fit *= askingWorth
	case shape == text.Code || n < 3:
		fit *= codeWorth
	}
	x.fit = fit
}

type place struct{ at, term int }

// inOrder is the share of the question's neighbouring words that stand in
// their order within a few words.
func (q *question) inOrder(at []place) float64 {
	pairs, met := 0, 0
	for k := 1; k < len(q.order); k++ {
		if q.order[k-1] == q.order[k] {
			continue
		}
		pairs++
		for i, first := range at {
			if first.term == q.order[k-1] && slices.ContainsFunc(at[i+1:], func(p place) bool {
				return p.term == q.order[k] && p.at-first.at < orderWindow
			}) {
				met++
				break
			}
		}
	}
	if pairs == 0 {
		return 0
	}
	return float64(met) / float64(pairs)
}
