package memory

import (
	"context"
	"slices"
	"sync"

	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
)

// DB holds tables that change together. Units run one at a time.
type DB struct {
	mu     sync.RWMutex
	clock  clock.Clock
	facts  []event.Event
	sinkMu sync.Mutex
	sink   func(ctx context.Context, e event.Envelope) error
}

// New returns an empty database.
func New(c clock.Clock) *DB { return &DB{clock: c} }

// Deliver makes every later commit hand its events to sink, in order, after
// the commit and in the caller's goroutine. Errors of sink are the test's to
// see: they come back from Do.
func (db *DB) Deliver(sink func(ctx context.Context, e event.Envelope) error) {
	db.sinkMu.Lock()
	defer db.sinkMu.Unlock()
	db.sink = sink
}

// Published is every fact committed so far, oldest first.
func (db *DB) Published() []event.Event {
	db.mu.RLock()
	defer db.mu.RUnlock()
	return append([]event.Event(nil), db.facts...)
}

type txKey struct{}

type openTx struct {
	db    *DB
	undo  []func()
	facts []event.Event
}

// Publish implements uow.Tx.
func (t *openTx) Publish(facts ...event.Event) { t.facts = append(t.facts, facts...) }

func (db *DB) open(ctx context.Context) *openTx {
	if t, ok := ctx.Value(txKey{}).(*openTx); ok && t.db == db {
		return t
	}
	return nil
}

// Do implements uow.Unit.
func (db *DB) Do(ctx context.Context, fn func(ctx context.Context, tx uow.Tx) error) error {
	if t := db.open(ctx); t != nil {
		return fn(ctx, t)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	envelopes, err := db.commit(ctx, fn)
	if err != nil {
		return err
	}
	db.sinkMu.Lock()
	sink := db.sink
	db.sinkMu.Unlock()
	if sink == nil {
		return nil
	}
	for _, e := range envelopes {
		if err := sink(ctx, e); err != nil {
			return err
		}
	}
	return nil
}

// DoAll implements uow.Group.
func (db *DB) DoAll(ctx context.Context, callers []context.Context, fn func(ctx context.Context, txs []uow.Tx) ([]error, error)) error {
	return db.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		_, err := fn(ctx, slices.Repeat([]uow.Tx{tx}, len(callers)))
		return err
	})
}

func (db *DB) commit(ctx context.Context, fn func(ctx context.Context, tx uow.Tx) error) ([]event.Envelope, error) {
	t := &openTx{db: db}
	done := false
	ctx, end := uow.Begin(ctx)
	defer func() { end(done) }() // after the lock is given back
	db.mu.Lock()
	defer db.mu.Unlock()
	defer func() {
		if !done { // an error, or a panic on its way up
			for i := len(t.undo) - 1; i >= 0; i-- {
				t.undo[i]()
			}
		}
	}()
	if err := fn(context.WithValue(ctx, txKey{}, t), t); err != nil {
		return nil, err
	}
	envelopes, err := event.Seal(db.clock.Now(), t.facts)
	if err != nil {
		return nil, err
	}
	done = true
	db.facts = append(db.facts, t.facts...)
	return envelopes, nil
}

// read runs fn under the lock that ctx's unit holds, or a shared one.
func (db *DB) read(ctx context.Context, fn func() error) error {
	if db.open(ctx) == nil {
		db.mu.RLock()
		defer db.mu.RUnlock()
	}
	return fn()
}

// write runs fn with the unit of ctx, or in one of its own.
func (db *DB) write(ctx context.Context, fn func(t *openTx) error) error {
	if t := db.open(ctx); t != nil {
		return fn(t)
	}
	return db.Do(ctx, func(_ context.Context, tx uow.Tx) error { return fn(tx.(*openTx)) })
}
