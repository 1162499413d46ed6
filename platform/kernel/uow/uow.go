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
