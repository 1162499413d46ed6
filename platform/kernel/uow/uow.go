// Package uow is the unit of work: a change of state and the events that tell
// of it become durable together, or neither does.
package uow

import (
	"context"

	"parley/platform/kernel/event"
)

// Tx is the open unit. It is the only way to publish, so state cannot change
// with its event forgotten by a crash.
type Tx interface {
	// Publish adds facts to the unit. They are stored with its commit, in
	// this order, and reach their consumers after it.
	Publish(facts ...event.Event)
}

// Unit runs functions atomically.
type Unit interface {
	// Do runs fn in one transaction and commits when it returns nil. An
	// error or a panic rolls back state and events alike. A Do inside a Do
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
	// their part was left out; nothing is published or noted for those. What
	// the callers' contexts carry (who asks, for the audit log) stays with each
	// of them; their deadlines are not obeyed.
	DoAll(ctx context.Context, callers []context.Context, fn func(ctx context.Context, txs []Tx) (refused []error, err error)) error
}
