package ranking

import (
	"fmt"
	"slices"
	"testing"
)

// Twelve passages have most of the question, and talk of rivets; two twins have
// a little of it, and one of them talks of rivets too.
func TestLongQuestionsPreferPassagesAboutWhatTheBestAreAbout(t *testing.T) {
	index := NewMemory()
	for i := range 12 {
		index.Add(Passage{ID: int64(i + 10), Corpus: 1, Document: int64(i + 10), Text: fmt.Sprintf("heat transfer through thin metal plates under supersonic flow pressure, with rivets, sample %d", i)})
	}
	for i := range 20 {
		index.Add(Passage{ID: int64(i + 50), Corpus: 1, Document: int64(i + 50), Text: fmt.Sprintf("flow of visitors through gate %d", i)})
	}
	index.Add(Passage{ID: 1, Corpus: 1, Document: 1, Text: "supersonic flow, of which little is known, with magnet"})
	index.Add(Passage{ID: 2, Corpus: 1, Document: 2, Text: "supersonic flow, of which little is known, with rivets"})
	for question, first := range map[string]int64{
		"supersonic flow": 1, // equal: by id
		"heat transfer through thin metal plates under supersonic flow pressure": 2,
	} {
		hits := search(t, index, question, 1).Hits
		at := func(id int64) int { return slices.IndexFunc(hits, func(h Hit) bool { return h.ID == id }) }
		if at(first) < 0 || at(first) > at(3-first) {
			t.Errorf("%q: passage %d stands behind its twin", question, first)
		}
	}
}
