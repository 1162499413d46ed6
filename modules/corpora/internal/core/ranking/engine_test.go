package ranking

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/platform/kernel/text"
)

// counting is a Source that counts what is read of it, and does something
// before each read.
type counting struct {
	*Memory
	reads  int
	partly bool // no index is read as a whole
	before func()
	err    error
}

func (c *counting) read() error {
	c.reads++
	if c.before != nil {
		c.before()
	}
	return c.err
}

// Postings implements Source.
func (c *counting) Postings(ctx context.Context, corpora []int64, terms []string, most int) ([]Postings, Versions, error) {
	if err := c.read(); err != nil {
		return nil, nil, err
	}
	return c.Memory.Postings(ctx, corpora, terms, most)
}

// Whole implements Source.
func (c *counting) Whole(ctx context.Context, corpora []int64, most int) ([]Postings, Versions, error) {
	if c.partly {
		return nil, nil, nil
	}
	if err := c.read(); err != nil {
		return nil, nil, err
	}
	return c.Memory.Whole(ctx, corpora, most)
}

// Vocabulary implements Source.
func (c *counting) Vocabulary(ctx context.Context, corpora []int64, prefix string, shortest, longest, limit int) ([]TermCount, Versions, error) {
	if err := c.read(); err != nil {
		return nil, nil, err
	}
	return c.Memory.Vocabulary(ctx, corpora, prefix, shortest, longest, limit)
}

// Alike implements Source.
func (c *counting) Alike(ctx context.Context, corpora []int64, words [][]text.Gram, limit int) ([]AlikeTerm, Versions, error) {
	if err := c.read(); err != nil {
		return nil, nil, err
	}
	return c.Memory.Alike(ctx, corpora, words, limit)
}

// Vectors implements Source.
func (c *counting) Vectors(ctx context.Context, corpus int64, model string, after int64, limit int) ([]Vector, Versions, error) {
	if err := c.read(); err != nil {
		return nil, nil, err
	}
	return c.Memory.Vectors(ctx, corpus, model, after, limit)
}

// Passages implements Source.
func (c *counting) Passages(ctx context.Context, corpora []int64, ids []int64) ([]Passage, error) {
	if err := c.read(); err != nil {
		return nil, err
	}
	return c.Memory.Passages(ctx, corpora, ids)
}

// asker asks one engine, in the corpora as they are at that moment.
type asker struct {
	*Engine
	*counting
	t *testing.T
}

func newAsker(t *testing.T, limit uint64) asker {
	index, _ := collection(t)
	source := &counting{Memory: index}
	return asker{NewEngine(source, limit), source, t}
}

// ask answers the result and how often the source was read for it.
func (a asker) ask(question string, corpora ...Corpus) (Result, int) {
	a.t.Helper()
	if corpora == nil {
		corpora = a.Corpora(1)
	}
	before := a.reads
	result, err := a.Search(a.t.Context(), Question{Text: question, Corpora: corpora, Limit: 10})
	if err != nil {
		a.t.Fatal(err)
	}
	return result, a.reads - before
}

func texts(r Result) (out []string) {
	for _, h := range r.Hits {
		out = append(out, h.Text)
	}
	return out
}

func TestAWarmQuestionReadsNothingAndAnswersTheSame(t *testing.T) {
	a := newAsker(t, 64<<20)
	for _, row := range rows(t, "testdata/questions.tsv") {
		question := row[1] + " glaicer" // a word that nobody knows
		cold, _ := a.ask(question)
		warm, reads := a.ask(question)
		if reads != 0 {
			t.Fatalf("%q read %d times", question, reads)
		}
		if diff := cmp.Diff(cold, warm); diff != "" {
			t.Fatalf("%q: %s", question, diff)
		}
	}
}

func TestAChangedCorpusIsReadAgain(t *testing.T) {
	a := newAsker(t, 64<<20)
	a.ask("ferry to Port Ansel")
	a.Add(Passage{ID: 9_001, Corpus: 1, Document: 9_001, Text: "A new ferry goes to Port Ansel."})
	if found, reads := a.ask("ferry to Port Ansel"); reads == 0 || !strings.Contains(strings.Join(texts(found), " "), "A new ferry") {
		t.Errorf("%d reads found %q", reads, texts(found))
	}
	a.RemoveDocument(9_001)
	if found, reads := a.ask("ferry to Port Ansel"); reads == 0 || strings.Contains(strings.Join(texts(found), " "), "A new ferry") {
		t.Errorf("%d reads found %q", reads, texts(found))
	}
	if found, _ := a.ask("lighthosue"); found.Terms[0].Match != "lighthous" {
		t.Errorf("%+v", found.Terms)
	}
	a.Add(Passage{ID: 9_002, Corpus: 1, Document: 9_002, Text: "lighthosue"})
	if found, _ := a.ask("lighthosue"); found.Terms[0].Match != "" || found.Terms[0].DF != 1 {
		t.Errorf("%+v", found.Terms)
	}
}

func TestOneCorpusDoesNotAnswerForAnother(t *testing.T) {
	a := newAsker(t, 64<<20)
	a.Add(Passage{ID: 9_001, Corpus: 2, Document: 9_001, Text: "The secret ferry."})
	a.ask("secret ferry", a.Corpora(1, 2)...)
	if found, _ := a.ask("secret ferry", a.Corpora(1)...); strings.Contains(strings.Join(texts(found), " "), "secret") {
		t.Errorf("found %q", texts(found))
	}
	if found, reads := a.ask("secret ferry", a.Corpora(2)...); reads != 0 || !cmp.Equal(texts(found), []string{"The secret ferry."}) {
		t.Errorf("%d reads found %q", reads, texts(found))
	}
}

// What changes while a question is read must not be taken for the state before.
func TestWhatIsReadAtAnotherVersionIsNotKeptForTheOneAskedFor(t *testing.T) {
	a := newAsker(t, 64<<20)
	old := a.Corpora(1)
	want, _ := newAsker(t, 64<<20).ask("ferry lighthosue harbour")
	n := int64(0)
	a.before = func() {
		n++
		a.Add(Passage{ID: 9_000 + n, Corpus: 1, Document: 9_000 + n, Text: "ferry lighthosue harbour"})
	}
	a.ask("ferry lighthosue harbour", old...)
	a.before = nil
	for id := range n {
		a.RemoveDocument(9_001 + id)
	}
	// An asker who still has the old version finds the old state and not the one
	// in between.
	if found, reads := a.ask("ferry lighthosue harbour", old...); reads == 0 || !cmp.Equal(texts(want), texts(found)) {
		t.Errorf("%d reads found %q", reads, texts(found))
	}
}

func TestMemoryStaysWithinItsBytesAndAnswersStayRight(t *testing.T) {
	const limit = 300_000
	a, whole := newAsker(t, limit), newAsker(t, 64<<20)
	for i, row := range rows(t, "testdata/questions.tsv") {
		want, _ := whole.ask(row[1])
		got, _ := a.ask(row[1])
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%q: %s", row[1], diff)
		}
		a.ask(fmt.Sprintf("unknown%dword %s", i, row[1]))
		if n := a.warm.Bytes(); n > limit {
			t.Fatalf("%d bytes of %d", n, limit)
		}
	}
	if n := a.warm.Bytes(); n < limit/2 {
		t.Errorf("only %d bytes were ever held", n)
	}
	for form := range maxStems + 100 {
		a.tokens.read(Passage{Text: fmt.Sprint("w", form)})
	}
	if n := len(a.tokens.stems); n > maxStems {
		t.Errorf("%d stems are remembered", n)
	}
}

func TestAFailedReadIsToldAndNotKept(t *testing.T) {
	for partly, reads := range map[bool]int{true: 5, false: 2} {
		a := newAsker(t, 64<<20)
		a.partly = partly
		trouble := errors.New("the disk is gone")
		for failing := 1; ; failing++ {
			at := 0
			a.before = func() {
				if at++; at == failing {
					a.err = trouble
				}
			}
			_, err := a.Search(t.Context(), Question{Text: "ferry glaicer", Corpora: a.Corpora(1), Limit: 10})
			if err == nil {
				if failing-1 != reads {
					t.Errorf("%d reads can fail", failing-1)
				}
				break
			}
			if !errors.Is(err, trouble) {
				t.Fatal(err)
			}
			a.err = nil
			a.Engine = NewEngine(a.counting, 64<<20)
		}
	}
}

func TestTheBestCandidatesAreThoseOfASortedList(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for range 300 {
		all := make([]Candidate, rnd.IntN(60))
		best := top{limit: rnd.IntN(20)}
		for i := range all {
			all[i] = Candidate{Passage: int64(rnd.IntN(1000)), Score: float64(rnd.IntN(10))}
			best.add(all[i])
		}
		slices.SortFunc(all, before)
		if want, got := all[:min(best.limit, len(all))], best.sorted(); !slices.Equal(want, got) {
			t.Fatalf("the best %d are %v, want %v", best.limit, got, want)
		}
	}
}

func TestGramsAreCountedAsInTheText(t *testing.T) {
	for _, row := range rows(t, "testdata/passages.tsv") {
		want := map[text.Gram]int{}
		for g := range text.Grams(row[1]) {
			want[g] += titleWeight
		}
		for g := range text.Grams(row[2]) {
			want[g]++
		}
		read := newTokenizer().read(Passage{Title: row[1], Text: row[2]})
		if len(read.grams.keys) != len(want) {
			t.Fatalf("%d grams, want %d", len(read.grams.keys), len(want))
		}
		for g, n := range want {
			if got := read.grams.count(mix(g)); int(got) != n {
				t.Fatalf("gram %x: %d, want %d", g, got, n)
			}
		}
		if read.grams.count(mix(1)) != 0 {
			t.Fatal("a gram that is not there is counted")
		}
	}
}

func TestManyAskWhileACorpusChanges(t *testing.T) {
	index, _ := collection(t)
	e := NewEngine(index, 300_000)
	var group sync.WaitGroup
	for asker := range 4 {
		group.Go(func() {
			for n := range int64(50) {
				word := fmt.Sprintf("asker%dword%d", asker, n)
				id := int64(10_000*(asker+1)) + n
				index.Add(Passage{ID: id, Corpus: 1, Document: id, Text: word + " on the ferry"})
				found, err := e.Search(t.Context(), Question{Text: word + " ferry", Corpora: index.Corpora(1), Limit: 1})
				if err != nil || len(found.Hits) == 0 || found.Hits[0].ID != id {
					t.Errorf("what was just added is not found: %v", err)
				}
				index.RemoveDocument(id)
			}
		})
	}
	group.Wait()
}

func TestTheCommonestWordsAreReadApart(t *testing.T) {
	m := NewMemory()
	for i := range int64(atOnce + 1) {
		text := "a harbour"
		if i%100 == 0 {
			text = "a harbour with a beacon"
		}
		m.Add(Passage{ID: i + 1, Corpus: 1, Document: i + 1, Text: text + strings.Repeat(" wave", wholeMost/atOnce)})
	}
	source := &counting{Memory: m}
	a := asker{NewEngine(source, 64<<20), source, t}
	found, reads := a.ask("beacon")
	if len(found.Hits) != 5 || reads != 2 { // the word, the passages
		t.Errorf("%d hits by %d reads", len(found.Hits), reads)
	}
	found, reads = a.ask("beacon harbour")
	if len(found.Hits) != depth || reads != 3 { // the word, its postings, the passages
		t.Errorf("%d hits by %d reads", len(found.Hits), reads)
	}
}
