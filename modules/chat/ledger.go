package chat

import (
	"context"
	"time"

	"parley/platform/kernel/money"
)

// LedgerSum is what the runs of an organization that were asked in one quarter of
// an hour have used, however they ended. Runs that are open have no part in it.
type LedgerSum struct {
	Quarter          time.Time // its begin
	Runs             int64
	PromptTokens     int64 // fresh and cached
	CompletionTokens int64 // output and reasoning
	Cost             money.Amount
}

// Ledger is what models used, from where it is written down first. It is for
// those who check sums that were made elsewhere; no user reads it.
type Ledger interface {
	// Organizations answers those that have runs, ascending.
	Organizations(ctx context.Context) ([]int64, error)
	// Sums answers the quarters with runs, in order of time. A row of the ledger
	// with a count that no call can have used adds nothing. It reads all runs of
	// the organization, some thousands at a time.
	Sums(ctx context.Context, organizationID int64, from, until time.Time) ([]LedgerSum, error)
}
