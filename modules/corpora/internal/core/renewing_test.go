package core_test

import (
	"context"
	"strconv"
	"testing"
	"time"

	"parley/modules/corpora/internal/core"
	words "parley/platform/kernel/text"
	kernel "parley/platform/kernel/work"
	"parley/platform/work"
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

// In an upgrade programs of two versions run side by side, and the older one
// finds nothing to do in what the newer one put.
func TestAJobOfANewerProgramIsLeftToIt(t *testing.T) {
	for kind, version := range map[string]int{"corpora.renew": words.Version, "corpora.stale": core.IndexVersion} {
		t.Run(kind, func(t *testing.T) {
			f := setup(t)
			put := func(version int) {
				t.Helper()
				f.check(f.queue.Put(f.ctx, kernel.Job{Kind: kind, Tenant: 7, Key: "1", Payload: strconv.Itoa(version)}))
			}
			waits := func(want int64) {
				t.Helper()
				f.work()
				counts, err := f.jobs.Counts(f.ctx)
				f.check(err)
				got := int64(0)
				for _, c := range counts {
					if c.State == work.Ready {
						got += c.Jobs
					}
				}
				if got != want {
					t.Errorf("%d jobs wait: %+v", got, counts)
				}
			}
			put(version)
			waits(0)
			put(version + 1)
			waits(1)
			f.clock.Advance(2 * time.Minute)
			waits(1)
		})
	}
}
