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
	// mostTerms is how many terms the candidate statement has at most.
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
