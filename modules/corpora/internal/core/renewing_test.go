package core_test

import (
	"context"
	"testing"

	"parley/modules/corpora/internal/core"
)

// outdated is a store with corpora that take so many calls to renew.
type outdated struct {
	core.Store
	left map[int64]int
}

// Outdated implements core.Index.
func (o outdated) Outdated(_ context.Context, after int64, _ int) (out []core.Corpus, err error) {
	for id := after + 1; id <= 2; id++ {
		out = append(out, core.Corpus{ID: id, OrganizationID: 7})
	}
	return out, nil
}

// Renew implements core.Index.
func (o outdated) Renew(ctx context.Context, id int64, hold core.Hold) (bool, error) {
	if o.left[id] == 0 {
		return true, nil
	}
	o.left[id]--
	return false, hold(ctx)
}

func TestAnIndexOfAnOlderVersionIsRenewedInTheBackground(t *testing.T) {
	left := map[int64]int{1: 3, 2: 1}
	f := setup(t, func(d *core.Deps) { d.Store = outdated{d.Store, left} })
	f.check(f.Adopt(f.ctx))
	f.check(f.Adopt(f.ctx)) // a second process
	f.work()
	if left[1] != 0 || left[2] != 0 {
		t.Errorf("left to renew: %v", left)
	}
	n, err := f.process("other").Drain(f.ctx)
	if f.check(err); n != 0 {
		t.Errorf("%d jobs are left", n)
	}
}
