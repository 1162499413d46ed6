package ranking

import (
	"context"
	"fmt"
	"slices"

	"parley/platform/kernel/lexicon"
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
func (v view) repair(ctx context.Context, terms []Term) error {
	repaired := 0
	for i := range terms {
		t := &terms[i]
		if t.DF > 0 || len(t.Stem) < shortestRepair || !text.Alphabetic(t.Stem) || lexicon.English().Knows(t.Stem) {
			continue
		}
		if repaired++; repaired > maxRepairs {
			return nil
		}
		near, err := v.near(ctx, t.Stem)
		if err != nil {
			return fmt.Errorf("looking for words near %q: %w", t.Stem, err)
		}
		t.Match, t.DF = near.Term, near.DF
	}
	return nil
}

// near answers the nearest known word, the zero value when none is near.
func (v view) near(ctx context.Context, word string) (TermCount, error) {
	name := v.tokens.hash(word) ^ v.stampOfAll() ^ nearName
	known, _ := v.warm.Get(name)
	if e, ok := known.(*keptNear); ok && e.is(word, v.corpora) {
		return e.near, nil
	}
	reach := 1
	if len(word) >= 8 {
		reach = 2
	}
	words, versions, err := v.vocabulary(ctx, word[:1], len(word)-reach, len(word)+reach, vocabularyLimit)
	if err != nil {
		return TermCount{}, err
	}
	best, _ := nearest(word, words, reach)
	if v.unchanged(versions) {
		v.warm.Set(name, &keptNear{keptGuess{word, slices.Clone(v.corpora)}, best})
	}
	return best, nil
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
