package sqlstore

import (
	"context"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun/driver/pgdriver"

	"parley/platform/sqldb"
	"parley/platform/work"
)

const (
	channel = "parley_work"
	// A payload is the name of the sender, and this when jobs were cancelled.
	cancelledSuffix = "/cancelled"
	// notifyEvery bounds the rate of NOTIFY, which takes a lock on the cluster.
	notifyEvery    = 5 * time.Millisecond
	notifyDeadline = 10 * time.Second
)

// Signals implements work.Signals: NOTIFY on PostgreSQL, and nothing on
// SQLite, where there are no other processes. It is never part of a
// transaction, and a lost one costs a poll at most.
type Signals struct {
	db    *sqldb.DB
	owner string
	log   *slog.Logger
	send  chan struct{}
	// cancelled is whether the next one tells of a cancelled job.
	cancelled atomic.Bool
}

var _ work.Signals = (*Signals)(nil)

// NewSignals returns the signals of the process named owner.
func NewSignals(db *sqldb.DB, owner string, log *slog.Logger) *Signals {
	return &Signals{db: db, owner: owner, log: log, send: make(chan struct{}, 1)}
}

// Send implements work.Signals.
func (s *Signals) Send(cancelled bool) {
	if cancelled {
		s.cancelled.Store(true)
	}
	select {
	case s.send <- struct{}{}:
	default:
	}
}

// Run implements work.Signals.
func (s *Signals) Run(ctx context.Context, heard func(cancelled bool)) {
	if !s.db.Postgres() {
		<-ctx.Done()
		return
	}
	var others <-chan pgdriver.Notification
	if heard != nil {
		l := pgdriver.NewListener(s.db.DB)
		if err := l.Listen(ctx, channel); err != nil && ctx.Err() == nil {
			s.log.WarnContext(ctx, "no wake-ups for work from other processes yet", "error", err)
		}
		defer func() {
			if err := l.Close(); err != nil {
				s.log.WarnContext(ctx, "closing the listener for work", "error", err)
			}
		}()
		others = l.Channel(pgdriver.WithChannelSize(100)) // it connects again by itself
	}
	var again <-chan time.Time
	send := s.send
	for {
		select {
		case <-ctx.Done():
			return
		case n, open := <-others:
			if !open {
				others = nil
			} else if owner, cancelled := strings.CutSuffix(n.Payload, cancelledSuffix); owner != s.owner {
				heard(cancelled)
			}
		case <-send:
			s.notify(ctx)
			send, again = nil, time.After(notifyEvery)
		case <-again:
			send, again = s.send, nil
		}
	}
}

func (s *Signals) notify(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, notifyDeadline)
	defer cancel()
	payload := s.owner
	if s.cancelled.Swap(false) {
		payload += cancelledSuffix
	}
	if _, err := s.db.NewRaw("SELECT pg_notify(?, ?)", channel, payload).Exec(ctx); err != nil && ctx.Err() == nil {
		s.log.WarnContext(ctx, "the other processes were not woken for work", "error", err)
	}
}
