package core_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"parley/modules/notifications"
	"parley/modules/notifications/internal/core"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
)

// steps reads n steps, each as "sequence title unread".
func (s *scene) steps(st *core.Stream, n int) []string {
	s.t.Helper()
	out := []string{}
	for range n {
		told, err := st.Next(s.ctx)
		s.NoError(err)
		text := "start"
		if told.Notification != nil {
			text = told.Notification.Message
			s.Equal(told.Sequence, told.Notification.Sequence)
		}
		out = append(out, fmt.Sprint(told.Sequence, " ", text, " ", told.Unread))
	}
	return out
}

func (s *scene) follow(service *core.Service, user int64, after ...int64) *core.Stream {
	s.t.Helper()
	var from *int64
	if len(after) > 0 {
		from = &after[0]
	}
	st, err := service.Follow(s.ctx, who(user), from)
	s.NoError(err)
	s.t.Cleanup(st.Close)
	return st
}

// waits reports that nothing more comes of a stream.
func (s *scene) waits(st *core.Stream) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.ctx, time.Hour)
	defer cancel()
	if told, err := st.Next(ctx); !errors.Is(err, context.DeadlineExceeded) {
		s.t.Errorf("got %+v, %v", told, err)
	}
}

func TestAStreamBeginsWhereTheInboxIsAndTellsWhatComes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, nil)
		s.send(3, "one")
		s.send(3, "two")
		st := s.follow(s.Service, 3)
		s.Equal([]string{"2 start 2"}, s.steps(st, 1))
		s.waits(st)
		s.send(4, "of another")
		s.send(3, "three")
		s.send(3, "four")
		s.Equal([]string{"3 three 4", "4 four 4"}, s.steps(st, 2))
		s.waits(st)
	})
}

func TestWhoComesBackMissesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, nil)
		for i := range 250 { // more than is read at once, and by more senders than one may be
			s.happens(func(ctx context.Context, tx uow.Tx) error {
				return s.DocumentFailed(ctx, tx, fmt.Sprint(i), 1, 3, int64(i))
			})
		}
		st := s.follow(s.Service, 3, 7)
		s.Equal("7 start 250", s.steps(st, 1)[0])
		for want := int64(8); want <= 250; want++ {
			told, err := st.Next(s.ctx)
			s.NoError(err)
			s.Equal(want, told.Sequence)
		}
		s.waits(st)
		later := s.follow(s.Service, 3, 1_000_000)
		s.Equal("250 start 250", s.steps(later, 1)[0])
		s.happens(func(ctx context.Context, tx uow.Tx) error { return s.DocumentFailed(ctx, tx, "more", 1, 3, 9) })
		s.Equal("251", s.steps(later, 1)[0][:3])
	})
}

func TestAStreamElsewhereIsWokenByTheEventAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, nil)
		other := s.process(s.Deps)
		st := s.follow(other, 3)
		s.Equal([]string{"0 start 0"}, s.steps(st, 1))
		s.send(3, "one")
		s.waits(st) // the event is still on its way
		told := s.db.Published()[0].(notifications.NotificationCreated)
		s.Equal(event.Event(notifications.NotificationCreated{NotificationID: 1, OrganizationID: 1, UserID: 3, Kind: "message", SequenceNumber: 1, SentBy: 1}), event.Event(told))
		other.Arrived(told.UserID, told.SequenceNumber)
		other.Arrived(told.UserID, told.SequenceNumber) // twice is once
		s.Equal([]string{"1 one 1"}, s.steps(st, 1))
		s.waits(st)
	})
}

func TestAStreamThatWaitsAsksTheStoreNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, nil)
		st := s.follow(s.Service, 3)
		s.steps(st, 1)
		before := s.store.reads
		s.waits(st)
		s.waits(st)
		s.Arrived(3, 0)
		s.Arrived(99, 7) // whom nobody follows
		s.waits(st)
		s.Equal(before, s.store.reads)
	})
}

func TestOnlyWhatIsCommittedWakesAStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, nil)
		st := s.follow(s.Service, 3)
		s.steps(st, 1)
		boom := errors.New("boom")
		s.ErrorIs(s.db.Do(s.ctx, func(ctx context.Context, tx uow.Tx) error {
			s.NoError(s.DocumentFailed(ctx, tx, "cause", 1, 3, 9))
			return boom
		}), boom)
		before := s.store.reads
		s.waits(st)
		s.Equal(before, s.store.reads)
	})
}

func TestOneUserHasTwentyStreamsAndNoMore(t *testing.T) {
	s := newScene(t, nil)
	var open []*core.Stream
	for range 20 {
		open = append(open, s.follow(s.Service, 3))
	}
	_, err := s.Follow(s.ctx, who(3), nil)
	s.ErrorIs(err, core.ErrStreams)
	s.follow(s.Service, 4) // another has their own
	open[7].Close()
	open[7].Close() // once is enough
	s.follow(s.Service, 3)
	_, err = s.Follow(s.ctx, who(3), nil)
	s.ErrorIs(err, core.ErrStreams)
}

func TestAStreamGoesOnBehindWhatWasRemoved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScene(t, func(d *core.Deps) { d.InboxLimit = 1000 })
		st := s.follow(s.Service, 3)
		s.steps(st, 1)
		s.send(3, "one")
		s.NoError(s.store.Trim(s.ctx, 3, 1, 10))
		s.waits(st)
		s.send(3, "two")
		s.Equal([]string{"2 two 1"}, s.steps(st, 1))
	})
}

func TestAStreamThatIsClosedWhileItIsReadEndsWithItsContext(t *testing.T) {
	s := newScene(t, nil)
	st := s.follow(s.Service, 3)
	s.steps(st, 1)
	ctx, leave := context.WithCancel(s.ctx)
	leave()
	st.Close() // the client has gone between two steps
	_, err := st.Next(ctx)
	s.ErrorIs(err, context.Canceled)
}
