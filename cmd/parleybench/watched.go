package main

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// watched is what the streams of a measurement delivered to their clients.
type watched struct {
	mu             sync.Mutex
	counting       bool
	streams        map[int]bool // those that brought something while it counted
	events, tokens int
	late           []time.Duration // of each event that was counted
	first          []time.Duration // from a question to its first token, always
}

// count counts from now on, or no longer.
func (w *watched) count(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counting = on
}

func (w *watched) add(stream int, d delta) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.counting {
		return
	}
	if w.streams == nil {
		w.streams = map[int]bool{}
	}
	w.streams[stream] = true
	w.events++
	w.tokens += d.tokens
	w.late = append(w.late, time.Since(d.sent))
}

func (w *watched) began(after time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.first = append(w.first, after)
}

// ask asks the n-th question and follows its stream to the end.
func (w *watched) ask(ctx context.Context, world *world, n int) error {
	asked, none := time.Now(), true
	return world.follow(ctx, world.questionRequest(n, "response/stream"), func(event []byte) {
		d, ok := readDelta(event)
		if !ok {
			return
		}
		if none {
			none = false
			w.began(time.Since(asked))
		}
		w.add(n, d)
	})
}

// askers has n clients ask streamed questions, one after the other, until stop
// is called; that waits for the last streams.
func (w *watched) askers(ctx context.Context, world *world, n int) (stop func() error) {
	var (
		next atomic.Int64
		over atomic.Bool
		busy sync.WaitGroup
		mu   sync.Mutex
		errs []error
	)
	for range n {
		busy.Go(func() {
			for !over.Load() {
				if err := w.ask(ctx, world, int(next.Add(1))); err != nil {
					over.Store(true)
					mu.Lock()
					errs = append(errs, err)
					mu.Unlock()
				}
			}
		})
	}
	return func() error {
		over.Store(true)
		busy.Wait()
		return errors.Join(errs[:min(len(errs), 3)]...)
	}
}

func percentiles(d []time.Duration) (p50, p99 float64) {
	d = slices.Sorted(slices.Values(d))
	return ms(percentile(d, .5)), ms(percentile(d, .99))
}
