package core

import (
	"context"
	"sync"
	"time"

	"parley/modules/chat"
	"parley/platform/kernel/stack"
)

const (
	// journalLimit bounds the parts of one commit of each kind. What is more
	// waits for the next.
	journalLimit = 128
	// gatherFor is how long a commit waits for the parts of others when at least
	// gatherFrom runs are open, and fewer than half of them wait for it. It does
	// when the last gatherFrom parts came within gatherWithin, so that more are
	// likely to come meanwhile: open streams alone make nobody wait.
	gatherFor    = 500 * time.Microsecond
	gatherFrom   = 8
	gatherWithin = 2 * gatherFrom * gatherFor
)

// journal commits what all runs of this process have to store, together: the
// questions that are accepted, the events of open streams and the ends. While
// one commit is under way the next gathers, so that more work makes larger
// commits, not more of them. A commit that fails is tried again part by part:
// one run's bad part costs no other run anything. A commit that nobody knows the
// end of is tried again as a whole, as parts that may be stored.
type journal struct {
	service *Service

	mu      sync.Mutex
	working bool // a goroutine commits what is waiting
	accepts []*accepting
	streams []*stream // that have events to store
	ends    []*ending
	came    [gatherFrom]time.Time // when the last questions and ends came
	next    int                   // the oldest of came

	// committing is held during a commit, and by what changes runs of this
	// process outside of one: two statements that lock the same rows in another
	// order could wait for each other.
	committing sync.Mutex
}

// accepting is a question that waits to be stored.
type accepting struct {
	ctx    context.Context //nolint:containedctx // of who asks, for the audit log; the journal stores many at once
	accept Accept
	fact   *chat.ThreadCreated // of a thread that is new; the id is added
	done   chan struct{}       // closed once what follows is set
	result Accepted
	err    error
}

// ending is an outcome that waits to be stored.
type ending struct {
	end    End
	run    *Run    // as it is before the end
	stream *stream // nil for a run that a dead process left behind
	done   chan struct{}
	at     time.Time // of the commit
	result Ended
	err    error
}

// accept stores a question; its error means that nothing of it is stored, or
// that nobody knows (uow.ErrUnknown).
func (j *journal) accept(a *accepting) (Accepted, error) {
	a.done = make(chan struct{})
	j.mu.Lock()
	j.accepts = append(j.accepts, a)
	j.arrived()
	j.start()
	j.mu.Unlock()
	<-a.done
	return a.result, a.err
}

// end stores an outcome with the events that the stream still holds.
// ErrDeleted stands for a run that was deleted: its figures are stored.
func (j *journal) end(e *ending) error {
	e.done = make(chan struct{})
	j.mu.Lock()
	j.ends = append(j.ends, e)
	j.arrived()
	j.start()
	j.mu.Unlock()
	<-e.done
	if e.err == nil && e.result.Deleted {
		return ErrDeleted
	}
	return e.err
}

// store makes the events of a stream durable, soon. It does not wait.
func (j *journal) store(s *stream) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if !s.queued {
		s.queued = true
		j.streams = append(j.streams, s)
		j.start()
	}
}

// arrived notes that a question or an end has come. The caller holds mu.
func (j *journal) arrived() {
	j.came[j.next] = j.service.Clock.Now()
	j.next = (j.next + 1) % gatherFrom
}

// start makes sure that what waits is committed. The caller holds mu.
func (j *journal) start() {
	if !j.working {
		j.working = true
		go j.work()
	}
}

// work commits until nothing waits.
func (j *journal) work() {
	stack.Room24K()
	for {
		if j.few() {
			time.Sleep(gatherFor)
		}
		c := j.take()
		if c == nil {
			return
		}
		c.commit()
	}
}

// few reports whether waiting a moment makes the next commit worth more.
func (j *journal) few() bool {
	open := j.service.places.all()
	if open < gatherFrom {
		return false
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	waiting := len(j.accepts) + len(j.ends)
	often := j.service.Clock.Now().Sub(j.came[j.next]) < gatherWithin
	return often && waiting > 0 && 2*waiting < min(open, journalLimit)
}

// take answers what goes into the next commit, or nil when nothing waits.
func (j *journal) take() *commit {
	j.mu.Lock()
	defer j.mu.Unlock()
	c := &commit{journal: j}
	c.accepts, j.accepts = cut(j.accepts)
	c.ends, j.ends = cut(j.ends)
	c.streams, j.streams = cut(j.streams)
	for _, s := range c.streams {
		s.queued = false
	}
	if len(c.accepts)+len(c.ends)+len(c.streams) == 0 {
		j.working = false
		return nil
	}
	return c
}

func cut[T any](list []T) (taken, left []T) {
	n := min(len(list), journalLimit)
	return list[:n:n], list[n:]
}
