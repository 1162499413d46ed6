package web_test

import (
	"context"
	"io"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"parley/platform/kernel/actor"
)

func TestAStreamEndsSoonAfterItsCredentialsDie(t *testing.T) {
	inStream(t, func(s *streaming) {
		go func() { s.events <- []byte(`{}`) }()
		s.open()
		_, _ = s.line(), s.line()
		s.suspend()
		suspended := time.Now()
		rest, err := io.ReadAll(s.body)
		if err != nil || len(rest) != 0 || time.Since(suspended) > 6*time.Second {
			t.Errorf("got %q, %v after %v", rest, err, time.Since(suspended))
		}
	})
}

func TestAStreamEndsAtOnceWhenItIsToldThatItsCredentialsDied(t *testing.T) {
	inStream(t, func(s *streaming) {
		s.open()
		s.told(people["user"].UserID) // of another change
		if s.finished() {
			t.Error("it ended without a reason")
		}
		began := time.Now()
		s.suspend()
		s.told(people["user"].UserID + 1)
		if s.finished() {
			t.Error("it was looked at for somebody else")
		}
		s.told(people["user"].UserID)
		if !s.finished() || time.Since(began) != 0 {
			t.Error("it goes on")
		}
	})
}

// What a stream waits for may hang on its caller's rights.
func TestAChangeOfRightsMakesTheSourceLookAgain(t *testing.T) {
	looks := 0
	var as []bool
	inStreamOf(t, func(ctx context.Context) ([]byte, error) {
		looks++
		as = append(as, actor.From(ctx).IsGlobalAdmin())
		<-ctx.Done()
		return nil, ctx.Err()
	}, func(s *streaming) {
		s.open()
		synctest.Wait()
		s.promote()
		s.told(people["user"].UserID)
		if s.finished() || looks != 2 || as[0] || !as[1] {
			t.Errorf("%d looks, as %v", looks, as)
		}
		time.Sleep(14 * time.Second)
		if s.finished() || looks != 2 {
			t.Errorf("%d looks without a change", looks)
		}
	})
}

func TestAStreamActsAsItsCallerIsNow(t *testing.T) {
	made := sync.OnceValue(func() chan actor.Level { return make(chan actor.Level) }) // in the bubble
	inStreamOf(t, func(ctx context.Context) ([]byte, error) {
		levels := made()
		select {
		case levels <- actor.From(ctx).Level:
			time.Sleep(3 * time.Second) // in the middle of an event, the rights change
			levels <- actor.From(ctx).Level
			return nil, io.EOF
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}, func(s *streaming) {
		s.open()
		levels := made()
		before := <-levels
		s.promote()
		if after := <-levels; before != actor.User || after != actor.GlobalAdmin {
			t.Errorf("the caller was %v, and is %v after the change", before, after)
		}
	})
}

func TestAStreamOutlivesAStorageThatIsSilentForAWhile(t *testing.T) {
	var as []bool
	inStreamOf(t, func(ctx context.Context) ([]byte, error) {
		as = append(as, actor.From(ctx).IsGlobalAdmin())
		<-ctx.Done()
		return nil, ctx.Err()
	}, func(s *streaming) {
		s.open()
		synctest.Wait()
		s.silence(true)
		s.promote()
		s.told(people["user"].UserID)
		time.Sleep(10 * time.Second)
		if s.finished() || len(as) != 1 {
			t.Fatalf("while the storage is silent: %d looks", len(as))
		}
		s.silence(false)
		time.Sleep(2 * time.Second)
		if s.finished() || len(as) != 2 || !as[1] {
			t.Errorf("the change that was told meanwhile: %v", as)
		}
		s.silence(true)
		go func() { _, _ = io.Copy(io.Discard, s.body) }() // of comments
		time.Sleep(29 * time.Second)
		if s.finished() {
			t.Error("it ended early")
		}
		time.Sleep(2 * time.Second)
		if !s.finished() {
			t.Error("it goes on unchecked for more than half a minute")
		}
	})
}
