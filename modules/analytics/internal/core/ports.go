package core

import "context"

// Store keeps facts and the inventory.
type Store interface {
	// AddFacts stores facts, but for those of an origin that has one already.
	AddFacts(ctx context.Context, facts []Fact) error
	// Totals sums the selected facts up.
	Totals(ctx context.Context, s Selection) (Totals, error)
	// Quarters sums the tokens of the selected facts up by quarter, in no
	// order. Quarters without tokens may be left out.
	Quarters(ctx context.Context, s Selection) ([]QuarterTokens, error)

	// AddItem stores an item, unless it is there already.
	AddItem(ctx context.Context, i Item) error
	// RemoveItem removes an item, if it is there.
	RemoveItem(ctx context.Context, organizationID int64, k Kind, entityID int64) error
	// CountItems counts what exists in the scope, by kind: the teams,
	// projects and agents in it and the users who ever asked there; all kinds
	// when the scope is the whole organization.
	CountItems(ctx context.Context, s Scope) (map[Kind]int64, error)
}
