package sqlstore

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/uptrace/bun"

	"parley/modules/chat"
	"parley/modules/chat/internal/core"
	"parley/platform/sqldb"
)

// Ledger implements chat.Ledger.
type Ledger struct{ db *sqldb.DB }

// NewLedger returns the ledger in db.
func NewLedger(db *sqldb.DB) *Ledger { return &Ledger{db: db} }

const (
	ledgerPage    = 5_000 // runs that are read at once
	ledgerQuarter = 15 * time.Minute
	// No call uses more tokens, and no row costs more: a billion tokens at the
	// highest price.
	mostTokens = 1_000_000_000
	mostNano   = 1_000_000_000_000_000_000
)

// Organizations implements chat.Ledger.
func (l *Ledger) Organizations(ctx context.Context) ([]int64, error) {
	var ids []int64
	err := l.db.On(ctx).NewSelect().Table("chat_runs").ColumnExpr("DISTINCT organization_id").OrderExpr("organization_id").Scan(ctx, &ids)
	if err != nil {
		return nil, fmt.Errorf("reading which organizations have runs: %w", err)
	}
	return ids, nil
}

// Sums implements chat.Ledger.
func (l *Ledger) Sums(ctx context.Context, org int64, from, until time.Time) ([]chat.LedgerSum, error) {
	sums := map[time.Time]*chat.LedgerSum{}
	for after := int64(0); ; {
		var runs []struct {
			ID        int64
			CreatedOn time.Time
			State     core.State
		}
		err := l.db.On(ctx).NewSelect().Table("chat_runs").Column("id", "created_on", "state").
			Where("organization_id = ? AND id > ?", org, after).OrderExpr("id").Limit(ledgerPage).Scan(ctx, &runs)
		if err != nil {
			return nil, fmt.Errorf("reading runs: %w", err)
		}
		if len(runs) == 0 {
			break
		}
		of := map[int64]*chat.LedgerSum{}
		for _, r := range runs {
			if r.CreatedOn.Before(from) || !r.CreatedOn.Before(until) || r.State == core.Queued || r.State == core.InProgress {
				continue
			}
			quarter := r.CreatedOn.UTC().Truncate(ledgerQuarter)
			if sums[quarter] == nil {
				sums[quarter] = &chat.LedgerSum{Quarter: quarter}
			}
			of[r.ID] = sums[quarter]
			of[r.ID].Runs++
		}
		if err := l.use(ctx, of); err != nil {
			return nil, err
		}
		after = runs[len(runs)-1].ID
	}
	out := make([]chat.LedgerSum, 0, len(sums))
	for _, quarter := range slices.SortedFunc(maps.Keys(sums), time.Time.Compare) {
		out = append(out, *sums[quarter])
	}
	return out, nil
}

// use adds the rows of some runs up.
func (l *Ledger) use(ctx context.Context, of map[int64]*chat.LedgerSum) error {
	if len(of) == 0 {
		return nil
	}
	var rows []ledgerRow
	err := l.db.On(ctx).NewSelect().Model(&rows).Column("run_id", "fresh_input", "cached_input", "output", "reasoning", "cost_nano", "cost").
		Where("run_id IN (?)", bun.List(slices.Collect(maps.Keys(of)))).Scan(ctx)
	if err != nil {
		return fmt.Errorf("reading the ledger: %w", err)
	}
	for _, r := range rows {
		sum, prompt, completion, cost := of[r.RunID], r.FreshInput+r.CachedInput, r.Output+r.Reasoning, r.Amount()
		if prompt < 0 || prompt > mostTokens || completion < 0 || completion > mostTokens || cost.Nano < 0 || cost.Nano > mostNano {
			continue
		}
		sum.PromptTokens, sum.CompletionTokens, sum.Cost = sum.PromptTokens+prompt, sum.CompletionTokens+completion, sum.Cost.Plus(cost)
	}
	return nil
}
