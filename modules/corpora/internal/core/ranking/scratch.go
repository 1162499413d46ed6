package ranking

import (
	"slices"

	"parley/platform/kernel/text"
)

// scratch is memory that one question needs and the next one uses again.
type scratch struct {
	reading
	adder
	matching
	heap []Candidate

	stamps   []uint64 // of the corpora in their versions
	wholes   []*keptWhole
	partly   bool // a part of an index was read
	names    []string
	dfs      []int
	places   []int
	forms    [][]Form
	lists    [][]Posting
	rarest   []*Term
	chosen   []Weighted
	passages []*tokens
}

// reading is what a question is read with.
type reading struct {
	terms      []Term
	stems      map[string]int // the places of terms by their stems
	formed     map[string]int // and by their exact forms
	exactly    []exactForm
	sequence   []int
	pieces     []piece
	pieceTerms []int
}

// matching is what the words of a question are looked for with in passages.
type matching struct {
	targets, exact hashTable
	sought         []sought // a later one of the same stem counts in place of an earlier
	weights        []termWeight
	pairs          []pair
	pairsOf        []int // the last of the pairs that begin with each term, -1 for none
	letters        []text.Gram
	grams          []gramOf
	known          hashTable // grams, by their number
	gramPieces     []gramPiece
	pieceGrams     []int
	hits           []hit

	counts     []float64
	finds      []find
	own        []Score
	order      []int
	gramDF     []int
	rarity     []float64
	shares     []float64
	documents  map[int64]int // by id, in the order of their first passages
	ofDocument []float64

	others hashTable
	found  []feedback
}

func newScratch() *scratch {
	return &scratch{reading: reading{terms: []Term{}, stems: map[string]int{}, formed: map[string]int{}}}
}

// mostAgain is the size of what is emptied to be used again. Emptying what is
// larger takes longer than a short question should pay for one of many words.
const mostAgain = 128

// forget drops what the memory of a question refers to, so that it holds nothing
// that others have let go.
func (s *scratch) forget() {
	drop(&s.terms)
	drop(&s.exactly)
	drop(&s.pieces)
	drop(&s.names)
	drop(&s.wholes)
	s.partly = false
	drop(&s.forms)
	drop(&s.lists)
	drop(&s.rarest)
	drop(&s.chosen)
	drop(&s.passages)
	s.stems, s.formed = emptied(s.stems), emptied(s.formed)
}

func drop[T any](room *[]T) {
	if cap(*room) > mostAgain {
		*room = []T{}
	}
	clear((*room)[:cap(*room)])
	*room = (*room)[:0]
}

func emptied(m map[string]int) map[string]int {
	if len(m) > mostAgain/2 {
		return map[string]int{}
	}
	clear(m)
	return m
}

// zeros makes room for n zero values in a slice that is used again.
func zeros[T any](room *[]T, n int) []T {
	*room = slices.Grow((*room)[:0], n)[:n]
	clear(*room)
	return *room
}
