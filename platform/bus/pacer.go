package bus

import (
	"context"
	"sync"
	"time"
)

// The first and the longest wait for events that are being written.
const (
	hiddenFirst = 500 * time.Microsecond
	hiddenLast  = 10 * time.Millisecond
)

// pacer decides when the feed reads again, and stores the cursors meanwhile.
type pacer struct {
	b       *Bus
	s       *session
	poll    *time.Ticker
	flush   <-chan time.Time // nil while nothing moved
	hidden  time.Duration
	pace    pace
	recheck bool
}

// sleep returns when there may be something to read, or with done when ctx
// has ended. more means at once, blocked means shortly. Under load it lets
// events gather, unless somebody asks for a read at once.
func (p *pacer) sleep(ctx context.Context, more, blocked bool) (done bool, err error) {
	pause := p.pace.pause()
	var again, gathered <-chan time.Time
	if !blocked {
		p.hidden = 0
	} else {
		p.hidden = min(max(2*p.hidden, hiddenFirst), hiddenLast)
		again = time.After(max(p.hidden, pause))
	}
	committed := p.b.outbox.committed
	if pause > 0 {
		gathered, committed = time.After(pause), nil
	}
	ready := make(chan struct{})
	if more {
		close(ready)
	}
	for {
		if p.flush == nil && p.b.dirty() {
			// Each event moves the places of all consumers. Under load they are
			// stored less often: what is not stored in a crash is delivered again.
			p.flush = time.After(p.b.tune.flush + 4*pause)
		}
		select {
		case <-ctx.Done():
			return true, nil
		case <-p.flush:
			p.flush = nil
			if err := p.b.storeCursors(ctx, p.s); err != nil {
				return false, err
			}
		case <-p.b.nudged: // flush or due times may have changed
		case <-p.b.urgent:
			return false, nil
		case <-gathered:
			committed = p.b.outbox.committed
		case <-committed:
			return false, nil
		case <-p.poll.C:
			p.recheck = true
			return false, nil
		case <-again:
			return false, nil
		case <-p.due():
			return false, nil
		case <-ready:
			return false, nil
		}
	}
}

// due fires when the next failed event is to be tried again.
func (p *pacer) due() <-chan time.Time {
	var first time.Time
	found := false
	for _, w := range p.b.workers {
		if at, ok := w.dueAt(); ok && (!found || at.Before(first)) {
			first, found = at, true
		}
	}
	if !found {
		return nil
	}
	// The poll comes in between when the clock is not the machine's.
	return time.After(min(max(first.Sub(p.b.clock.Now()), 0), time.Hour))
}

// signal tells any number of waiters that something changed.
type signal struct {
	mu sync.Mutex
	ch chan struct{}
}

// next is closed by the next raise.
func (s *signal) next() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch == nil {
		s.ch = make(chan struct{})
	}
	return s.ch
}

func (s *signal) raise() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ch != nil {
		close(s.ch)
		s.ch = nil
	}
}
