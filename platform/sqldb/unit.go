package sqldb

import (
	"context"

	"github.com/uptrace/bun"

	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
)

// Outbox stores the events of a unit inside its transaction.
type Outbox interface {
	// Append inserts the events, in order, on tx.
	Append(ctx context.Context, tx bun.IDB, events []event.Envelope) error
	// Committed is called after the commit of a unit that appended some. It
	// must not block.
	Committed()
}

// Unit is the unit of work over one database.
type Unit struct {
	db     *DB
	outbox Outbox
	clock  clock.Clock
}

// NewUnit returns the unit of work that stores its events in outbox.
func NewUnit(db *DB, outbox Outbox, c clock.Clock) *Unit {
	return &Unit{db: db, outbox: outbox, clock: c}
}

type txKey struct{}

// openTx is the transaction that a context carries, with what it publishes.
type openTx struct {
	db     *DB
	tx     bun.Tx
	events []event.Event
	after  []func()
}

// committed runs what waited for the commit.
func (t *openTx) committed() {
	for _, fn := range t.after {
		fn()
	}
}

// Publish implements uow.Tx.
func (t *openTx) Publish(facts ...event.Event) { t.events = append(t.events, facts...) }

// On is where a repository runs its statements: the transaction in ctx, or
// the pool.
func (db *DB) On(ctx context.Context) bun.IDB {
	if open, ok := ctx.Value(txKey{}).(*openTx); ok && open.db == db {
		return open.tx
	}
	return db.DB
}

// InTx reports whether ctx carries a transaction of this database.
func (db *DB) InTx(ctx context.Context) bool {
	open, ok := ctx.Value(txKey{}).(*openTx)
	return ok && open.db == db
}

// AfterCommit runs fn once the transaction in ctx is committed, and never when
// it is rolled back. Without one, fn runs at once. fn must not block.
func (db *DB) AfterCommit(ctx context.Context, fn func()) {
	if open, ok := ctx.Value(txKey{}).(*openTx); ok && open.db == db {
		open.after = append(open.after, fn)
		return
	}
	fn()
}

// Within runs fn on the transaction of ctx, or on a new one without events. A
// store whose method takes several statements is atomic by it on its own, too.
func (db *DB) Within(ctx context.Context, fn func(ctx context.Context) error) error {
	if db.InTx(ctx) {
		return fn(ctx)
	}
	open := &openTx{db: db}
	err := db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		open.tx = tx
		return fn(context.WithValue(ctx, txKey{}, open))
	})
	if err == nil {
		open.committed()
	}
	return err
}

// Do implements uow.Unit. Within a unit, fn joins it and an error rolls the
// whole back once the outer fn returns it.
func (u *Unit) Do(ctx context.Context, fn func(ctx context.Context, tx uow.Tx) error) error {
	if open, ok := ctx.Value(txKey{}).(*openTx); ok && open.db == u.db {
		return fn(ctx, open)
	}
	appended := false
	open := &openTx{db: u.db}
	err := u.db.RunInTx(ctx, nil, func(ctx context.Context, tx bun.Tx) error {
		open.tx = tx
		ctx = context.WithValue(ctx, txKey{}, open)
		if err := fn(ctx, open); err != nil {
			return err
		}
		if len(open.events) == 0 {
			return nil
		}
		envelopes, err := event.Seal(u.clock.Now(), open.events)
		if err != nil {
			return err
		}
		appended = true
		return u.outbox.Append(ctx, tx, envelopes)
	})
	if err != nil {
		return err
	}
	if appended {
		u.outbox.Committed()
	}
	open.committed()
	return nil
}
