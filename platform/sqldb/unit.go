package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"slices"

	"github.com/uptrace/bun"

	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
)

// Outbox stores the events of a unit inside its transaction.
type Outbox interface {
	// Append inserts the events, in order, in the transaction of ctx.
	Append(ctx context.Context, events []event.Envelope) error
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
	views  bool // it only reads
	events []event.Event
	last   *Script // what is put off until the end
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

// Within runs fn on the transaction of ctx, or on a new one without events. A
// store whose method takes several statements is atomic by it on its own, too.
func (db *DB) Within(ctx context.Context, fn func(ctx context.Context) error) error {
	if db.InTx(ctx) {
		return fn(ctx)
	}
	return db.transact(ctx, func(ctx context.Context, _ *openTx) error { return fn(ctx) })
}

// Snapshot runs fn on the transaction of ctx, or on a new one that only reads:
// all its statements see the database as of one moment, and keep nobody from
// writing.
func (db *DB) Snapshot(ctx context.Context, fn func(ctx context.Context) error) error {
	if db.InTx(ctx) {
		return fn(ctx)
	}
	options := &sql.TxOptions{ReadOnly: true}
	if db.postgres {
		options.Isolation = sql.LevelRepeatableRead
	}
	return db.views.RunInTx(ctx, options, func(ctx context.Context, tx bun.Tx) error {
		return fn(context.WithValue(ctx, txKey{}, &openTx{db: db, tx: tx, views: true}))
	})
}

// transact runs fn in a new transaction, as what uow takes for a unit.
func (db *DB) transact(ctx context.Context, fn func(ctx context.Context, open *openTx) error) error {
	ctx, end := uow.Begin(ctx)
	committed := false
	defer func() { end(committed) }() // also when fn panics
	err := db.commit(ctx, fn)
	committed = err == nil
	db.wrote(err)
	return err
}

// commit runs fn and what it has put off, and commits.
func (db *DB) commit(ctx context.Context, fn func(ctx context.Context, open *openTx) error) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	ended := false
	defer func() {
		if !ended { // also when fn panics
			_ = tx.Rollback() // the error that led here says more
		}
	}()
	open := &openTx{db: db, tx: tx, last: db.NewScript()}
	ctx = context.WithValue(ctx, txKey{}, open)
	if err := fn(ctx, open); err != nil {
		return err
	}
	committed, err := open.last.last(ctx)
	if err != nil {
		return err
	}
	ended = true
	if committed {
		_ = tx.Tx.Commit() // lets go of the connection, and sends nothing; ctx may have ended since
		return nil
	}
	return tx.Commit()
}

// Do implements uow.Unit. Within a unit, fn joins it and an error rolls the
// whole back once the outer fn returns it.
func (u *Unit) Do(ctx context.Context, fn func(ctx context.Context, tx uow.Tx) error) error {
	if open, ok := ctx.Value(txKey{}).(*openTx); ok && open.db == u.db {
		return fn(ctx, open)
	}
	appended := false
	err := u.run(ctx, fn, &appended)
	if appended && (err == nil || errors.Is(err, uow.ErrUnknown)) { // they may be there
		u.outbox.Committed()
	}
	return err
}

// run is the transaction of one unit. It notes whether events were appended.
func (u *Unit) run(ctx context.Context, fn func(ctx context.Context, tx uow.Tx) error, appended *bool) error {
	return u.db.transact(ctx, func(ctx context.Context, open *openTx) error {
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
		*appended = true
		return u.outbox.Append(ctx, envelopes)
	})
}

// DoAll implements uow.Group.
func (u *Unit) DoAll(ctx context.Context, callers []context.Context, fn func(ctx context.Context, txs []uow.Tx) ([]error, error)) error {
	return u.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		_, err := fn(ctx, slices.Repeat([]uow.Tx{tx}, len(callers)))
		return err
	})
}
