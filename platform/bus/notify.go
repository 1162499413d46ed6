package bus

import (
	"context"
	"time"

	"github.com/uptrace/bun/driver/pgdriver"

	"parley/platform/kernel/clock"
	"parley/platform/sqldb"
)

// channel is what processes tell each other of commits on.
const channel = "parley_bus"

// notifyEvery bounds the rate of NOTIFY, which takes a lock on the cluster.
const notifyEvery = time.Millisecond

// notifyOthers wakes the other processes after commits here. It is never
// part of a transaction, and a lost one costs them a poll at most.
func (b *Bus) notifyOthers(ctx context.Context) {
	pace := newPace(b.tune.gather, feedSlow)
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.outbox.notify:
		}
		pace.add(clock.System{}.Now(), int(b.outbox.published.Swap(0)))
		if err := b.notify(ctx, b.id); err != nil && ctx.Err() == nil {
			b.log.WarnContext(ctx, "the other processes were not woken", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(max(notifyEvery, pace.pause())):
		}
	}
}

// recheckPayload asks the owners to load their state afresh.
const recheckPayload = "recheck"

func (b *Bus) notify(ctx context.Context, payload string) error {
	if !b.db.Postgres() {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, sessionDeadline)
	defer cancel()
	return telling.Rows(ctx, b.db.DB, nil, channel, payload)
}

var telling = sqldb.NewKept("SELECT pg_notify($1::text, $2::text)")

// listen wakes the feed when other processes commit. The listener connects
// again by itself.
func (b *Bus) listen(ctx context.Context) {
	l := pgdriver.NewListener(b.db.DB)
	if err := l.Listen(ctx, channel); err != nil {
		b.log.WarnContext(ctx, "no wake-ups from other processes yet", "error", err)
	}
	heard := l.Channel(pgdriver.WithChannelSize(100))
	for {
		select {
		case <-ctx.Done():
			if err := l.Close(); err != nil {
				b.log.WarnContext(ctx, "closing the listener", "error", err)
			}
			return
		case n, open := <-heard:
			if !open {
				return
			}
			switch n.Payload {
			case recheckPayload:
				b.recheck()
			case b.id: // a commit here, which woke the feed already
			default:
				poke(b.outbox.committed)
			}
		}
	}
}

// recheck makes the feed look at who owns what, soon, and answers the number
// that b.answered reaches when that is done.
func (b *Bus) recheck() int64 {
	n := b.asked.Add(1)
	poke(b.urgent)
	return n
}
