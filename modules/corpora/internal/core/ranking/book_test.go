package ranking

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"parley/modules/corpora/internal/core/chunking"
	"parley/modules/corpora/internal/core/document"
)

// bookWords is how many words a book is written with. They are drawn as words
// of a language are: a few often, most of them seldom.
const bookWords = 4000

// bookWord is the n-th most frequent one, made of syllables.
func bookWord(n int) string {
	const consonants, vowels = "bdfgklmnprstvz", "aeiou"
	var w strings.Builder
	for n += 80; n > 0; n /= len(consonants) * len(vowels) {
		s := n % (len(consonants) * len(vowels))
		w.WriteByte(consonants[s/len(vowels)])
		w.WriteByte(vowels[s%len(vowels)])
	}
	return w.String()
}

// book is an index of about so many passages of one document, as the
// benchmarks of the server have it.
func book(passages int) *Memory {
	const passage = 700 // bytes, with what neighbours share
	frequency := rand.NewZipf(rand.New(rand.NewPCG(1, 1)), 1.07, 10, bookWords-1)
	next := func() string { return bookWord(int(frequency.Uint64())) }
	doc := document.Extracted{Title: "log-book"}
	var section strings.Builder
	flush := func() {
		if section.Len() > 0 {
			doc.Blocks = append(doc.Blocks, document.Block{Text: section.String()})
			section.Reset()
		}
	}
	for n, size := 0, 0; size < passages*passage; n++ {
		if n%60 == 0 {
			flush()
			doc.Blocks = append(doc.Blocks, document.Block{Kind: document.Heading, Level: 2, Text: fmt.Sprintf("About %s and %s", next(), next())})
		}
		before := section.Len()
		first := next()
		section.WriteString(strings.ToUpper(first[:1]) + first[1:])
		for range 11 {
			section.WriteString(" " + next())
		}
		section.WriteString(". ")
		size += section.Len() - before
	}
	flush()
	index := NewMemory()
	cut, _ := chunking.Passages(doc)
	for _, p := range cut {
		index.Add(Passage{ID: int64(p.Number), Corpus: 1, Document: 1, Number: p.Number, Title: p.Title, Text: p.Text, Sections: p.Sections})
	}
	return index
}

// bookQuestion is the n-th one, of ten words. Four of them stand in about one
// passage of a hundred each, as the telling words of a question do.
func bookQuestion(n int) string {
	r := rand.New(rand.NewPCG(uint64(n), 2))
	next := func() string { return bookWord(bookWords/4 + r.IntN(bookWords/2)) }
	return fmt.Sprintf("What is known about %s %s and about %s %s?", next(), next(), next(), next())
}

// BenchmarkShortQuestionsToABook asks one question after the other. Memory has
// what they need.
func BenchmarkShortQuestionsToABook(bench *testing.B) {
	const different = 1_000
	index := book(300)
	e := engine(index)
	questions := make([]Question, different)
	for n := range questions {
		questions[n] = Question{Text: bookQuestion(n), Corpora: index.Corpora(1), Limit: 10}
	}
	hits := 0
	ask := func(q Question) {
		result, err := e.Search(bench.Context(), q)
		if err != nil || result.Kept == 0 {
			bench.Fatalf("%d passages, %v", result.Kept, err)
		}
		hits += len(result.Hits)
	}
	for _, q := range questions {
		ask(q)
	}
	candidates := float64(hits) / different
	bench.ReportAllocs()
	used := spent(bench)
	for n := 0; bench.Loop(); n++ {
		ask(questions[n%different])
	}
	bench.ReportMetric(float64((spent(bench)-used).Nanoseconds())/float64(bench.N), "cpu-ns/op")
	bench.ReportMetric(candidates, "candidates/op")
}
