package metrics

import (
	"context"
	"strings"
	"testing"
)

// sampleOfTheHouse is what a question about documents looks like: an answer of
// three sentences from five passages of 900 characters.
func sampleOfTheHouse() Sample {
	passage := "Employees may carry over up to five days of unused annual leave into the next calendar year. Days that are carried over must be taken by 31 March. " +
		"Requests are entered in the portal at least two weeks ahead, and the manager answers within three working days. During probation leave is granted in exceptional cases only. " +
		"Public holidays are not counted as leave. Whoever falls ill during leave gets the days back when a medical certificate is handed in on the fourth day at the latest. "
	s := Sample{
		Query:    "How many days of leave can I carry over to next year?",
		Expected: "Up to five days, which must be taken by 31 March.",
		Answer: "You can carry over up to five days of unused annual leave into the next calendar year [1]. These days have to be taken by 31 March [1]. " +
			"Enter the request in the portal at least two weeks ahead [2].",
	}
	for range 5 {
		s.Contexts = append(s.Contexts, strings.Repeat(passage, 2))
	}
	return s
}

func BenchmarkMetric(b *testing.B) {
	s := sampleOfTheHouse()
	for _, m := range Offline() {
		b.Run(m.Name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := m.Score(context.Background(), s); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkScoring scores queries by all metrics, on all cores.
func BenchmarkScoring(b *testing.B) {
	all, s := Offline(), sampleOfTheHouse()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			for _, m := range all {
				if _, err := m.Score(context.Background(), s); err != nil {
					b.Error(err)
				}
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "queries/s")
}
