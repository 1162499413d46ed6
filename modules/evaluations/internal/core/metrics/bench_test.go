package metrics

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
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

// another has passages that were not read before, as those of another query.
func another(s Sample, i int) Sample {
	contexts := slices.Clone(s.Contexts)
	contexts[0] = fmt.Sprintf("Page %d. %s", i, contexts[0])
	s.Contexts = contexts
	return s
}

func BenchmarkMetric(b *testing.B) {
	s := sampleOfTheHouse()
	for _, m := range Offline() {
		b.Run(m.Name, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				s := another(s, i)
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
	var begin atomic.Int64
	before := cpuTime(b)
	b.RunParallel(func(p *testing.PB) {
		for i := int(begin.Add(1)) << 32; p.Next(); i++ {
			s := another(s, i)
			for _, m := range all {
				if _, err := m.Score(context.Background(), s); err != nil {
					b.Error(err)
				}
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "queries/s")
	b.ReportMetric((cpuTime(b)-before).Seconds()*1e6/float64(b.N), "cpu-µs/query")
}

// cpuTime is what this process has computed, on all cores. It tells what a query
// costs also where others compute.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
