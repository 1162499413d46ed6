package core

import (
	"context"
	"errors"
	"slices"
	"sync"
	"time"
)

// writeBehind collects what is written a few seconds later, so that no request
// waits for it: the last use of keys, and wrong passwords. A killed process
// loses it.
type writeBehind struct {
	mu   sync.Mutex
	uses map[int64]use
	// wrong are audit entries; more than maxWaiting are not kept.
	wrong   []AuditEntry
	dropped int
}

type use struct {
	at      time.Time
	written bool
}

const (
	// useEvery is how often the last use of a key is written at most.
	useEvery   = time.Minute
	maxWaiting = 10_000
	// countAtOnce is how many rows of refusals one statement counts in.
	countAtOnce = 500
)

func newWriteBehind() *writeBehind { return &writeBehind{uses: map[int64]use{}} }

func (l *writeBehind) used(k APIKey, now time.Time) {
	if k.LastUsedOn != nil && now.Sub(*k.LastUsedOn) < useEvery {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if last, ok := l.uses[k.ID]; (ok && now.Sub(last.at) < useEvery) || len(l.uses) >= maxWaiting {
		return
	}
	l.uses[k.ID] = use{at: now}
}

func (l *writeBehind) refused(e AuditEntry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.wrong) >= maxWaiting {
		l.dropped++
		return
	}
	l.wrong = append(l.wrong, e)
}

// Flush writes what waits, in one statement each. It answers how many refused
// sign-ins were too many to be kept since the last time.
func (s *Service) Flush(ctx context.Context) (dropped int, err error) {
	now := s.Clock.Now()
	l := s.writeBehind
	l.mu.Lock()
	wrong := l.wrong
	dropped = l.dropped
	l.wrong, l.dropped = nil, 0
	var ids []int64
	var latest time.Time
	for id, u := range l.uses {
		switch {
		case !u.written:
			ids = append(ids, id)
			if u.at.After(latest) {
				latest = u.at
			}
			l.uses[id] = use{at: u.at, written: true}
		case now.Sub(u.at) >= useEvery:
			delete(l.uses, id)
		}
	}
	l.mu.Unlock()
	if len(ids) > 0 {
		err = s.Store.KeysUsed(ctx, ids, latest)
	}
	if len(wrong) > 0 {
		err = errors.Join(err, s.refuse(ctx, wrong...))
	}
	for part := range slices.Chunk(s.refusals.take(now), countAtOnce) {
		err = errors.Join(err, s.Store.CountRefusals(ctx, part))
	}
	return dropped, err
}
