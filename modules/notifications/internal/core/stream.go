package core

import (
	"context"
	"sync"
	"time"

	"parley/platform/kernel/actor"
)

const (
	// maxStreams bounds the streams of one user in one process.
	maxStreams = 20
	// streamBatch bounds how many notifications a stream reads at once.
	streamBatch = 100
)

// followers are the streams of this process, by user. One that waits costs a
// channel and nothing else.
type followers struct {
	mu    sync.Mutex
	users map[int64]*followed
}

// followed is a user with open streams.
type followed struct {
	streams int
	latest  int64         // the newest sequence number that was heard of
	rung    chan struct{} // closed when latest rises; nil while nobody waits
}

// wake tells the streams of a user that notifications up to a sequence number
// are stored.
func (f *followers) wake(user, sequence int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	u := f.users[user]
	if u == nil || u.latest >= sequence {
		return
	}
	u.latest = sequence
	if u.rung != nil {
		close(u.rung)
		u.rung = nil
	}
}

// open counts one more stream of a user; nil when there are too many.
func (f *followers) open(user int64) *followed {
	f.mu.Lock()
	defer f.mu.Unlock()
	u := f.users[user]
	if u == nil {
		if f.users == nil {
			f.users = map[int64]*followed{}
		}
		u = &followed{}
		f.users[user] = u
	}
	if u.streams == maxStreams {
		return nil
	}
	u.streams++
	return u
}

func (f *followers) close(user int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	u := f.users[user]
	if u.streams--; u.streams == 0 {
		delete(f.users, user)
	}
}

// more answers nil when something came behind a sequence number, else what is
// closed once it has. A user whose last stream was closed hears of nothing more.
func (f *followers) more(u *followed, after int64) <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	if u.latest > after {
		return nil
	}
	if u.rung == nil {
		u.rung = make(chan struct{})
	}
	return u.rung
}

// latest is the newest sequence number of a followed user that was heard of.
func (f *followers) latest(u *followed) int64 {
	f.mu.Lock()
	defer f.mu.Unlock()
	return u.latest
}

// Stream follows the inbox of one user, from one sequence number on. It is not
// for use by several goroutines, but for Close: a client may go at any moment.
type Stream struct {
	service *Service
	user    int64
	heard   *followed // of the user; also when the stream is closed
	after   int64
	unread  int64
	begun   bool
	ready   []Notification
	once    sync.Once
}

// Told is one step of a stream: the beginning, which has no notification, or a
// notification. Unread is how many there are then.
type Told struct {
	Sequence     int64
	Notification *Notification
	Unread       int64
}

// Follow opens a stream of the actor's notifications behind a sequence number;
// of those that come from now on when after is nil. It must be closed.
func (s *Service) Follow(ctx context.Context, who actor.Actor, after *int64) (*Stream, error) {
	heard := s.followers.open(who.UserID)
	if heard == nil {
		return nil, ErrStreams.After(10 * time.Second)
	}
	// Read once it is known to be open: what is stored later wakes it.
	counters, err := s.Store.Counters(ctx, who.UserID)
	if err != nil {
		s.followers.close(who.UserID)
		return nil, err
	}
	s.followers.wake(who.UserID, counters.LastSequence)
	out := &Stream{service: s, user: who.UserID, heard: heard, after: counters.LastSequence, unread: counters.Unread}
	if after != nil { // who knows more than there is has it from elsewhere
		out.after = min(*after, counters.LastSequence)
	}
	return out, nil
}

// Close ends the stream. Again does nothing.
func (st *Stream) Close() { st.once.Do(func() { st.service.followers.close(st.user) }) }

// Next answers the next step. It waits until there is one or ctx ends; it may
// then be called again with another ctx.
func (st *Stream) Next(ctx context.Context) (Told, error) {
	if !st.begun {
		st.begun = true
		return Told{Sequence: st.after, Unread: st.unread}, nil
	}
	for len(st.ready) == 0 {
		if rung := st.service.followers.more(st.heard, st.after); rung != nil {
			select {
			case <-rung:
				continue
			case <-ctx.Done():
				return Told{}, ctx.Err()
			}
		}
		if err := st.read(ctx); err != nil {
			if ctx.Err() != nil {
				err = ctx.Err() // drivers have words of their own for it
			}
			return Told{}, err
		}
	}
	n := st.ready[0]
	st.ready, st.after = st.ready[1:], n.Sequence
	return Told{Sequence: n.Sequence, Notification: &n, Unread: st.unread}, nil
}

// read takes what is stored behind the last step.
func (st *Stream) read(ctx context.Context) error {
	latest := st.service.followers.latest(st.heard)
	ready, unread, err := st.service.Store.After(ctx, st.user, st.after, streamBatch)
	if err != nil {
		return err
	}
	if st.ready, st.unread = ready, unread; len(ready) == 0 { // trimmed, or deleted with the user
		st.after = max(st.after, latest)
	}
	return nil
}

// Arrived tells the streams of this process of a notification that any process
// stored.
func (s *Service) Arrived(userID, sequence int64) { s.followers.wake(userID, sequence) }
