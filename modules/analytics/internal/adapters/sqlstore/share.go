package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"
)

// shared lets those who ask the same at once share an answer. Nobody gets one that
// was begun before they asked, so that what they know to be committed is in it:
// while somebody's question is being answered, the others who ask it wait, and then
// one of them asks for all.
type shared[A any] struct {
	mu    sync.Mutex
	asked map[string]*asking[A] // the last one of each question
}

// asking is a question that is being asked.
type asking[A any] struct {
	begun  bool
	done   chan struct{} // closed when the rest is known
	failed bool          // for a reason of who asked
	answer []A
	err    error
}

// do answers a question by ask, or as somebody else was answered.
func (s *shared[A]) do(ctx context.Context, question any, ask func() ([]A, error)) ([]A, error) {
	text, err := json.Marshal(question)
	if err != nil {
		return nil, fmt.Errorf("comparing questions: %w", err)
	}
	key := string(text)
	for {
		s.mu.Lock()
		before := s.asked[key]
		if before == nil || before.begun {
			break
		}
		s.mu.Unlock()
		if err := wait(ctx, before.done); err != nil {
			return nil, err
		}
		if !before.failed {
			return slices.Clone(before.answer), before.err
		}
	}
	before := s.asked[key]
	mine := &asking[A]{begun: before == nil, done: make(chan struct{}), failed: true}
	if s.asked == nil {
		s.asked = map[string]*asking[A]{}
	}
	s.asked[key] = mine
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		if s.asked[key] == mine {
			delete(s.asked, key)
		}
		s.mu.Unlock()
		close(mine.done)
	}()
	if before != nil {
		if err := wait(ctx, before.done); err != nil {
			return nil, err
		}
		s.mu.Lock()
		mine.begun = true
		s.mu.Unlock()
	}
	mine.answer, mine.err = ask()
	mine.failed = ctx.Err() != nil
	return slices.Clone(mine.answer), mine.err
}

// wait answers the error of ctx if that ends before done.
func wait(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
