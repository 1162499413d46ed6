package ranking

import (
	"cmp"
	"math"
	"slices"
)

const (
	// depth is how many candidates are compared by their text. More did not
	// find more.
	depth = 100
	// postingsBudget is how many postings one question may read: in very large
	// collections the commonest terms are left out until it is kept.
	postingsBudget = 60_000
	// mostTerms is how many terms candidates are found by at most.
	mostTerms = 40
	// repairedWeight is what a repaired word counts compared to a known one.
	repairedWeight = 0.8
)

// weigh fills in the terms' weights and chooses those to find candidates by,
// rarest first: all of them, unless they are too many or too common.
func weigh(terms []Term, stats Statistics) []Weighted {
	byRarity := make([]*Term, 0, len(terms))
	for i := range terms {
		t := &terms[i]
		t.IDF = stats.IDF(t.DF)
		if t.Match != "" {
			t.IDF *= repairedWeight
		}
		t.Unused = true
		if t.DF > 0 {
			byRarity = append(byRarity, t)
		}
	}
	slices.SortStableFunc(byRarity, func(a, b *Term) int { return cmp.Compare(a.DF, b.DF) })
	var chosen []Weighted
	read := 0
	for _, t := range byRarity {
		read += t.DF
		if len(chosen) == mostTerms || len(chosen) > 0 && read > postingsBudget {
			break
		}
		t.Unused = false
		chosen = append(chosen, Weighted{t.target(), t.IDF})
	}
	return chosen
}

// sum adds up the lists of one corpus, by ascending passage. The lists are
// merged one after the other, rarest first, which keeps most merges short.
func sum(terms []Weighted, lists [][]Posting, slope float64) []Candidate {
	var sums, merged []Candidate
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
	return sums
}

// top collects the best candidates.
type top struct {
	limit int
	least float64 // what a candidate needs to be among them
	some  []Candidate
}

func newTop(limit int) *top { return &top{limit: limit, least: math.Inf(-1)} }

func (t *top) add(c Candidate) {
	if c.Score < t.least {
		return
	}
	if t.some = append(t.some, c); len(t.some) >= 4*t.limit {
		t.least = t.sorted()[t.limit-1].Score
	}
}

// sorted answers the best so far, best first.
func (t *top) sorted() []Candidate {
	slices.SortFunc(t.some, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Passage, b.Passage))
	})
	t.some = t.some[:min(t.limit, len(t.some))]
	return t.some
}
