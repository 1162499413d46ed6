package sqldb_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parley/platform/sqldb"
)

func TestCallersOfOneMomentShareOneReadThatBeganAfterTheyAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s sqldb.SharedReads[string, int64]
		var stored, reads atomic.Int64
		read := func(context.Context) (int64, error) {
			reads.Add(1)
			seen := stored.Load() // as of the begin
			time.Sleep(time.Second)
			return seen, nil
		}
		var all sync.WaitGroup
		for n := range int64(40) {
			time.Sleep(100 * time.Millisecond)
			stored.Store(n)
			all.Go(func() {
				if got, err := s.Do(t.Context(), "a", read); err != nil || got < n {
					t.Errorf("asked after %d was stored, and read %d, %v", n, got, err)
				}
			})
		}
		all.Wait()
		if n := reads.Load(); n != 5 {
			t.Errorf("%d reads for 40 callers in 4 seconds", n)
		}
		if _, err := s.Do(t.Context(), "a", read); err != nil || reads.Load() != 6 {
			t.Error("a caller who came later did not read anew")
		}
	})
}

func TestReadsOfDifferentKeysDoNotWaitForEachOther(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s sqldb.SharedReads[int, int]
		began := time.Now()
		var all sync.WaitGroup
		for n := range 10 {
			all.Go(func() {
				got, err := s.Do(t.Context(), n, func(context.Context) (int, error) { time.Sleep(time.Second); return n, nil })
				if err != nil || got != n {
					t.Errorf("%d, %v", got, err)
				}
			})
		}
		all.Wait()
		if took := time.Since(began); took != time.Second {
			t.Errorf("they took %s", took)
		}
	})
}

func TestASharedReadOutlivesWhoCameFirstAndItsErrorIsNotKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s sqldb.SharedReads[int, string]
		boom := errors.New("boom")
		slow := func(v string, err error) func(ctx context.Context) (string, error) {
			return func(ctx context.Context) (string, error) {
				time.Sleep(time.Second)
				return v, errors.Join(err, ctx.Err())
			}
		}
		go func() { _, _ = s.Do(t.Context(), 1, slow("", nil)) }()
		synctest.Wait()
		first, leave := context.WithCancel(t.Context())
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := s.Do(first, 1, slow("shared", nil)); !errors.Is(err, context.Canceled) {
				t.Errorf("who left got %v", err)
			}
		})
		synctest.Wait()
		all.Go(func() {
			if got, err := s.Do(t.Context(), 1, slow("own", nil)); got != "shared" || err != nil {
				t.Errorf("who stayed got %q, %v", got, err)
			}
		})
		synctest.Wait()
		leave()
		all.Wait()
		if _, err := s.Do(t.Context(), 1, slow("", boom)); !errors.Is(err, boom) {
			t.Errorf("the error is %v", err)
		}
		if got, err := s.Do(t.Context(), 1, slow("again", nil)); got != "again" || err != nil {
			t.Errorf("after an error: %q, %v", got, err)
		}
	})
}

func TestWhoWaitsForASharedReadThatAnswersNothingGetsAnError(t *testing.T) {
	for name, read := range map[string]func(context.Context) (int, error){
		"ends its goroutine": func(context.Context) (int, error) { runtime.Goexit(); return 0, nil },
		"panics":             func(context.Context) (int, error) { panic("boom") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var s sqldb.SharedReads[int, int]
				good := func(context.Context) (int, error) { time.Sleep(time.Second); return 7, nil }
				go func() { _, _ = s.Do(t.Context(), 1, good) }()
				synctest.Wait()
				if got, err := s.Do(t.Context(), 1, read); err == nil {
					t.Errorf("who waited got %d and no error", got)
				}
				if got, err := s.Do(t.Context(), 1, good); got != 7 || err != nil {
					t.Errorf("who came later got %d, %v", got, err)
				}
			})
		})
	}
}

func TestCallersWhoAreWokenTogetherShareTheFirstRead(t *testing.T) {
	fewest := 20
	for range 20 { // a processor may wake some too late, and they share a second one
		synctest.Test(t, func(t *testing.T) {
			var s sqldb.SharedReads[int, int64]
			var reads atomic.Int64
			woken := make(chan struct{})
			var all sync.WaitGroup
			for range 20 {
				all.Go(func() {
					<-woken
					n, err := s.Do(t.Context(), 1, func(context.Context) (int64, error) { time.Sleep(time.Second); return reads.Add(1), nil })
					if err != nil || n == 0 {
						t.Errorf("read %d, %v", n, err)
					}
				})
			}
			synctest.Wait()
			close(woken)
			all.Wait()
			fewest = min(fewest, int(reads.Load()))
		})
	}
	if fewest != 1 {
		t.Errorf("20 callers took %d reads at least", fewest)
	}
}

func TestEachGetsWhatItAskedForOfAGatheredRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var g sqldb.GatheredReads[string, int, int]
		var sizes []int
		double := func(_ context.Context, asked []int) ([]int, error) {
			time.Sleep(time.Second)
			sizes = append(sizes, len(asked)) // one read of a key at a time
			out := make([]int, len(asked))
			for i, n := range asked {
				out[i] = 2 * n
			}
			return out, nil
		}
		var all sync.WaitGroup
		for n := range 21 {
			all.Go(func() {
				if got, err := g.Do(t.Context(), "a", n, double); err != nil || got != 2*n {
					t.Errorf("for %d it answered %d, %v", n, got, err)
				}
			})
			if n == 0 {
				synctest.Wait()
			}
		}
		all.Wait()
		if !slices.Equal(sizes, []int{1, 20}) {
			t.Errorf("reads for so many: %v", sizes)
		}
		few := func(context.Context, []int) ([]int, error) { return nil, nil }
		if _, err := g.Do(t.Context(), "a", 1, few); err == nil {
			t.Error("there was no value, and no error")
		}
	})
}
