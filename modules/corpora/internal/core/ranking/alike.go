package ranking

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"parley/platform/kernel/text"
)

const (
	maxAlike     = 8    // words of a question that other forms are looked for
	few          = 5    // passages
	formsOfOne   = 8    // other forms that one word is looked for in
	alikeLimit   = 100  // terms looked at for one word
	formsWeight  = 0.5  // what another form counts compared to the word itself; sums of both weights are exact
	unknownForms = 0.75 // and when nobody knows the word itself
)

// Form is an indexed term that is read as another form of a word, or as a
// compound with it.
type Form struct {
	Term   string
	DF     int
	Weight float64 // compared to the word itself
}

// addForms gives other forms to the terms that nobody knows and that have no
// near word, and to those of few passages.
func (v view) addForms(ctx context.Context, terms []Term, passages int) error {
	asked := v.scratch.places[:0]
	for i := range terms {
		if t := &terms[i]; t.Match == "" && t.DF < few && t.DF < passages && len(asked) < maxAlike && text.HasTermGrams(t.Stem) {
			asked = append(asked, i)
		}
	}
	v.scratch.places = asked
	if len(asked) == 0 {
		return nil
	}
	forms, err := v.forms(ctx, terms, asked)
	if err != nil {
		return fmt.Errorf("looking for other forms of words: %w", err)
	}
	if !slices.ContainsFunc(forms, func(of []Form) bool { return len(of) > 0 }) {
		return nil // and no term has OnlyForms
	}
	taken := make(map[string]bool, len(terms))
	for i := range terms {
		taken[terms[i].target()] = true
	}
	for k, i := range asked {
		t := &terms[i]
		t.OnlyForms = t.DF == 0 && len(forms[k]) > 0
		for _, f := range forms[k] {
			if taken[f.Term] {
				continue
			}
			taken[f.Term] = true
			f.Weight = formsWeight
			if t.OnlyForms {
				f.Weight = unknownForms
				t.DF = max(t.DF, f.DF)
			}
			t.Forms = append(t.Forms, f)
		}
	}
	return nil
}

// forms answers the other forms of terms, best first. The answer is valid until
// the next one.
func (v view) forms(ctx context.Context, terms []Term, asked []int) ([][]Form, error) {
	out := zeros(&v.scratch.forms, len(asked))
	stamp := v.stampOfAll() ^ formsName
	var missing []int
	var words [][]text.Gram
	for k, i := range asked {
		known, _ := v.warm.Get(v.tokens.hash(terms[i].Stem) ^ stamp)
		if e, ok := known.(*keptForms); ok && e.is(terms[i].Stem, v.corpora) {
			out[k] = e.forms
		} else {
			missing = append(missing, k)
			words = append(words, text.TermGrams(terms[i].Stem))
		}
	}
	if len(missing) == 0 {
		return out, nil
	}
	found, versions, err := v.alike(ctx, words, alikeLimit)
	if err != nil {
		return nil, err
	}
	byWord := make([][]alikeForm, len(words))
	var all []string
	for _, f := range found {
		grams := text.TermGrams(f.Term)
		if f.Term == terms[asked[missing[f.Word]]].Stem {
			continue
		}
		if likeness := text.Alike(f.Shared, len(words[f.Word]), len(grams)); likeness > 0 {
			byWord[f.Word] = append(byWord[f.Word], alikeForm{f.Term, likeness})
		}
	}
	for w, list := range byWord {
		slices.SortFunc(list, func(a, b alikeForm) int {
			return cmp.Or(cmp.Compare(b.likeness, a.likeness), cmp.Compare(a.term, b.term))
		})
		byWord[w] = list[:min(len(list), 2*formsOfOne)] // some may be in no passage
		for _, f := range byWord[w] {
			all = append(all, f.term)
		}
	}
	dfs, err := v.count(ctx, all)
	if err != nil {
		return nil, err
	}
	unchanged := v.unchanged(versions)
	for w, list := range byWord {
		k := missing[w]
		for _, f := range list {
			if dfs[0] > 0 && len(out[k]) < formsOfOne {
				out[k] = append(out[k], Form{Term: f.term, DF: dfs[0]})
			}
			dfs = dfs[1:]
		}
		if unchanged {
			stem := terms[asked[k]].Stem
			v.warm.Set(v.tokens.hash(stem)^stamp, &keptForms{keptGuess{stem, slices.Clone(v.corpora)}, out[k]})
		}
	}
	return out, nil
}

type alikeForm struct {
	term     string
	likeness float64
}
