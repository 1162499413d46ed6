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
	var stems []string
	for _, t := range terms {
		if t.DF > 0 {
			continue
		}
		for _, r := range lexicon.English().Related(t.Stem) {
			stems = append(stems, r.Stem)
		}
	}
	if len(stems) == 0 {
		return terms, nil
	}
	slices.Sort(stems)
	stats, err := v.statistics(ctx, slices.Compact(stems))
	if err != nil {
		return nil, fmt.Errorf("counting related terms: %w", err)
	}
	out := terms // which keep their places
	for _, t := range terms {
		if t.DF > 0 {
			continue
		}
		added := 0
		for _, r := range lexicon.English().Related(t.Stem) {
			if added == maxRelated || len(out) == maxTerms {
				break
			}
			if stats.DF[r.Stem] == 0 || slices.ContainsFunc(out, func(o Term) bool { return o.target() == r.Stem }) {
				continue
			}
			out = append(out, Term{Form: r.Stem, Stem: r.Stem, DF: stats.DF[r.Stem], Related: true})
			added++
		}
	}
	return out, nil
}
