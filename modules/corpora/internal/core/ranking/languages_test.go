package ranking

import (
	"os"
	"slices"
	"strings"
	"testing"

	"parley/modules/corpora/internal/core/judged"
)

// Questions in nine languages whose words stand in the right document in
// another form, or written in another way.
func TestOtherFormsOfWordsFindTheRightDocument(t *testing.T) {
	c := judged.Open(os.DirFS("testdata/languages"))
	index, names := NewMemory(), map[int64]string{}
	for d, err := range c.Documents() {
		if err != nil {
			t.Fatal(err)
		}
		id := int64(len(names) + 1)
		names[id] = d.ID
		index.Add(Passage{ID: id, Corpus: 1, Document: id, Number: 1, Title: d.Title, Text: d.Text})
	}
	queries, err := c.Queries()
	if err != nil {
		t.Fatal(err)
	}
	judgments, err := c.Judgments()
	if err != nil {
		t.Fatal(err)
	}
	run := judged.Run{}
	for _, q := range queries {
		for _, h := range search(t, index, q.Text, 1).Hits {
			run[q.ID] = append(run[q.ID], names[h.ID])
		}
		for right := range judgments[0].Judgments[q.ID] {
			if at := slices.Index(run[q.ID], right); at != 0 {
				t.Logf("%q in %s: %s is at %d of %s", q.Text, strings.Split(q.ID, "-")[0], right, at+1, run[q.ID])
			}
		}
	}
	m := judged.Measure(judgments[0].Judgments, run)
	t.Logf("%+v", m)
	if m.First < 0.95 || m.Recall10 < 0.95 {
		t.Errorf("the right document comes first for %.3f of the questions, and is found for %.3f", m.First, m.Recall10)
	}
}

func TestAnotherFormCountsLessThanTheWordItself(t *testing.T) {
	index := NewMemory()
	index.Add(Passage{ID: 1, Corpus: 1, Document: 1, Text: "Urlaubsanspruch und mehr"})
	index.Add(Passage{ID: 2, Corpus: 1, Document: 2, Text: "Urlaub und mehr als das"})
	index.Add(Passage{ID: 3, Corpus: 1, Document: 3, Text: "etwas anderes"})
	found := search(t, index, "Urlaub", 1)
	if len(found.Hits) != 2 || found.Hits[0].ID != 2 {
		t.Errorf("%+v", found.Hits)
	}
	if want := []Form{{Term: "urlaubsanspruch", DF: 1, Weight: formsWeight}}; found.Terms[0].OnlyForms || !slices.Equal(found.Terms[0].Forms, want) {
		t.Errorf("%+v", found.Terms)
	}
	index.RemoveDocument(2)
	found = search(t, index, "Urlaub", 1)
	if len(found.Hits) != 1 || found.Hits[0].ID != 1 || !found.Terms[0].OnlyForms || found.Terms[0].DF != 1 {
		t.Errorf("%+v", found)
	}
}
