package bench

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"time"
)

// Result is what one spell of load came to. It is sent between processes.
type Result struct {
	Count   int           `json:"count"`
	Elapsed time.Duration `json:"elapsed"`
	P50     time.Duration `json:"p50"`
	P99     time.Duration `json:"p99"`
}

// Rate is calls a second.
func (r Result) Rate() float64 { return float64(r.Count) / r.Elapsed.Seconds() }

// Load has n workers call do again and again for d. Each worker makes its own
// do, such as one over a connection of its own. The first error ends it all.
func Load(ctx context.Context, n int, d time.Duration, worker func(ctx context.Context) (do func() error, end func(), err error)) (Result, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var (
		mu    sync.Mutex
		all   []time.Duration
		fails []error
		busy  sync.WaitGroup
	)
	began := time.Now()
	until := began.Add(d)
	for range n {
		busy.Go(func() {
			took, err := repeat(ctx, until, worker)
			mu.Lock()
			defer mu.Unlock()
			all = append(all, took...)
			if err != nil {
				fails = append(fails, err)
				cancel()
			}
		})
	}
	busy.Wait()
	if err := errors.Join(fails...); err != nil {
		return Result{}, fails[0]
	}
	r := Result{Count: len(all), Elapsed: time.Since(began)}
	slices.Sort(all)
	r.P50, r.P99 = Percentile(all, .50), Percentile(all, .99)
	return r, ctx.Err()
}

func repeat(ctx context.Context, until time.Time, worker func(ctx context.Context) (func() error, func(), error)) ([]time.Duration, error) {
	do, end, err := worker(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	var took []time.Duration
	for at := time.Now(); at.Before(until) && ctx.Err() == nil; {
		if err := do(); err != nil {
			return took, err
		}
		done := time.Now()
		took = append(took, done.Sub(at))
		at = done
	}
	return took, nil
}

// Percentile is the nearest-rank percentile of sorted values; 0 of none.
func Percentile[T any](sorted []T, p float64) T {
	var zero T
	if len(sorted) == 0 {
		return zero
	}
	rank := int(math.Ceil(p * float64(len(sorted))))
	return sorted[min(max(rank, 1), len(sorted))-1]
}

// Median is the middle value, or the mean of the two in the middle.
func Median(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	v := slices.Sorted(slices.Values(values))
	return (v[(len(v)-1)/2] + v[len(v)/2]) / 2
}
