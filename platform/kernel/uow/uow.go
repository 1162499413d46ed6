// Package uow is the unit of work: a change of state and the events that tell
// of it become durable together, or neither does.
package uow

import (
	"context"
	"errors"

	"parley/platform/kernel/event"
)

// Tx is the open unit. It is the only way to publish, so state cannot change
// with its event forgotten by a crash.
type Tx interface {
	// Publish adds facts to the unit. They are stored with its commit, in
	// this order, and reach their consumers after it.
	Publish(facts ...event.Event)
}

// ErrUnknown is among the errors of a unit whose commit was sent to the database
// and not answered: it may have happened, or still happen. Who repeats the unit
// must find out first, in a way that waits for a commit that is under way.
var ErrUnknown = errors.New("it is not known whether the changes were committed")

// ErrBefore is why a caller's part of a DoAll is left out that an earlier DoAll
// has committed, with all that goes along: the caller is done.
var ErrBefore = errors.New("the part was committed before")

// Unit makes changes of state and the events that tell of them one transaction.
type Unit interface {
	// Do runs fn in one transaction and commits when it returns nil. An
	// error or a panic rolls back state and events alike, but for ErrUnknown,
	// which says that nobody knows. A Do inside a Do
	// joins the outer unit. fn must use the context it is given, must not
	// call the network, and may be run only once.
	Do(ctx context.Context, fn func(ctx context.Context, tx Tx) error) error
}

// Group is a Unit that several callers can share: their changes are one commit,
// which costs about as much as that of one of them.
type Group interface {
	Unit
	// DoAll runs fn in one transaction of ctx, with one Tx for each caller, and
	// commits when fn's error is nil. fn answers for each caller nil or why
	// their part was left out; nothing is published or noted for those. The
	// part that ErrBefore leaves out is done. What the callers' contexts carry
	// (who asks, for the audit log) stays with each of them; their deadlines are
	// not obeyed.
	DoAll(ctx context.Context, callers []context.Context, fn func(ctx context.Context, txs []Tx) (refused []error, err error)) error
}

type endKey struct{}

// ending is what waits for the end of one unit.
type ending struct{ always, committed []func() }

// AtEnd calls fn once the unit that ctx carries has ended, committed or rolled
// back, before Do returns; at once when ctx carries none. fn must not block.
// It is for what lives in memory: a commit whose answer got lost has happened,
// so that fn is not told which of the two it was.
func AtEnd(ctx context.Context, fn func()) {
	if e, ok := ctx.Value(endKey{}).(*ending); ok {
		e.always = append(e.always, fn)
		return
	}
	fn()
}

// AfterCommit is AtEnd for a unit that is known to be committed; fn is not
// called for another one.
func AfterCommit(ctx context.Context, fn func()) {
	if e, ok := ctx.Value(endKey{}).(*ending); ok {
		e.committed = append(e.committed, fn)
		return
	}
	fn()
}

// Inside reports whether ctx carries a unit.
func Inside(ctx context.Context) bool { return ctx.Value(endKey{}) != nil }

// Begin is for implementations of Unit: it answers the context of a new unit,
// and what they call when it has ended, with whether it is committed.
func Begin(ctx context.Context) (unit context.Context, end func(committed bool)) {
	e := &ending{}
	return context.WithValue(ctx, endKey{}, e), func(committed bool) {
		for _, fn := range e.always {
			fn()
		}
		if !committed {
			return
		}
		for _, fn := range e.committed {
			fn()
		}
	}
}
