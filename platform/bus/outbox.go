package bus

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun"

	"parley/platform/kernel/event"
	"parley/platform/sqldb"
)

const (
	// maxPayload bounds one event, in bytes of JSON.
	maxPayload = 256 << 10
	// maxName bounds the name and the key of an event, in bytes.
	maxName = 200
	// appendBatch is how many events one statement inserts.
	appendBatch = 200
)

// Outbox implements sqldb.Outbox. A process has one, and at most one Bus on it.
type Outbox struct {
	db *sqldb.DB
	// committed wakes the feed of this process, notify the other processes.
	committed chan struct{}
	notify    chan struct{}
	published atomic.Int64 // events since the last NOTIFY
}

var _ sqldb.Outbox = (*Outbox)(nil)

// NewOutbox returns the outbox in db, for sqldb.NewUnit.
func NewOutbox(db *sqldb.DB) *Outbox {
	return &Outbox{db: db, committed: make(chan struct{}, 1), notify: make(chan struct{}, 1)}
}

type appendedRow struct {
	bun.BaseModel `bun:"table:bus_outbox"`

	ID         string    `bun:"id"`
	Name       string    `bun:"name"`
	Key        string    `bun:"key"`
	OccurredAt time.Time `bun:"occurred_at"`
	Payload    string    `bun:"payload"`
}

// Append implements sqldb.Outbox. Events of more than 256 KiB are refused.
func (o *Outbox) Append(ctx context.Context, events []event.Envelope) error {
	o.published.Add(int64(len(events)))
	for len(events) > 0 {
		n := min(len(events), appendBatch)
		rows := make([]appendedRow, n)
		for i, e := range events[:n] {
			if len(e.Payload) > maxPayload {
				return fmt.Errorf("the event %s of %s has %d bytes, more than %d", e.Name, e.Key, len(e.Payload), maxPayload)
			}
			if e.Name == "" || len(e.Name) > maxName || len(e.Key) > maxName {
				return fmt.Errorf("the event %q of %q has no name, or a name or key of more than %d bytes", e.Name, e.Key, maxName)
			}
			rows[i] = appendedRow{ID: e.ID, Name: e.Name, Key: e.Key, OccurredAt: e.OccurredAt, Payload: string(e.Payload)}
		}
		if err := o.db.InsertLast(ctx, sqldb.Insert{Rows: &rows}); err != nil {
			return fmt.Errorf("writing %d events to the outbox: %w", n, err)
		}
		events = events[n:]
	}
	return nil
}

// Committed implements sqldb.Outbox.
func (o *Outbox) Committed() {
	poke(o.committed)
	poke(o.notify)
}

// poke makes a signal pending on a channel of capacity one.
func poke(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
