package bench

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"
)

func TestPercentilesAreOfTheNearestRank(t *testing.T) {
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[i] = i + 1
	}
	for _, c := range []struct {
		values []int
		p      float64
		want   int
	}{{hundred, .5, 50}, {hundred, .99, 99}, {hundred, 1, 100}, {[]int{7}, .99, 7}, {[]int{1, 9}, .5, 1}, {nil, .5, 0}} {
		if got := Percentile(c.values, c.p); got != c.want {
			t.Errorf("percentile %v of %d values is %d, not %d", c.p, len(c.values), got, c.want)
		}
	}
	for want, values := range map[float64][]float64{2: {3, 1, 2}, 2.5: {4, 1, 2, 3}, 0: nil} {
		if got := Median(values); got != want {
			t.Errorf("the median of %v is %v", values, got)
		}
	}
}

func TestTheFirstFailureEndsTheLoad(t *testing.T) {
	broken := errors.New("broken")
	_, err := Load(t.Context(), 4, time.Hour, func(context.Context) (func() error, func(), error) {
		return func() error { return broken }, func() {}, nil
	})
	if !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
}

func TestTheLoadCountsEveryRequestAndEndsItsWorkers(t *testing.T) {
	var done atomic.Int64
	ended := make(chan struct{}, 3)
	r, err := Load(t.Context(), 3, time.Millisecond, func(context.Context) (func() error, func(), error) {
		return func() error {
			done.Add(1)
			return nil
		}, func() { ended <- struct{}{} }, nil
	})
	if err != nil || int64(r.Count) != done.Load() || len(ended) != 3 {
		t.Errorf("%d requests were counted of %d, %d workers ended, %v", r.Count, done.Load(), len(ended), err)
	}
}
