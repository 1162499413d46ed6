package ranking

import "testing"

func TestAnUnknownWordFindsWhatItMayStandFor(t *testing.T) {
	index := NewMemory()
	index.Add(Passage{ID: 1, Corpus: 1, Document: 1, Number: 1, Title: "House rules", Text: "Films are lent for three days."})
	index.Add(Passage{ID: 2, Corpus: 1, Document: 2, Number: 1, Title: "House rules", Text: "Dogs stay outside."})
	got := search(t, index, "For how long are movies lent?", 1)
	if len(got.Hits) != 1 || got.Hits[0].ID != 1 {
		t.Fatalf("found %+v", got.Hits)
	}
	var movie, film Term
	for _, term := range got.Terms {
		switch term.Stem {
		case "movi":
			movie = term
		case "film":
			film = term
		}
	}
	if movie.DF != 0 || !movie.Unused || !film.Related || film.DF != 1 || film.IDF >= movie.IDF {
		t.Errorf("movie %+v, film %+v", movie, film)
	}
	for _, term := range search(t, index, "Where do dogs stay?", 1).Terms {
		if term.Related {
			t.Errorf("%q was added to a question whose words are known", term.Stem)
		}
	}
}

func TestAWordIsNotLookedForTwice(t *testing.T) {
	index := NewMemory()
	index.Add(Passage{ID: 1, Corpus: 1, Document: 1, Number: 1, Title: "Films", Text: "Films are lent for three days."})
	seen := map[string]bool{}
	for _, term := range search(t, index, "Are movies films?", 1).Terms {
		if seen[term.target()] {
			t.Errorf("%q is there twice", term.target())
		}
		seen[term.target()] = true
	}
}
