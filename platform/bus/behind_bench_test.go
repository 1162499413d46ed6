package bus

import (
	"context"
	"fmt"
	"syscall"
	"testing"

	"parley/platform/kernel/id"
	"parley/platform/kernel/uow"
)

// BenchmarkBehind is what the bus itself does about sixty events, as many as
// gather under load: reading them, handling them for a consumer that does nothing,
// and storing the places of three.
func BenchmarkBehind(b *testing.B) {
	const events = 60
	eachBench(b, func(b *testing.B, r *rig) {
		var consumers []Consumer
		for i := range 3 {
			consumers = append(consumers, Consumer{Name: fmt.Sprintf("bench.c%d", i), Handlers: []Handler{
				OnMany(func(context.Context, uow.Tx, []Fact[happened]) error { return nil })}})
		}
		bus := r.bus(consumers...)
		r.publish(numbered("a", 1, events)...)
		s, err := bus.openSession(b.Context())
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { s.close(context.Background()) })
		for _, w := range bus.workers {
			if err := bus.take(b.Context(), b.Context(), w); err != nil {
				b.Fatal(err)
			}
		}
		rows, _, err := s.read(b.Context(), position{})
		if err != nil || len(rows) != events {
			b.Fatalf("read %d events: %v", len(rows), err)
		}
		seq := rows[events-1].Seq
		b.Run("read", func(b *testing.B) {
			defer reportCPU(b)()
			for b.Loop() {
				if _, _, err := s.read(b.Context(), position{}); err != nil {
					b.Fatal(err)
				}
			}
		})
		b.Run("handle", func(b *testing.B) {
			defer reportCPU(b)()
			for b.Loop() {
				w := bus.workers[0]
				batch := make([]*item, len(rows))
				for i, row := range rows {
					seq++
					row.ID, row.XID, row.Seq = id.New(), w.ownership.since.XID, seq
					batch[i] = &item{outboxRow: row, w: w, ownership: w.ownership, mark: &mark{}}
				}
				if done, err := w.attemptBatch(b.Context(), batch); err != nil || done != len(batch) {
					b.Fatalf("handled %d: %v", done, err)
				}
			}
		})
		b.Run("store", func(b *testing.B) {
			defer reportCPU(b)()
			for b.Loop() {
				seq++
				var moves []move
				for _, w := range bus.workers {
					moves = append(moves, move{w, w.ownership.epoch, position{Seq: seq}})
				}
				if n, err := s.flush(b.Context(), moves); err != nil || n != int64(len(moves)) {
					b.Fatalf("stored %d places: %v", n, err)
				}
			}
		})
	})
}

// reportCPU reports what this process uses from now on, for each operation.
func reportCPU(b *testing.B) func() {
	b.Helper()
	b.ReportAllocs()
	used := func() (u syscall.Rusage) {
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return u
	}
	before := used()
	return func() {
		after := used()
		spent := after.Utime.Nano() + after.Stime.Nano() - before.Utime.Nano() - before.Stime.Nano()
		b.ReportMetric(float64(spent)/1000/float64(b.N), "own-µs/op")
	}
}
