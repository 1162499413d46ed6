package core

import (
	"context"
	"time"
)

// Store keeps facts, the inventory and names.
type Store interface {
	Books
	Budgets

	// AddFacts stores facts, but for those of an origin that has one already.
	// A fact counts from its commit on, however old it is.
	AddFacts(ctx context.Context, facts []Fact) error
	// Ask answers what the selected facts add up to, all as of one moment, in
	// order of period and key, or the first of an order (Question.First). It does
	// not look beyond the window.
	Ask(ctx context.Context, q Question) ([]Row, error)
	// Engagement answers the days after the first LookBack ones, in order.
	Engagement(ctx context.Context, q EngagementQuestion) ([]Engaged, error)

	// Seal packs the facts of an organization that are of quarters of an hour
	// which ended before a moment, so that questions cost less. Answers are the
	// same. It is safe beside anything else, takes several units of its own and
	// goes on where it was interrupted.
	Seal(ctx context.Context, organizationID int64, before time.Time) error

	// AddItem stores an item, unless it is there already.
	AddItem(ctx context.Context, i Item) error
	// RemoveItem removes an item, if it is there.
	RemoveItem(ctx context.Context, organizationID int64, k Kind, entityID int64) error
	// CountItems counts what exists in the scope, by kind: the teams,
	// projects and agents in it and the users who ever asked there; all kinds
	// when the scope is the whole organization.
	CountItems(ctx context.Context, s Scope) (map[Kind]int64, error)

	Names
}
