package ranking

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func rows(t testing.TB, path string) (out [][]string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(data)) {
		out = append(out, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
	}
	return out
}

// collection is the judged one of testdata, as corpus 1.
func collection(t testing.TB) (*Memory, map[int64]string) {
	t.Helper()
	index, names := NewMemory(), map[int64]string{}
	for i, row := range rows(t, "testdata/passages.tsv") {
		id := int64(i + 1)
		names[id] = row[0]
		index.Add(Passage{ID: id, Corpus: 1, Document: id, Number: 1, Title: row[1], Text: row[2]})
	}
	return index, names
}

func engine(source Source) *Engine { return NewEngine(source, 64<<20) }

func search(t testing.TB, index *Memory, question string, corpora ...int64) Result {
	t.Helper()
	result, err := engine(index).Search(t.Context(), Question{Text: question, Corpora: index.Corpora(corpora...), Limit: 10})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func TestTheRightPassageComesFirst(t *testing.T) {
	index, names := collection(t)
	questions := rows(t, "testdata/questions.tsv")
	first := 0
	for _, row := range questions {
		hits := search(t, index, row[1], 1).Hits
		if len(hits) > 0 && names[hits[0].ID] == row[0] {
			first++
			continue
		}
		place := slices.IndexFunc(hits, func(h Hit) bool { return names[h.ID] == row[0] })
		t.Logf("%q: %s is at %d", row[1], row[0], place+1)
	}
	t.Logf("%d of %d questions", first, len(questions))
	if share := float64(first) / float64(len(questions)); share < 0.95 {
		t.Errorf("the right passage is first for %.3f of the questions", share)
	}
}

func TestOnlyTheCorporaAskedForAreRead(t *testing.T) {
	index := NewMemory()
	for id, corpus := range []int64{1, 2, 2, 3} {
		index.Add(Passage{ID: int64(id + 1), Corpus: corpus, Document: int64(id), Text: "the secret word"})
	}
	for _, c := range []struct {
		corpora []int64
		want    []int64
	}{{nil, nil}, {[]int64{9}, nil}, {[]int64{1}, []int64{1}}, {[]int64{2, 3}, []int64{2, 3, 4}}} {
		result := search(t, index, "secret", c.corpora...)
		var got []int64
		for _, h := range result.Hits {
			got = append(got, h.ID)
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("corpora %v:\n%s", c.corpora, diff)
		}
		if len(c.want) > 0 && result.Terms[0].DF != len(c.want) {
			t.Errorf("corpora %v: df %d", c.corpora, result.Terms[0].DF)
		}
	}
}

func TestAQuestionOfNothingFindsNothing(t *testing.T) {
	index, _ := collection(t)
	for _, question := range []string{"", "  ?!", "the of and", "xyzzyplugh quuxation", strings.Repeat("\xff", 100)} {
		if result := search(t, index, question, 1); result.Kept != 0 || len(result.Hits) != 0 {
			t.Errorf("%q found %d passages", question, len(result.Hits))
		}
	}
	if result := search(t, NewMemory(), "backup", 1); len(result.Hits) != 0 {
		t.Error("an empty index found something")
	}
}

func TestQuestionWordsCountWhenThereIsNothingElse(t *testing.T) {
	index := NewMemory()
	index.Add(Passage{ID: 1, Corpus: 1, Text: "Doctor Who is on."})
	if got := search(t, index, "Who?", 1).Kept; got != 1 {
		t.Errorf("%d passages", got)
	}
}

func TestAnUnknownWordIsReadAsTheNearestKnownOne(t *testing.T) {
	index, _ := collection(t)
	for question, want := range map[string]string{"glaicer": "glacier", "vacine": "vaccin", "lighthosue": "lighthous", "qqqqq": "", "бэкап": "", "mo": ""} {
		if got := search(t, index, question, 1).Terms[0].Match; got != want {
			t.Errorf("%s is read as %q, want %q", question, got, want)
		}
	}
}

func TestWordsInOrderBeatWordsApart(t *testing.T) {
	index := NewMemory()
	index.Add(Passage{ID: 1, Corpus: 1, Document: 1, Text: "Boundary stones mark each field. The top layer of soil is thin."})
	index.Add(Passage{ID: 2, Corpus: 1, Document: 2, Text: "The boundary layer over a field is thin. Stones mark soil each top."})
	result := search(t, index, "boundary layer", 1)
	if result.Hits[0].ID != 2 || result.Hits[0].Score.Pairs == 0 || result.Hits[1].Score.Pairs != 0 {
		t.Errorf("%+v", result.Hits)
	}
}

func TestTheExactFormBeatsTheStem(t *testing.T) {
	index := NewMemory()
	index.Add(Passage{ID: 1, Corpus: 1, Document: 1, Text: "university life"})
	index.Add(Passage{ID: 2, Corpus: 1, Document: 2, Text: "universe life"})
	if hits := search(t, index, "universe", 1).Hits; hits[0].ID != 2 {
		t.Errorf("%+v", hits)
	}
}

func TestAWordThatAQuestionRepeatsCountsMore(t *testing.T) {
	index := NewMemory()
	index.Add(Passage{ID: 1, Corpus: 1, Document: 1, Text: "salt trade"})
	index.Add(Passage{ID: 2, Corpus: 1, Document: 2, Text: "harbour trade"})
	for question, want := range map[string]int64{"salt, harbour": 1, "salt, harbour, and of the harbour its age": 2} {
		if hits := search(t, index, question, 1).Hits; hits[0].ID != want {
			t.Errorf("%s: %+v", question, hits)
		}
	}
}

func TestPassagesOfABetterDocumentAreBetter(t *testing.T) {
	index := NewMemory()
	index.Add(Passage{ID: 1, Corpus: 1, Document: 1, Text: "salt trade"})
	index.Add(Passage{ID: 2, Corpus: 1, Document: 2, Text: "salt trade"})
	index.Add(Passage{ID: 3, Corpus: 1, Document: 2, Text: "medieval harbour"})
	if hits := search(t, index, "salt in the medieval harbour", 1).Hits; hits[0].ID != 3 || hits[1].ID != 2 {
		t.Errorf("%+v", hits)
	}
}

func TestCommonTermsAreLeftOutOfLargeCollectionsButStillCompared(t *testing.T) {
	terms := []Term{{Stem: "common", DF: 50_000}, {Stem: "rare", DF: 10}, {Stem: "often", DF: 40_000}, {Stem: "never"}}
	got := newScratch().weigh(terms, Statistics{Passages: 100_000, Length: 1})
	if len(got) != 2 || got[0].Term != "rare" || got[1].Term != "often" {
		t.Errorf("%+v", got)
	}
	if !terms[0].Unused || terms[1].Unused || !terms[3].Unused || terms[0].IDF == 0 {
		t.Errorf("%+v", terms)
	}
	if got := newScratch().weigh([]Term{{Stem: "common", DF: 90_000}}, Statistics{Passages: 100_000, Length: 1}); len(got) != 1 {
		t.Error("the only word was left out")
	}
}

func TestALongQuestionIsCut(t *testing.T) {
	var b strings.Builder
	for i := range 5000 {
		b.WriteString(strings.Repeat("x", i%7+1) + string(rune('a'+i%26)) + " ")
	}
	if q := newScratch().read(b.String()); len(q.terms) > maxTerms {
		t.Errorf("%d terms", len(q.terms))
	}
}

func TestTitleWordsCountThreeTimes(t *testing.T) {
	want := Entry{Terms: map[string]int{"backup": 4, "daili": 1, "东京": 1}, Length: 6}
	if diff := cmp.Diff(want, NewIndexer().Entry("The Backup", "backups are daily 东京")); diff != "" {
		t.Error(diff)
	}
}

func TestAHitSaysWhyItStandsThere(t *testing.T) {
	index, _ := collection(t)
	why := search(t, index, "ferry to Port Ansel", 1).Hits[0].Why()
	for _, part := range []string{"words ", "in order ", "same form ", "; has ferri, port, ansel"} {
		if !strings.Contains(why, part) {
			t.Errorf("%q lacks %q", why, part)
		}
	}
}

func TestTheIndexForgetsAnOldVersionOfAPassage(t *testing.T) {
	index := NewMemory()
	index.Add(Passage{ID: 1, Corpus: 1, Document: 1, Text: "alpha"})
	index.Add(Passage{ID: 1, Corpus: 1, Document: 1, Text: "omega"})
	if search(t, index, "alpha", 1).Kept != 0 || search(t, index, "omega", 1).Kept != 1 {
		t.Error("the old text is found, or the new one is not")
	}
	index.RemoveDocument(1)
	if search(t, index, "omega", 1).Kept != 0 || len(index.postings) != 0 {
		t.Error("something is left of a removed document")
	}
}

func FuzzSearch(f *testing.F) {
	f.Add("how do I make a backup", "Title", "text 东京 of the backup")
	f.Fuzz(func(t *testing.T, question, title, body string) {
		index := NewMemory()
		index.Add(Passage{ID: 1, Corpus: 1, Document: 1, Title: title, Text: body})
		index.Add(Passage{ID: 2, Corpus: 1, Document: 1, Title: body, Text: question})
		result, err := engine(index).Search(t.Context(), Question{Text: question, Corpora: index.Corpora(1), Limit: 5})
		if err != nil {
			t.Fatal(err)
		}
		for _, h := range result.Hits {
			if !(h.Score.Total > 0) || h.Score.Total > 1e6 {
				t.Fatalf("score %+v", h.Score)
			}
		}
	})
}
