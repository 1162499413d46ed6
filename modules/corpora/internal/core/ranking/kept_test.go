package ranking

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/platform/kernel/text"
)

// What memory keeps lies under hashes. Two names of one hash are not to be met,
// so the test puts what has another name where something is looked for.
func TestWhatIsKeptUnderTheSameHashIsNotTakenForAnother(t *testing.T) {
	const question = "ferry lighthosue harbour zzqxy"
	want, _ := newAsker(t, 64<<20).ask(question)
	if len(want.Hits) == 0 {
		t.Fatal("nothing is found")
	}
	a := newAsker(t, 64<<20)
	corpora := a.Corpora(1)
	v := a.view(corpora, newScratch())
	wrongTerm := func(corpus Corpus, term string) *keptTerm {
		return &keptTerm{corpus: corpus.ID, version: corpus.Version, term: term, df: 1, postings: []Posting{{Passage: 1, TF: 9, Length: 10}}}
	}
	later, other := corpora[0], corpora[0]
	later.Version++
	other.ID++
	stale := slices.Clone(corpora)
	stale[0].Version++
	for _, wrong := range []struct {
		term  kept
		guess keptGuess
	}{
		{wrongTerm(corpora[0], "other"), keptGuess{"other", corpora}},
		{wrongTerm(later, "ferri"), keptGuess{"lighthosu", stale}},
		{wrongTerm(other, "ferri"), keptGuess{"zzqxi", nil}},
		{a.tokens.read(Passage{ID: -1, Corpus: 1, Text: "wrong"}), keptGuess{}},
	} {
		for _, term := range []string{"ferri", "harbour"} {
			a.warm.Set(a.tokens.hash(term)^v.stamps[0]^termName, wrong.term)
		}
		for _, word := range []string{"lighthosu", "zzqxi"} {
			a.warm.Set(a.tokens.hash(word)^v.stampOfAll()^nearName, &keptNear{wrong.guess, TermCount{"wrong", 1}})
			a.warm.Set(a.tokens.hash(word)^v.stampOfAll()^formsName, &keptForms{wrong.guess, []Form{{Term: "wrong", DF: 1}}})
		}
		for _, h := range want.Hits {
			a.warm.Set(passageName(h.ID), a.tokens.read(Passage{ID: h.ID + 1, Corpus: 1, Text: "ferry ferry ferry"}))
		}
		if got, _ := a.ask(question); cmp.Diff(want, got) != "" {
			t.Errorf("with %+v and %+v: %s", wrong.term, wrong.guess, cmp.Diff(want, got))
		}
	}
}

func TestAFormOfTwoWordsIsCountedOnce(t *testing.T) {
	index := NewMemory()
	index.Add(Passage{ID: 1, Corpus: 1, Document: 1, Text: "лестница"})
	index.Add(Passage{ID: 2, Corpus: 1, Document: 2, Text: "something else"})
	term := search(t, index, "лестницами лестницах", 1).Terms[0]
	if want := []Form{{Term: "лестница", DF: 1, Weight: unknownForms}}; term.DF != 1 || !cmp.Equal(want, term.Forms) {
		t.Errorf("%+v", term)
	}
}

// A long passage fills its tables.
func TestTablesOfAPassageKnowAllThatItHas(t *testing.T) {
	var all Passage
	for _, row := range rows(t, "testdata/passages.tsv") {
		all.Title = row[1]
		all.Text += row[2] + "\n"
	}
	for _, p := range []Passage{{}, {Title: "a", Text: "b"}, {Text: "aaaaaaaaaaaaaaaaaaaa"}, all} {
		x := newTokenizer()
		read := x.read(p)
		want := map[uint64]int{}
		for range titleWeight {
			for g := range text.Grams(p.Title) {
				want[mix(g)]++
			}
		}
		for g := range text.Grams(p.Text) {
			want[mix(g)]++
		}
		for g, n := range want {
			if !read.grams.may(g) || int(read.grams.count(g)) != n {
				t.Fatalf("gram %x: %v, %d, want %d", g, read.grams.may(g), read.grams.count(g), n)
			}
			if other := g + 1; want[other] == 0 && read.grams.count(other) != 0 {
				t.Fatalf("gram %x is not there and counted", other)
			}
		}
		if !slices.IsSorted(read.grams.keys) || len(read.grams.keys) != len(want) {
			t.Fatalf("%d grams, want %d", len(read.grams.keys), len(want))
		}
		for at, w := range read.words {
			if !read.places.may(w.stem) || !slices.Contains(read.places.near(w.stem), place{half(w.stem), uint32(at)}) {
				t.Fatalf("word %d is not at its place", at)
			}
		}
	}
}

func TestIdleMemoryOfQuestionsHoldsNothingOfThem(t *testing.T) {
	a := newAsker(t, 64<<20)
	s := newScratch()
	a.idle.New = func() any { return s }
	for _, row := range rows(t, "testdata/questions.tsv")[:20] {
		a.ask(row[1] + " glaicer")
		a.ask(row[1])
	}
	for _, term := range s.terms[:cap(s.terms)] {
		if !cmp.Equal(term, Term{}) {
			t.Errorf("%+v is held", term)
		}
	}
	for _, passage := range s.passages[:cap(s.passages)] {
		if passage != nil {
			t.Errorf("passage %d is held", passage.ID)
		}
	}
	for _, list := range s.lists[:cap(s.lists)] {
		if list != nil {
			t.Errorf("%d postings are held", len(list))
		}
	}
	if len(s.stems)+len(s.formed) > 0 {
		t.Errorf("the words %v and %v are held", s.stems, s.formed)
	}
	for _, room := range []int{cap(s.terms), cap(s.names), cap(s.passages), cap(s.lists), cap(s.chosen)} {
		if room > mostAgain {
			t.Errorf("room for %d is held", room)
		}
	}
}
