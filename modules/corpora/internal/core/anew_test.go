package core_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"testing"
	"time"

	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/work"
)

// full is a store on a full disk, for a while.
type full struct {
	core.Store
	fails    bool
	outdated int // calls that renewing the only corpus takes
}

var errFull = errors.New("no space left on device")

// DocumentsByID implements core.Documents.
func (f *full) DocumentsByID(ctx context.Context, ids []int64) ([]core.Document, error) {
	if f.fails {
		return nil, errFull
	}
	return f.Store.DocumentsByID(ctx, ids)
}

// Unembedded implements core.Vectors.
func (f *full) Unembedded(ctx context.Context, corpusID, documentID int64, model string, after int64, limit int) ([]ranking.Passage, error) {
	if f.fails {
		return nil, errFull
	}
	return f.Store.Unembedded(ctx, corpusID, documentID, model, after, limit)
}

// Stale implements core.Index.
func (f *full) Stale(ctx context.Context, corpusID int64, limit int) ([]core.Document, error) {
	if f.fails {
		return nil, errFull
	}
	return f.Store.Stale(ctx, corpusID, limit)
}

// Outdated implements core.Index.
func (f *full) Outdated(_ context.Context, after int64, _ int) (out []core.Corpus, err error) {
	if f.outdated > 0 && after == 0 {
		out = []core.Corpus{{ID: 1, OrganizationID: 1}}
	}
	return out, nil
}

// Renew implements core.Index.
func (f *full) Renew(ctx context.Context, _ int64, hold core.Hold) (bool, error) {
	if f.fails {
		return false, errFull
	}
	if f.outdated == 0 {
		return true, nil
	}
	f.outdated--
	return false, hold(ctx)
}

// What has to be done some day is done when the trouble is over, although nobody
// asks for it and its job had died of it.
func TestWorkThatDiedOfTroubleIsDoneWhenThatIsOver(t *testing.T) {
	store := &full{}
	for kind, c := range map[string]struct {
		puts func(f *fixture, d core.Document)
		left func(f *fixture, d core.Document) int
	}{
		"corpora.refresh": {
			puts: func(f *fixture, _ core.Document) {
				f.clock.Advance(25 * time.Hour)
				f.web.pages[home] = webPage{text: lanterns("green")}
			},
			left: func(f *fixture, d core.Document) int { return 1 - f.document(d.ID).Revision },
		},
		"corpora.embed": {
			puts: func(*fixture, core.Document) {},
			left: func(f *fixture, d core.Document) int { return f.bare(core.Corpus{ID: d.CorpusID}, "m") },
		},
		"corpora.renew": {
			puts: func(f *fixture, _ core.Document) { store.outdated = 2; f.check(f.Adopt(f.ctx)) },
			left: func(*fixture, core.Document) int { return store.outdated },
		},
		"corpora.stale": {
			puts: func(f *fixture, d core.Document) { f.older(func(string) error { return nil }, d) },
			left: func(f *fixture, d core.Document) int { return f.stale(d.CorpusID) },
		},
	} {
		t.Run(kind, func(t *testing.T) {
			store.fails, store.outdated = false, 0
			f := setup(t, withModel(&model{}), func(d *core.Deps) { store.Store, d.Store = d.Store, store })
			f.web.pages[home] = webPage{text: lanterns("red")}
			d := f.link(f.corpus(jo, "Guides"), home)
			f.index()
			c.puts(&f, d)
			if c.left(&f, d) == 0 {
				t.Fatal("nothing is to be done")
			}
			store.fails = true
			for range 3 {
				f.does(kind)
				f.clock.Advance(5 * time.Minute)
			}
			dead := func(want ...string) {
				t.Helper()
				found, err := f.queue.Dead(f.ctx, 10)
				f.check(err)
				var got []string
				for _, j := range found {
					got = append(got, j.Kind)
				}
				if !slices.Equal(got, want) {
					t.Fatalf("%q are dead, and not %q", got, want)
				}
			}
			dead(kind)
			f.check(f.process("me").Revive(f.ctx))
			dead(kind)
			f.clock.Advance(time.Hour)
			f.check(f.process("me").Revive(f.ctx))
			dead()
			store.fails = false
			f.work()
			if n := c.left(&f, d); n != 0 {
				t.Errorf("%d are left", n)
			}
		})
	}
}

// A job that could not read a document anew is not in the way of the same job of
// the next version.
func TestADocumentThatCannotBeReadAnewLeavesNoJob(t *testing.T) {
	f := setup(t)
	c := f.corpus(jo, "Guides")
	d := f.upload(jo, c, "a.md", "The lantern is red.")
	f.work()
	f.older(func(string) error { return errFull }, d)
	for range 4 {
		f.work()
		f.clock.Advance(time.Hour)
	}
	counts, err := f.jobs.Counts(f.ctx)
	f.check(err)
	states := map[work.State]int64{}
	for _, n := range counts {
		states[n.State] += n.Jobs
	}
	if len(states) > 0 || f.stale(c.ID) != 0 || len(f.finds(jo, c, "lantern")) != 1 {
		t.Errorf("%v are left, in states %q", counts, slices.Sorted(maps.Keys(states)))
	}
}
