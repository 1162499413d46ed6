package ranking

import (
	"cmp"
	"slices"
)

const (
	// depth is how many candidates are compared by their text. More did not
	// find more.
	depth = 100
	// postingsBudget is how many postings one question may read: in very large
	// collections the commonest terms are left out until it is kept.
	postingsBudget = 60_000
	// atOnce is how many postings of a term are read when it is looked up: those
	// of all terms together are no more than a question may read.
	atOnce = postingsBudget / maxTerms
	// mostTerms is how many terms candidates are found by at most.
	mostTerms = 40
	// repairedWeight is what a repaired word counts compared to a known one.
	repairedWeight = 0.8
	// relatedWeight is the same for a word that is looked for beside one that
	// nobody knows.
	relatedWeight = 0.6
)

// weigh fills in the terms' weights and chooses those to find candidates by,
// rarest first: all of them, unless they are too many or too common.
// The answer is valid until the next one.
func (s *scratch) weigh(terms []Term, stats Statistics) []Weighted {
	byRarity := s.rarest[:0]
	for i := range terms {
		t := &terms[i]
		t.IDF = stats.IDF(t.DF)
		if t.Match != "" {
			t.IDF *= repairedWeight
		}
		if t.Related {
			t.IDF *= relatedWeight
		}
		t.Unused = true
		if t.DF > 0 {
			byRarity = append(byRarity, t)
		}
	}
	slices.SortStableFunc(byRarity, func(a, b *Term) int { return cmp.Compare(a.DF, b.DF) })
	chosen := s.chosen[:0]
	read := 0
	for _, t := range byRarity {
		read += t.DF
		for _, f := range t.Forms {
			read += f.DF
		}
		if len(chosen) >= mostTerms || len(chosen) > 0 && read > postingsBudget {
			break
		}
		t.Unused = false
		if !t.OnlyForms {
			chosen = append(chosen, Weighted{t.target(), t.weight()})
		}
		for _, f := range t.Forms {
			chosen = append(chosen, Weighted{f.Term, t.weight() * f.Weight})
		}
	}
	s.rarest, s.chosen = byRarity, chosen
	return chosen
}

// adder sums up postings by passage. It keeps its memory from question to
// question.
type adder struct {
	sums, merged []Candidate
}

// sum adds up the lists of one corpus, by ascending passage; the answer is
// valid until the next one. The lists are merged one after the other, rarest
// first, which keeps most merges short.
func (a *adder) sum(terms []Weighted, lists [][]Posting, slope float64) []Candidate {
	sums, merged := a.sums[:0], a.merged[:0]
	for k, list := range lists {
		weight := terms[k].Weight
		merged = slices.Grow(merged[:0], len(sums)+len(list))
		i := 0
		for _, p := range list {
			for i < len(sums) && sums[i].Passage < p.Passage {
				merged = append(merged, sums[i])
				i++
			}
			tf := float64(p.TF)
			c := Candidate{p.Passage, weight * (tf / (tf + Base + slope*float64(p.Length)))}
			if i < len(sums) && sums[i].Passage == p.Passage {
				c.Score = sums[i].Score + c.Score
				i++
			}
			merged = append(merged, c)
		}
		merged = append(merged, sums[i:]...)
		sums, merged = merged, sums
	}
	a.sums, a.merged = sums, merged
	return sums
}

// top collects the best candidates: a heap with the worst of them first.
type top struct {
	limit int
	heap  []Candidate
}

// before is the order of candidates, best first.
func before(a, b Candidate) int {
	switch {
	case a.Score > b.Score:
		return -1
	case a.Score < b.Score:
		return 1
	}
	return cmp.Compare(a.Passage, b.Passage)
}

// worse is before for the heap, where cmp would take most of the time.
func worse(a, b Candidate) bool {
	return a.Score < b.Score || a.Score == b.Score && a.Passage > b.Passage
}

func (t *top) add(c Candidate) {
	if len(t.heap) < t.limit {
		if t.heap = append(t.heap, c); len(t.heap) == t.limit {
			slices.SortFunc(t.heap, func(a, b Candidate) int { return before(b, a) }) // which is a heap
		}
		return
	}
	if t.limit == 0 || worse(c, t.heap[0]) {
		return
	}
	i := 0
	for {
		worst := 2*i + 1
		if worst >= len(t.heap) {
			break
		}
		if other := worst + 1; other < len(t.heap) && worse(t.heap[other], t.heap[worst]) {
			worst = other
		}
		if worse(c, t.heap[worst]) {
			break
		}
		t.heap[i] = t.heap[worst]
		i = worst
	}
	t.heap[i] = c
}

// sorted answers the best, best first. Nothing may be added any more.
func (t *top) sorted() []Candidate {
	slices.SortFunc(t.heap, before)
	return t.heap
}
