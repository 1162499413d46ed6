package cache_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parley/platform/kernel/cache"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
)

// shelf is a store of numbers that counts how often it is read.
type shelf struct {
	*cache.Cache[int, int64]
	clock *clock.Fixed
	db    *memory.DB
	reads atomic.Int64
	value atomic.Int64
	// slow runs within each reading, after the value was read.
	slow func(ctx context.Context) error
}

func newShelf(size int) *shelf {
	at := clock.NewFixed(time.Unix(0, 0))
	s := &shelf{clock: at, db: memory.New(at)}
	s.Cache = cache.New(at, size, nil, func(ctx context.Context, _ int) (int64, error) {
		s.reads.Add(1)
		v := s.value.Load()
		if s.slow != nil {
			return v, s.slow(ctx)
		}
		return v, nil
	})
	return s
}

func (s *shelf) get(ctx context.Context, t *testing.T, key int) int64 {
	t.Helper()
	v, err := s.Get(ctx, key)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func (s *shelf) readings(t *testing.T, want int64) {
	t.Helper()
	if n := s.reads.Load(); n != want {
		t.Errorf("%d readings, not %d", n, want)
	}
}

func TestWhatIsKeptIsReadOnceAndAgainAfterAMinuteOrADrop(t *testing.T) {
	s := newShelf(10)
	for range 3 {
		s.get(t.Context(), t, 1)
	}
	s.readings(t, 1)
	s.clock.Advance(cache.MaxAge)
	s.get(t.Context(), t, 1)
	s.readings(t, 2)
	s.Drop(2)
	s.get(t.Context(), t, 1)
	s.readings(t, 2)
	s.Drop(1)
	s.get(t.Context(), t, 1)
	s.readings(t, 3)
	s.DropFunc(func(k int) bool { return k == 1 })
	s.get(t.Context(), t, 1)
	s.readings(t, 4)
}

func TestNoMoreIsKeptThanTheCacheWasMadeFor(t *testing.T) {
	s := newShelf(100)
	for k := range 1000 {
		s.get(t.Context(), t, k)
		if s.Len() > 100 {
			t.Fatalf("%d entries", s.Len())
		}
	}
	if s.Len() != 100 {
		t.Errorf("%d entries", s.Len())
	}
}

func TestHeavyValuesLeaveRoomForFewer(t *testing.T) {
	at := clock.NewFixed(time.Unix(0, 0))
	c := cache.New(at, 100, func(v int) int { return v }, func(_ context.Context, key int) (int, error) { return key, nil })
	for _, weight := range []int{30, 40, 101, 20, 60, 40, 10, 100, 1} {
		if v, err := c.Get(t.Context(), weight); v != weight || err != nil {
			t.Fatal(v, err)
		}
		switch n := c.Len(); {
		case weight == 101 && n != 2, weight == 20 && n != 3, weight == 100 && n != 1, weight == 1 && n != 1:
			t.Errorf("%d entries after one of %d", n, weight)
		}
	}
}

func TestThoseWhoMissAtOnceShareOneReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf(10)
		let := make(chan struct{})
		s.slow = func(context.Context) error { <-let; return nil }
		var wg sync.WaitGroup
		for range 100 {
			wg.Go(func() { s.get(t.Context(), t, 1) })
		}
		synctest.Wait()
		close(let)
		wg.Wait()
		s.readings(t, 1)
	})
}

func TestAReadingThatIsOvertakenIsNotKept(t *testing.T) {
	match := func(k int) bool { return k == 1 }
	for name, overtake := range map[string]func(s *shelf, ctx context.Context){
		"by a drop":           func(s *shelf, _ context.Context) { s.Drop(1) },
		"by a drop of many":   func(s *shelf, _ context.Context) { s.DropFunc(match) },
		"by a change":         func(s *shelf, ctx context.Context) { s.Changing(ctx, 1) },
		"by a change of many": func(s *shelf, ctx context.Context) { s.ChangingFunc(ctx, match) },
	} {
		s := newShelf(10)
		s.slow = func(ctx context.Context) error {
			s.slow = nil
			return s.db.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
				s.value.Store(5)
				overtake(s, ctx)
				return nil
			})
		}
		if first, second := s.get(t.Context(), t, 1), s.get(t.Context(), t, 1); first != 0 || second != 5 {
			t.Errorf("%s: %d, then %d", name, first, second)
		}
	}
}

func TestNothingIsKeptOfWhatAnOpenUnitChanges(t *testing.T) {
	boom := errors.New("boom")
	for name, end := range map[string]error{"committed": nil, "rolled back": boom} {
		for many, changing := range map[string]func(s *shelf, ctx context.Context){
			"keys":    func(s *shelf, ctx context.Context) { s.Changing(ctx, 1, 2) },
			"a range": func(s *shelf, ctx context.Context) { s.ChangingFunc(ctx, func(k int) bool { return k < 3 }) },
		} {
			s := newShelf(10)
			s.get(t.Context(), t, 1)
			s.get(t.Context(), t, 3)
			err := s.db.Do(t.Context(), func(ctx context.Context, _ uow.Tx) error {
				changing(s, ctx)
				changing(s, ctx) // twice in one unit
				s.get(ctx, t, 1) // its own reading, uncommitted
				s.get(t.Context(), t, 1)
				s.get(t.Context(), t, 1)
				s.get(t.Context(), t, 3) // not concerned
				return end
			})
			if !errors.Is(err, end) {
				t.Fatal(err)
			}
			s.readings(t, 5)
			s.get(t.Context(), t, 1)
			s.get(t.Context(), t, 1)
			if n := s.reads.Load(); n != 6 {
				t.Errorf("%s, %s: %d readings", name, many, n)
			}
		}
	}
}

// A reader within a unit has a connection, for which the one who reads for
// all may wait.
func TestAUnitWaitsForNoOtherReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf(10)
		let := make(chan struct{})
		s.slow = func(ctx context.Context) error {
			if !uow.Inside(ctx) {
				<-let
			}
			return nil
		}
		var wg sync.WaitGroup
		wg.Go(func() { s.get(t.Context(), t, 1) })
		synctest.Wait()
		err := s.db.Do(t.Context(), func(ctx context.Context, _ uow.Tx) error { s.get(ctx, t, 1); return nil })
		if err != nil {
			t.Fatal(err)
		}
		close(let)
		wg.Wait()
		s.readings(t, 2)
	})
}

func TestErrorsAreNotKeptAndAReaderWhoGivesUpIsNobodyElsesError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf(10)
		boom := errors.New("boom")
		s.slow = func(context.Context) error { return boom }
		if _, err := s.Get(t.Context(), 1); !errors.Is(err, boom) {
			t.Error(err)
		}
		first := true
		s.slow = func(ctx context.Context) error {
			if first {
				first = false
				<-ctx.Done()
			}
			return ctx.Err()
		}
		ctx, leave := context.WithCancel(t.Context())
		var wg sync.WaitGroup
		wg.Go(func() {
			if _, err := s.Get(ctx, 1); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
		synctest.Wait()
		wg.Go(func() { s.get(t.Context(), t, 1) })
		gone, impatient := context.WithCancel(t.Context())
		wg.Go(func() {
			if _, err := s.Get(gone, 1); !errors.Is(err, context.Canceled) {
				t.Error(err)
			}
		})
		synctest.Wait()
		impatient()
		synctest.Wait()
		leave()
		wg.Wait()
	})
}

// TestARaceOfReadersAndWritersEndsWithWhatIsStored has each writer read what
// it wrote, and everybody the last value at the end.
func TestARaceOfReadersAndWritersEndsWithWhatIsStored(t *testing.T) {
	s := newShelf(10)
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			for range 20 {
				if _, err := s.Get(t.Context(), 1); err != nil {
					t.Error(err)
				}
			}
		})
		wg.Go(func() {
			var wrote int64
			err := s.db.Do(t.Context(), func(ctx context.Context, _ uow.Tx) error {
				s.Changing(ctx, 1)
				wrote = s.value.Add(1)
				return nil
			})
			if v, failed := s.Get(t.Context(), 1); err != nil || failed != nil || v < wrote {
				t.Errorf("after writing %d read %d: %v, %v", wrote, v, err, failed)
			}
		})
	}
	wg.Wait()
	if v, err := s.Get(t.Context(), 1); v != 100 || err != nil {
		t.Errorf("%d in the end: %v", v, err)
	}
}
