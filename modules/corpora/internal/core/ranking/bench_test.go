package ranking

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"syscall"
	"testing"
	"time"
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
	asking(bench, 10_000)
}

func BenchmarkQuestionOver1000Passages(bench *testing.B) {
	asking(bench, 1_000)
}

// asking asks the same over and over: memory has all that it needs.
func asking(bench *testing.B, passages int) {
	index := large(passages)
	e := engine(index)
	corpora := index.Corpora(1)
	for name, text := range map[string]string{"long": benchQuestion, "short": "What is the retention of a backup?", "common": "server data user file time"} {
		bench.Run(name, func(bench *testing.B) {
			bench.ReportAllocs()
			used := spent(bench)
			for bench.Loop() {
				result, err := e.Search(bench.Context(), Question{Text: text, Corpora: corpora, Limit: 10})
				if err != nil || result.Kept != 10 {
					bench.Fatalf("%d passages, %v", result.Kept, err)
				}
			}
			bench.ReportMetric(float64((spent(bench)-used).Microseconds())/float64(bench.N), "cpu-us/op")
		})
	}
}

// spent is the CPU time of this process.
func spent(bench *testing.B) time.Duration {
	bench.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		bench.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkComparing100Candidates(bench *testing.B) {
	index := large(2_000)
	e := engine(index)
	s := newScratch()
	q := s.read(benchQuestion)
	v := e.view(index.Corpora(1), s)
	stats := v.totals()
	dfs, _ := v.count(bench.Context(), s.stemsOf(q.terms))
	for i, df := range dfs {
		q.terms[i].DF = df
	}
	candidates, _ := v.candidates(bench.Context(), s.weigh(q.terms, stats), Slope(stats.AverageLength()), depth)
	passages, _ := v.passages(bench.Context(), candidates)
	bench.ResetTimer()
	for bench.Loop() {
		m := newMatcher(q, e.tokens, s)
		m.score(passages, stats, true)
	}
}

func BenchmarkReadingAPassage(bench *testing.B) {
	index := large(100)
	x := newTokenizer()
	for n := int64(0); bench.Loop(); n++ {
		x.read(index.passages[n%100+1].Passage)
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
