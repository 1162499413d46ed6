package core_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/platform/kernel/event"
)

// BenchmarkDelivery is how long an event takes from its commit to a receiver,
// alone and beside one that hangs, with the store in memory:
//
//	go test ./modules/notifications/internal/core -run '^$' -bench Delivery
func BenchmarkDelivery(b *testing.B) {
	for _, beside := range []string{"alone", "beside a receiver that hangs"} {
		b.Run(beside, func(b *testing.B) {
			s := newHooks(b)
			alive := receive(b, nil)
			s.hook(alive)
			if beside != "alone" {
				dead, _ := hanging(b)
				s.hook(dead)
			}
			s.start()
			took := make([]time.Duration, 0, b.N)
			for i := 0; b.Loop(); i++ {
				began := time.Now()
				s.happen([]event.Event{ran(int64(i), fmt.Sprint(i))}...)
				alive.until(b)
				took = append(took, time.Since(began))
			}
			report(b, took)
		})
	}
}

func report(b *testing.B, took []time.Duration) {
	b.Helper()
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(0, "ns/op")
}
