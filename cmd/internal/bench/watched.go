package bench

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Watched is what the streams of a measurement delivered to their clients.
type Watched struct {
	mu             sync.Mutex
	counting       bool
	Streams        map[int]bool // those that brought something while it counted
	Events, Tokens int
	Late           []time.Duration // of each event that was counted
	First          []time.Duration // from a question to its first token, always
}

// Count counts from now on, or no longer.
func (w *Watched) Count(on bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.counting = on
}

func (w *Watched) add(stream int, d delta) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.counting {
		return
	}
	if w.Streams == nil {
		w.Streams = map[int]bool{}
	}
	w.Streams[stream] = true
	w.Events++
	w.Tokens += d.tokens
	w.Late = append(w.Late, time.Since(d.sent))
}

func (w *Watched) began(after time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.First = append(w.First, after)
}

// Begun is how many streams have brought a token so far: as many as First has.
func (w *Watched) Begun() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.First)
}

// ask asks the n-th question and follows its stream to the end.
func (w *Watched) ask(ctx context.Context, world *World, n int) error {
	asked, none := time.Now(), true
	return world.Follow(ctx, world.QuestionRequest(n, "response/stream"), func(event []byte) {
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

// Askers has n clients ask streamed questions, one after the other, until stop
// is called; that waits for the last streams.
func (w *Watched) Askers(ctx context.Context, world *World, n int) (stop func() error) {
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

// Percentiles are the median and the 99th, in milliseconds.
func Percentiles(d []time.Duration) (p50, p99 float64) {
	d = slices.Sorted(slices.Values(d))
	return Millis(Percentile(d, .5)), Millis(Percentile(d, .99))
}
