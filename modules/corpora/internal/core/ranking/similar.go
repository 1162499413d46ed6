package ranking

import (
	"context"
	"fmt"

	"parley/platform/kernel/text"
)

const (
	maxRepairs      = 4     // unknown words of a question that are repaired
	shortestRepair  = 5     // bytes; shorter words have too many neighbours
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
		if !text.Alphabetic(v.Term) || len(v.Term) < shortestRepair-2 {
			continue
		}
		d := text.Distance(word, v.Term, reach)
		if d < reach || d == reach && (!ok || v.DF > best.DF || v.DF == best.DF && v.Term < best.Term) {
			if d < reach {
				reach = d
			}
			best, ok = v, true
		}
	}
	return best, ok
}
