package ranking

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// shelf is a corpus of so many passages of twenty words, of which two are rare.
func shelf(t *testing.T, passages int) asker {
	t.Helper()
	m := NewMemory()
	for i := range int64(passages) {
		m.Add(Passage{ID: i + 1, Corpus: 1, Document: i + 1, Text: fmt.Sprintf("The lantern of %s and of %s shines far over the cold sea to whoever comes home late at night", name(i), name(-i))})
	}
	source := &counting{Memory: m}
	return asker{NewEngine(source, 64<<20), source, t}
}

// name is the i-th of words that are alike.
func name(i int64) string {
	word := []byte("harbour")
	if i < 0 {
		word, i = []byte("lighthouse"), -i
	}
	for range 4 {
		word = append(word, "bdfgklmnprstvwxz"[i%16], "aeiou"[i%5])
		i /= 3
	}
	return string(word)
}

func rare(i int) string { return name(int64(i)) + " " + name(int64(-i)) + "st" }

func TestAnIndexIsReadAsAWholeWhenSoManyHaveReadParts(t *testing.T) {
	a, partly := shelf(t, 600), shelf(t, 600)
	partly.partly = true
	wanted := (a.Corpora(1)[0].Length + wordsOfRead - 1) / wordsOfRead
	if wanted < 3 || wanted > 20 {
		t.Fatalf("%d questions are to read parts", wanted)
	}
	for i := range 3 * wanted {
		got, reads := a.ask(rare(i))
		want, _ := partly.ask(rare(i))
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(i, diff)
		}
		switch {
		case i < wanted && reads < 3: // the words, other forms, the passages
			t.Errorf("question %d read %d times", i, reads)
		case i == wanted && (reads < 1 || reads > 2): // the whole, and the passages
			t.Errorf("question %d read %d times", i, reads)
		case i > wanted && reads > 1:
			t.Errorf("question %d read %d times", i, reads)
		}
	}
}

func TestAnIndexThatHasChangedIsReadAgain(t *testing.T) {
	a := shelf(t, 20)
	a.ask(rare(1))
	a.Add(Passage{ID: 900, Corpus: 1, Document: 900, Text: "The " + name(30) + " is new."})
	if found, _ := a.ask(name(30)); len(found.Hits) == 0 || found.Hits[0].ID != 900 {
		t.Errorf("%+v", found.Hits)
	}
	a.RemoveDocument(900)
	for _, h := range func() []Hit { r, _ := a.ask(name(30)); return r.Hits }() {
		if h.ID == 900 {
			t.Error("what was removed is found")
		}
	}
}

func TestAnIndexThatCannotBeReadAsAWholeIsReadInParts(t *testing.T) {
	a := shelf(t, 600)
	want := map[int]Result{}
	for i := range 60 {
		want[i], _ = a.ask(rare(i))
	}
	for name, trouble := range map[string]error{"it fails": errors.New("too much at once"), "": nil} {
		b := shelf(t, 600)
		b.before = func() { b.err = nil }
		wholes := 0
		source := failing{b.counting, func() error { wholes++; return trouble }}
		e := NewEngine(source, 64<<20)
		for i := range 60 {
			got, err := e.Search(t.Context(), Question{Text: rare(i), Corpora: b.Corpora(1), Limit: 10})
			if err != nil {
				t.Fatal(name, err)
			}
			if diff := cmp.Diff(want[i], got); diff != "" {
				t.Fatal(name, i, diff)
			}
		}
		if trouble != nil && (wholes < 2 || wholes > 20) || trouble == nil && wholes != 1 {
			t.Errorf("%q: the whole index was read %d times", name, wholes)
		}
	}
}

func TestManySmallIndexesAreReadTogether(t *testing.T) {
	m := NewMemory()
	var ids []int64
	for corpus := range int64(200) {
		ids = append(ids, corpus+1)
		for i := range int64(10) {
			m.Add(Passage{ID: 100*corpus + i + 1, Corpus: corpus + 1, Document: corpus + 1, Text: fmt.Sprintf("%s of %s in the cold harbour", name(i), name(-corpus))})
		}
	}
	source := &counting{Memory: m}
	a, words := asker{NewEngine(source, 64<<20), source, t}, 0
	for _, c := range a.Corpora(ids...) {
		words += c.Length
	}
	partly := &counting{Memory: m, partly: true}
	b, wholes := asker{NewEngine(partly, 64<<20), partly, t}, 0
	for i := range 3 * words / wordsOfRead {
		got, reads := a.ask(rare(i), a.Corpora(ids...)...)
		want, _ := b.ask(rare(i), a.Corpora(ids...)...)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatal(i, diff)
		}
		if reads > 6 { // of all corpora at once: some as a whole, words, postings, other forms, and how many passages have these, passages
			t.Errorf("question %d read %d times", i, reads)
		}
		wholes = 0
		v := a.view(a.Corpora(ids...), newScratch())
		for _, e := range v.wholes {
			if e != nil {
				wholes++
			}
		}
		if most := (i + 2) * len(ids) * wordsOfRead / words; wholes > most+1 && i < words/wordsOfRead-1 {
			t.Errorf("after question %d %d of %d indexes are there, which took longer than their parts", i, wholes, len(ids))
		}
	}
	if wholes < len(ids) {
		t.Errorf("%d of %d indexes are there", wholes, len(ids))
	}
}

func TestAnIndexOfAnotherVersionIsNotTakenAsAWhole(t *testing.T) {
	a := shelf(t, 20)
	in := a.Corpora(1)
	source := failing{a.counting, func() error {
		a.Add(Passage{ID: 900, Corpus: 1, Document: 900, Text: "The harbour."})
		return nil
	}}
	e := NewEngine(source, 64<<20)
	if _, err := e.Search(t.Context(), Question{Text: rare(1), Corpora: in, Limit: 10}); err != nil {
		t.Fatal(err)
	}
	if e.view(in, newScratch()).wholes[0] != nil {
		t.Error("an index is kept for a version that it does not have")
	}
}

// failing is a Source whose whole index is read as told.
type failing struct {
	*counting
	whole func() error
}

// Whole implements Source.
func (f failing) Whole(ctx context.Context, corpora []int64, most int) ([]Postings, Versions, error) {
	if err := f.whole(); err != nil {
		return nil, nil, err
	}
	return f.Memory.Whole(ctx, corpora, most)
}

func TestQuestionsOfOneMomentReadTheWholeIndexOnce(t *testing.T) {
	b := shelf(t, 600)
	var mu sync.Mutex
	wholes := 0
	e := NewEngine(failing{b.counting, func() error {
		mu.Lock()
		defer mu.Unlock()
		wholes++
		return nil
	}}, 64<<20)
	in := b.Corpora(1)
	v := e.view(in, newScratch())
	for range in[0].Length/wordsOfRead + 1 {
		v.partRead()
	}
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() { e.view(in, newScratch()).complete(t.Context()) })
	}
	all.Wait()
	if wholes != 1 || e.view(in, newScratch()).wholes[0] == nil {
		t.Errorf("it was read %d times", wholes)
	}
}
