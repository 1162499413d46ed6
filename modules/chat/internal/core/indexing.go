package core

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"parley/platform/kernel/uow"
)

const (
	// indexedAtOnce is how many answers are indexed in one transaction, and
	// indexedParts how many of these one round has.
	indexedAtOnce = 250
	indexedParts  = 40
	// maxRecent bounds the texts that are kept until their words are indexed, in
	// bytes. Each counts recentEntry more.
	maxRecent   = 8 << 20
	recentEntry = 128
	// rounds is how often this process looks at what waits before it indexes the
	// answers of another, which has their texts in memory and is about to.
	rounds = 3
)

// AnswerWords are the different words of an answered question.
type AnswerWords struct {
	RunID, AgentID int64
	Words          []string
}

// recent are answers of this process whose words are not indexed yet, so that
// nobody has to read them from the database for it. It has no more than it has
// room for, and a process that dies has none: what it leaves out waits a little
// longer and is read.
type recent struct {
	mu      sync.Mutex
	answers []recentAnswer
	size    int
}

type recentAnswer struct {
	run, agent       int64
	question, answer string
}

func (r *recent) add(a recentAnswer) {
	size := len(a.question) + len(a.answer) + recentEntry
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.size+size > maxRecent {
		return
	}
	r.answers, r.size = append(r.answers, a), r.size+size
}

// take answers the answers in the order of their runs, and forgets them.
func (r *recent) take() []recentAnswer {
	r.mu.Lock()
	taken := r.answers
	r.answers, r.size = nil, 0
	r.mu.Unlock()
	slices.SortFunc(taken, func(a, b recentAnswer) int { return cmp.Compare(a.run, b.run) })
	return taken
}

// indexWords takes the words of new answers into the index, many at a time so
// that the commits of runs stay cheap. Until then answers are looked at one by
// one.
func (s *Service) indexWords(ctx context.Context) error {
	words := words{}
	for some := range slices.Chunk(s.recent.take(), indexedAtOnce) {
		answers := make([]AnswerWords, len(some)) // outside of the unit, which on SQLite holds up others
		for i, a := range some {
			answers[i] = AnswerWords{RunID: a.run, AgentID: a.agent, Words: words.of(a.question, a.answer)}
		}
		err := s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error { return s.Store.IndexWords(ctx, answers) })
		if err != nil {
			return err
		}
	}
	return s.indexWaiting(ctx)
}

// indexWaiting does so with answers that have waited for some rounds, of any
// process; the first round of a process takes all that wait.
func (s *Service) indexWaiting(ctx context.Context) error {
	last, err := s.Store.LastWaiting(ctx)
	if err != nil {
		return err
	}
	if s.waiting == nil {
		s.waiting = slices.Repeat([]int64{last}, rounds)
	}
	upTo := s.waiting[0]
	s.waiting = append(s.waiting[1:], last)
	for part, more := 0, last > 0 && upTo > 0; more && part < indexedParts; part++ {
		err := s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) (err error) {
			more, err = s.Store.IndexWaiting(ctx, upTo, indexedAtOnce)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// indexOlder makes those findable that were there before the index, a few at a
// time.
func (s *Service) indexOlder(ctx context.Context) {
	const few = 200
	for more := true; more; {
		err := s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) (err error) {
			more, err = s.Store.IndexOlderWords(ctx, few)
			return err
		})
		pause := 100 * time.Millisecond // others use the database, too
		if err != nil && ctx.Err() == nil {
			s.Log.WarnContext(ctx, "indexing the words of earlier answers", "error", err)
			more, pause = true, s.Intervals.Lease
		}
		if !more {
			return
		}
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return
		}
	}
}
