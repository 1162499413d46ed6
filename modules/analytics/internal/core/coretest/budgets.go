package coretest

import (
	"context"
	"errors"
	"time"

	"parley/modules/analytics/internal/core"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/uow"
)

func (f fixture) budget(org, tokens int64, since core.Month) core.Budget {
	f.t.Helper()
	b, err := f.SetBudget(f.ctx, core.Budget{OrganizationID: org, Tokens: tokens, WarnAtPercent: 80, Since: since, Audit: audit.New("o'ann", now)})
	f.NoError(err)
	return b
}

func budget(f fixture, unit uow.Unit) {
	_, err := f.Budget(f.ctx, 1)
	f.ErrorIs(err, core.ErrNoBudget)
	first, other := f.budget(1, 100, 7), f.budget(2, 50, 7)
	got, err := f.Budget(f.ctx, 1)
	f.NoError(err)
	f.Equal(first, got)
	changed := first
	changed.Tokens, changed.WarnAtPercent, changed.Since, changed.CreatedBy = 200, 90, 8, "somebody else"
	changed.Touch("ben", now.Add(time.Hour))
	got, err = f.SetBudget(f.ctx, changed)
	f.NoError(err)
	changed.CreatedBy = "o'ann"
	f.Equal(changed, got)
	all, err := f.AllBudgets(f.ctx)
	f.NoError(err)
	f.Equal(2, len(all))
	boom := errors.New("boom")
	f.ErrorIs(unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		_, err := f.DeleteBudget(ctx, 1)
		f.NoError(err)
		return boom
	}), boom)
	gone, err := f.DeleteBudget(f.ctx, 1)
	f.NoError(err)
	f.Equal(changed, gone)
	_, err = f.DeleteBudget(f.ctx, 1)
	f.ErrorIs(err, core.ErrNoBudget)
	got, err = f.Budget(f.ctx, 2)
	f.NoError(err)
	f.Equal(other, got)
}

func (f fixture) spend(more ...core.Spending) []core.Spending {
	f.t.Helper()
	got, err := f.Spend(f.ctx, more)
	f.NoError(err)
	for i := range got {
		got[i].ID = 0
	}
	return got
}

func spending(f fixture, unit uow.Unit) {
	used := func(org int64, m core.Month, n int64) core.Spending {
		return core.Spending{OrganizationID: org, Month: m, Used: n}
	}
	f.Equal(0, len(f.spend()))
	f.Equal(0, len(f.spend(used(1, 7, 5)))) // there is no budget
	f.budget(1, 100, 7)
	f.Equal([]core.Spending{used(1, 7, 5)}, f.spend(used(1, 6, 99), used(1, 7, 5), used(2, 7, 9)))
	f.Equal([]core.Spending{used(1, 7, 8), used(1, 8, 1)}, f.spend(used(1, 7, 3), used(1, 8, 1)))
	told := core.Spending{OrganizationID: 1, Month: 7, Used: 80, ToldNearly: true}
	f.NoError(f.SetSpending(f.ctx, told))
	boom := errors.New("boom")
	f.ErrorIs(unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		in := f
		in.ctx = ctx
		in.spend(used(1, 7, 1000))
		return boom
	}), boom)
	f.Equal([]core.Spending{told}, f.spend(used(1, 7, 0)))
	f.budget(1, 200, 7) // another one is told of again
	f.Equal([]core.Spending{used(1, 7, 80)}, f.spend(used(1, 7, 0)))
	_, err := f.DeleteBudget(f.ctx, 1)
	f.NoError(err)
	f.budget(1, 100, 7)
	f.Equal([]core.Spending{used(1, 7, 2)}, f.spend(used(1, 7, 2)))
}
