package extractive

import (
	"cmp"
	"slices"
	"strings"

	"parley/platform/kernel/text"
)

const (
	lengthCost   = 0.004 // for each word of a sentence
	kindBonus    = 0.3   // for holding what is asked for
	orderBonus   = 0.1   // for all neighbouring words of the question in order
	titleCredit  = 0.4   // for a word that only the headings have
	beforeCredit = 0.5   // for a word that only the prose before has
	alikeCredit  = 0.8   // for a word that is like one, times the likeness
	laterCost    = 0.01  // for each sentence before it in its passage
	mostLater    = 8
	orderWindow  = 4
	headingWorth = 0.3
	askingWorth  = 0.5
	codeWorth    = 0.7
	junkWorth    = 0.5
)

// sentence is one sentence of a passage as an answer to the question.
type sentence struct {
	passage  *Passage
	place    int // among the passage's sentences
	all      []text.Sentence
	start    int
	end      int
	has      []bool
	like     []float64
	order    float64
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
		var title, before []float64
		under := ""
		all := text.Sentences(p.Text)
		all = all[:min(len(all), maxSentences)]
		for place, s := range all {
			x := sentence{passage: p, place: place, all: all, start: s.Start, end: s.End}
			if section := p.section(s.Start); title == nil || section != under {
				under, title = section, q.likeness(q.words(section))
			}
			q.score(&x, s.Shape, title, before)
			before = nil
			if s.Shape == text.Prose {
				before = x.like
			}
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

func (q *question) score(x *sentence, shape text.Shape, title, before []float64) {
	s := x.passage.Text[x.start:x.end]
	x.has = make([]bool, len(q.terms))
	x.like = make([]float64, len(q.terms))
	x.stems = map[string]bool{}
	var at []place
	all := within(q.words(x.passage.Text), x.start, x.end)
	n := len(all)
	for _, w := range all {
		if w.stem == "" {
			continue
		}
		x.stems[w.stem] = true
		for _, c := range q.match(w.stem) {
			x.like[c.term] = max(x.like[c.term], c.like)
			if c.same {
				x.has[c.term] = true
				at = append(at, place{len(x.stems), c.term})
			}
		}
	}
	own, credited := 0.0, 0.0
	for i, t := range q.terms {
		worth := func(like, part float64) float64 {
			if like < 1 {
				like *= alikeCredit
			}
			return part * like
		}
		has := worth(x.like[i], 1)
		own += has * t.weight
		has = max(has, worth(title[i], titleCredit))
		if before != nil {
			has = max(has, worth(before[i], beforeCredit))
		}
		credited += has * t.weight
	}
	if own == 0 || q.inWords && never(s, shape, lineAround(x.passage.Text, x.start), x.passage.section(x.start)) {
		return
	}
	x.coverage = credited / q.total
	x.order = q.inOrder(at)
	fit := credited / (1 + lengthCost*float64(n)) / q.total
	fit += orderBonus * x.order
	if q.kind != text.Anything && text.Holds(q.kind, s) {
		fit += kindBonus
	}
	if q.defining {
		fit += q.defines(s)
	}
	fit -= laterCost * float64(min(x.place, mostLater))
	switch {
	case shape == text.Heading:
		fit *= headingWorth
	case strings.HasSuffix(s, "?"):
		fit *= askingWorth
	case shape == text.Code || n < 3:
		fit *= codeWorth
	case junk(s):
		fit *= junkWorth
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
