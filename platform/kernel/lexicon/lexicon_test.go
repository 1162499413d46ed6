package lexicon_test

import (
	"slices"
	"testing"

	"parley/platform/kernel/lexicon"
	"parley/platform/kernel/text"
)

func TestWordsAreRelated(t *testing.T) {
	x := lexicon.English()
	for _, pair := range [][2]string{{"vacation", "leave"}, {"salary", "pay"}, {"pcs", "computers"}, {"abandon", "desert"}, {"movies", "films"}} {
		related := x.Related(text.Stem(pair[0]))
		if !slices.ContainsFunc(related, func(r lexicon.Relation) bool { return r.Stem == text.Stem(pair[1]) }) {
			t.Errorf("%q is not related to %q: %v", pair[0], pair[1], related)
		}
		if !slices.ContainsFunc(x.Reverse(text.Stem(pair[1])), func(r lexicon.Relation) bool { return r.Stem == text.Stem(pair[0]) }) {
			t.Errorf("%q does not lead back to %q", pair[1], pair[0])
		}
	}
}

func TestTheLexiconTellsWordsFromMisspellings(t *testing.T) {
	x := lexicon.English()
	if !x.Knows("hous") || x.Knows("seig") || x.Count(text.Stem("house")) < 100 || x.Count("xyzzi") != 0 {
		t.Errorf("house %d, seig %v", x.Count("hous"), x.Knows("seig"))
	}
}
