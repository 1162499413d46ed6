package ranking

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// large is an index of n passages of about 800 characters. Word frequencies
// fall as in natural text, and every word of the questions is in it.
func large(n int) *Memory {
	rnd := rand.New(rand.NewPCG(1, 2))
	vocabulary := make([]string, 20_000)
	for i := range vocabulary {
		word := make([]byte, 3+rnd.IntN(8))
		for k := range word {
			word[k] = "etaoinshrdlucmfwypvbgk"[min(rnd.IntN(22), rnd.IntN(22))]
		}
		vocabulary[i] = string(word)
	}
	copy(vocabulary[20:], strings.Fields("server data user file time"))
	copy(vocabulary[300:], strings.Fields("backup archive restore schedule directory"))
	copy(vocabulary[5000:], strings.Fields("checksum retention incremental"))
	zipf := rand.NewZipf(rnd, 1.07, 8, uint64(len(vocabulary)-1))
	index := NewMemory()
	for id := range n {
		var b strings.Builder
		for b.Len() < 780 {
			b.WriteString(vocabulary[zipf.Uint64()])
			b.WriteByte(" ...,"[min(rnd.IntN(30), 4)])
			b.WriteByte(' ')
		}
		index.Add(Passage{ID: int64(id + 1), Corpus: 1, Document: int64(id / 10), Title: fmt.Sprintf("Document %d", id/10), Text: b.String()})
	}
	return index
}

const benchQuestion = "How often does the server write a backup archive of user data, and what is the retention of the checksum file in the directory?"

func BenchmarkQuestionOver10000Passages(bench *testing.B) {
	index := large(10_000)
	for bench.Loop() {
		if result := search(bench, index, benchQuestion, 1); result.Kept != 10 {
			bench.Fatalf("%d passages", result.Kept)
		}
	}
}

func BenchmarkComparing100Candidates(bench *testing.B) {
	index := large(2_000)
	q := read(benchQuestion)
	stats, _ := index.Statistics(bench.Context(), []int64{1}, q.stems())
	for i := range q.terms {
		q.terms[i].DF = stats.DF[q.terms[i].Stem]
	}
	candidates, _ := index.Candidates(bench.Context(), []int64{1}, weigh(q.terms, stats), Slope(stats.AverageLength()), depth)
	ids := make([]int64, len(candidates))
	for i, c := range candidates {
		ids[i] = c.Passage
	}
	passages, _ := index.Passages(bench.Context(), []int64{1}, ids)
	bench.ResetTimer()
	for bench.Loop() {
		newMatcher(q).score(passages, stats, true)
	}
}

func BenchmarkIndexing1MB(bench *testing.B) {
	index := large(1_300)
	bench.SetBytes(1 << 20)
	for bench.Loop() {
		x := NewIndexer()
		for _, p := range index.passages {
			x.Entry(p.Title, p.Text)
		}
	}
}
