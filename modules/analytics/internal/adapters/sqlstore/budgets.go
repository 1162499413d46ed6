package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/uptrace/bun"

	"parley/modules/analytics/internal/core"
	"parley/platform/sqldb"
)

type budgetRow struct {
	bun.BaseModel `bun:"table:analytics_budgets,alias:b"`
	core.Budget
}

type spendingRow struct {
	bun.BaseModel `bun:"table:analytics_spending,alias:s"`
	core.Spending
}

func newBudgets(db *sqldb.DB) sqldb.Table[core.Budget, budgetRow] {
	return sqldb.NewTable(
		db,
		func(b core.Budget) budgetRow { return budgetRow{Budget: b} },
		func(r budgetRow) core.Budget { return r.Budget },
		core.ErrNoBudget,
		nil,
	)
}

// maxBudgets bounds what is read of all.
const maxBudgets = 100_000

// Budget implements core.Budgets.
func (s *Store) Budget(ctx context.Context, org int64) (core.Budget, error) {
	return s.budgets.Get(ctx, sqldb.Eq("organization_id", org))
}

// AllBudgets implements core.Budgets.
func (s *Store) AllBudgets(ctx context.Context) ([]core.Budget, error) {
	return s.budgets.List(ctx, maxBudgets, "")
}

// SetBudget implements core.Budgets. It locks what is counted of the month, and
// adds it where nothing is yet, so that it waits for an intake that counts the
// first facts of the month by the budget before.
func (s *Store) SetBudget(ctx context.Context, b core.Budget) (core.Budget, error) {
	var out core.Budget
	err := s.db.Within(ctx, func(ctx context.Context) (err error) {
		out, err = s.budgets.Upsert(ctx, b, "organization_id", "tokens = EXCLUDED.tokens", "warn_at_percent = EXCLUDED.warn_at_percent", "since = EXCLUDED.since",
			"modified_by = EXCLUDED.modified_by", "modified_on = EXCLUDED.modified_on")
		if err != nil {
			return err
		}
		row := spendingRow{Spending: core.Spending{OrganizationID: b.OrganizationID, Month: b.Since}}
		_, err = s.db.On(ctx).NewInsert().Model(&row).ExcludeColumn("id").On("CONFLICT (organization_id, month) DO UPDATE").
			Set("told_nearly = EXCLUDED.told_nearly").Set("told_up = EXCLUDED.told_up").Returning("NULL").Exec(ctx)
		if err == nil {
			_, err = s.db.On(ctx).NewUpdate().Model((*spendingRow)(nil)).Set("told_nearly = ?", false).Set("told_up = ?", false).
				Where("organization_id = ? AND month > ?", b.OrganizationID, b.Since).Exec(ctx)
		}
		if err != nil {
			return fmt.Errorf("forgetting what was told of the budget of organization %d: %w", b.OrganizationID, err)
		}
		return nil
	})
	return out, err
}

// DeleteBudget implements core.Budgets.
func (s *Store) DeleteBudget(ctx context.Context, org int64) (core.Budget, error) {
	var out core.Budget
	err := s.db.Within(ctx, func(ctx context.Context) error {
		gone, err := s.budgets.Delete(ctx, sqldb.Eq("organization_id", org))
		if err != nil {
			return err
		}
		if len(gone) == 0 {
			return core.ErrNoBudget
		}
		out = gone[0]
		if _, err := s.db.On(ctx).NewDelete().Model((*spendingRow)(nil)).Where("organization_id = ?", org).Exec(ctx); err != nil {
			return fmt.Errorf("removing what organization %d spent: %w", org, err)
		}
		return nil
	})
	return out, err
}

// Spend implements core.Budgets. It joins the budgets, of which this process may
// have heard late.
func (s *Store) Spend(ctx context.Context, more []core.Spending) ([]core.Spending, error) {
	if len(more) == 0 {
		return nil, nil
	}
	var add sqldb.Rows
	for _, m := range more {
		add = append(add, []any{m.OrganizationID, int64(m.Month), m.Used})
	}
	var rows []spendingRow
	err := s.db.On(ctx).NewRaw(`INSERT INTO analytics_spending AS s (organization_id, month, used, told_nearly, told_up)
		SELECT v.column1, v.column2, v.column3, FALSE, FALSE FROM (VALUES ?) AS v
		JOIN analytics_budgets AS b ON b.organization_id = v.column1 AND b.since <= v.column2 WHERE TRUE
		ON CONFLICT (organization_id, month) DO UPDATE SET used = s.used + EXCLUDED.used RETURNING *`, add).Scan(ctx, &rows)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("counting what was used of budgets: %w", err)
	}
	out := make([]core.Spending, len(rows))
	for i, r := range rows {
		out[i] = r.Spending
	}
	return out, nil
}

// SetSpending implements core.Budgets.
func (s *Store) SetSpending(ctx context.Context, sp core.Spending) error {
	_, err := s.db.On(ctx).NewUpdate().Model((*spendingRow)(nil)).Set("used = ?", sp.Used).Set("told_nearly = ?", sp.ToldNearly).Set("told_up = ?", sp.ToldUp).
		Where("organization_id = ? AND month = ?", sp.OrganizationID, sp.Month).Exec(ctx)
	if err != nil {
		return fmt.Errorf("noting what organization %d used: %w", sp.OrganizationID, err)
	}
	return nil
}
