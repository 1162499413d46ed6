package extractive

import (
	"slices"
	"strings"

	"parley/platform/kernel/text"
)

const (
	// A further sentence is quoted when it fits nearly as well as the best,
	// or fits half as well and has a word for what is still missing.
	nearlyAsGood = 0.75
	halfAsGood   = 0.5
	addsEnough   = 0.15
	// Nothing is added to a quote of this many words.
	longQuote = 80
	// Sentences that share more than this part of their words say the same.
	sameThing = 0.5
	// A list that a sentence announces is quoted up to this many items.
	maxItems = 5
)

// choose takes the best sentence and up to two that add to it, each with the
// neighbours it cannot be understood without.
func (q *question) choose(found []sentence) []sentence {
	best := found[0]
	chosen := []sentence{q.widen(best)}
	covered := slices.Clone(best.has)
	length := wordCount(best.passage.Text[chosen[0].start:chosen[0].end])
	for _, s := range found[1:] {
		if len(chosen) == maxQuotes || length > longQuote {
			break
		}
		if s.fit < halfAsGood*best.fit {
			continue
		}
		if overlaps(chosen, s) || repeats(chosen, s) {
			continue
		}
		added := 0.0
		for i, t := range q.terms {
			if s.has[i] && !covered[i] {
				added += t.weight
			}
		}
		nearly := s.fit >= nearlyAsGood*best.fit
		if !nearly && added < addsEnough*q.total {
			continue
		}
		for i, has := range s.has {
			covered[i] = covered[i] || has
		}
		s = q.widen(s)
		length += wordCount(s.passage.Text[s.start:s.end])
		chosen = append(chosen, s)
	}
	return chosen
}

func overlaps(chosen []sentence, s sentence) bool {
	for _, c := range chosen {
		if c.passage == s.passage && s.start < c.end && c.start < s.end {
			return true
		}
	}
	return false
}

// repeats finds sentences that another passage has too, as overlapping
// passages do.
func repeats(chosen []sentence, s sentence) bool {
	for _, c := range chosen {
		shared := 0
		for stem := range s.stems {
			if c.stems[stem] {
				shared++
			}
		}
		if smaller := min(len(s.stems), len(c.stems)); smaller > 0 && float64(shared) > sameThing*float64(smaller) {
			return true
		}
	}
	return false
}

// widen adds the sentence before one that points back, the sentence that leads
// up to code, the list or code that a sentence leads up to, and a sentence that
// points back to it and holds what is asked for.
func (q *question) widen(s sentence) sentence {
	here := s.all[s.place]
	body := s.passage.Text
	if s.place > 0 {
		before := s.all[s.place-1]
		near := !strings.Contains(body[before.End:here.Start], "\n\n")
		switch {
		case here.Shape == text.Prose && before.Shape == text.Prose && near && pointing[firstForm(body[here.Start:here.End])]:
			s.start = before.Start
		case here.Shape == text.Code && before.Shape == text.Prose && strings.HasSuffix(body[before.Start:before.End], ":"):
			s.start = before.Start
		}
	}
	if strings.HasSuffix(body[here.Start:here.End], ":") {
		for k := s.place + 1; k < len(s.all) && k <= s.place+maxItems; k++ {
			if next := s.all[k]; next.Shape == text.Prose || next.Shape == text.Heading {
				break
			}
			s.end = s.all[k].End
		}
		return s
	}
	if next := s.place + 1; q.kind != text.Anything && next < len(s.all) && here.Shape == text.Prose && s.all[next].Shape == text.Prose {
		follows := body[s.all[next].Start:s.all[next].End]
		if pointing[firstForm(follows)] && text.Holds(q.kind, follows) && !text.Holds(q.kind, body[s.start:s.end]) {
			s.end = s.all[next].End
		}
	}
	return s
}

func firstForm(s string) string {
	for w := range text.Words(s) {
		return w.Form
	}
	return ""
}
