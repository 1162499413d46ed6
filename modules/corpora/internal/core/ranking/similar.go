package ranking

import (
	"context"
	"fmt"

	"parley/platform/kernel/text"
)

const (
	maxRepairs      = 4     // unknown words of a question that are repaired
	shortestRepair  = 4     // bytes; shorter words have too many neighbours
	vocabularyLimit = 5_000 // words looked at for one unknown word
)

// repair finds the nearest known word for words nobody knows: one edit away,
// two for long words, the commoner of equally near ones. Only words of a–z are
// repaired.
func repair(ctx context.Context, source Source, corpora []int64, terms []Term) error {
	repaired := 0
	for i := range terms {
		t := &terms[i]
		if t.DF > 0 || len(t.Stem) < shortestRepair || !text.Alphabetic(t.Stem) {
			continue
		}
		if repaired++; repaired > maxRepairs {
			return nil
		}
		reach := 1
		if len(t.Stem) >= 8 {
			reach = 2
		}
		near, err := source.Vocabulary(ctx, corpora, t.Stem[:1], len(t.Stem)-reach, len(t.Stem)+reach, vocabularyLimit)
		if err != nil {
			return fmt.Errorf("looking for words near %q: %w", t.Stem, err)
		}
		if best, ok := nearest(t.Stem, near, reach); ok {
			t.Match, t.DF = best.Term, best.DF
		}
	}
	return nil
}

func nearest(word string, vocabulary []TermCount, reach int) (best TermCount, ok bool) {
	for _, v := range vocabulary {
		if !text.Alphabetic(v.Term) || len(v.Term) < shortestRepair-1 {
			continue
		}
		d := distance(word, v.Term, reach)
		if d < reach || d == reach && (!ok || v.DF > best.DF || v.DF == best.DF && v.Term < best.Term) {
			if d < reach {
				reach = d
			}
			best, ok = v, true
		}
	}
	return best, ok
}

// distance counts the letters to insert, delete, replace or swap with their
// neighbour (optimal string alignment); anything over limit gives limit+1.
func distance(a, b string, limit int) int {
	if len(a)-len(b) > limit || len(b)-len(a) > limit {
		return limit + 1
	}
	before := make([]int, len(b)+1)
	last := make([]int, len(b)+1)
	row := make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		lowest := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, before[j-2]+1)
			}
			row[j] = d
			lowest = min(lowest, d)
		}
		if lowest > limit {
			return limit + 1
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], limit+1)
}
