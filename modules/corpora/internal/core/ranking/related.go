package ranking

import (
	"context"
	"fmt"
	"slices"

	"parley/platform/kernel/lexicon"
)

// maxRelated is how many words are looked for in place of one that nobody
// knows.
const maxRelated = 4

// addRelated adds the indexed words that the unknown words of a question may stand
// for: who asks about movies finds films.
func (v view) addRelated(ctx context.Context, terms []Term) ([]Term, error) {
	stems := v.scratch.names[:0]
	for i := range terms {
		t := &terms[i]
		if t.DF > 0 {
			continue
		}
		for _, r := range lexicon.English().Related(t.Stem) {
			stems = append(stems, r.Stem)
		}
	}
	v.scratch.names = stems
	if len(stems) == 0 {
		return terms, nil
	}
	dfs, err := v.count(ctx, stems)
	if err != nil {
		return nil, fmt.Errorf("counting related terms: %w", err)
	}
	out := terms // which keep their places
	for i := range terms {
		t := &terms[i]
		if t.DF > 0 {
			continue
		}
		related := lexicon.English().Related(t.Stem)
		found := dfs[:len(related)]
		dfs = dfs[len(related):]
		added := 0
		for k, r := range related {
			if added == maxRelated || len(out) == maxTerms {
				break
			}
			if found[k] == 0 || slices.ContainsFunc(out, func(o Term) bool { return o.target() == r.Stem }) {
				continue
			}
			out = append(out, Term{Form: r.Stem, Stem: r.Stem, DF: found[k], Related: true})
			added++
		}
	}
	return out, nil
}
