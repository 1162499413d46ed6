package sqlstore_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"parley/modules/analytics/internal/adapters/memstore"
	"parley/modules/analytics/internal/adapters/sqlstore"
	"parley/modules/analytics/internal/core"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
	"parley/platform/storetest"
)

func TestRecordingAFactIsNotPlannedEachTime(t *testing.T) {
	db, now := dbtest.Postgres(t, sqlstore.Migrations()), time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	unit, service := sqldb.NewUnit(db, nil, clock.System{}), core.New(sqlstore.New(db), clock.NewFixed(now))
	facts := many(now, 20)
	dbtest.PlannedOnce(t, db, func() {
		if err := unit.Do(t.Context(), func(ctx context.Context, _ uow.Tx) error { return service.Record(ctx, facts[0]) }); err != nil {
			t.Fatal(err)
		}
		facts = facts[1:]
	})
}

// TestNothingIsLostWhenManySealAndRecordAtOnce lets several processes record and
// seal, each with a store of its own. Units fail after what they recorded, and
// sealing is broken off anywhere.
func TestNothingIsLostWhenManySealAndRecordAtOnce(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		ctx, check := context.Background(), storetest.New(t)
		db, unit := open(t)
		now := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
		facts := many(now, 2000)[:400] // of six days
		var writers, sealers sync.WaitGroup
		written := make(chan struct{})
		for w := range 3 {
			writers.Go(func() {
				r := rand.New(rand.NewPCG(5, uint64(w)))
				service := core.New(sqlstore.New(db), clock.NewFixed(now))
				mine := slices.Collect(slices.Chunk(shuffled(r, facts), 20)) // everybody has all facts
				for _, part := range mine {
					crash := r.IntN(3) == 0
					for {
						err := unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
							if err := service.Record(ctx, part...); err != nil {
								return err
							}
							if crash {
								return errCrash
							}
							return nil
						})
						if err == nil {
							break
						}
						if !errors.Is(err, errCrash) && !storedByOthers(err) {
							t.Error(err)
							return
						}
						crash = false
					}
				}
			})
		}
		for w := range 2 {
			sealers.Go(func() {
				r := rand.New(rand.NewPCG(6, uint64(w)))
				store := sqlstore.New(db)
				for {
					sealing, stop := context.WithCancel(ctx)
					if r.IntN(2) == 0 {
						go stop()
					}
					// It may be overtaken too often, or broken off.
					_ = store.Seal(sealing, 1, now.Add(-time.Duration(r.IntN(100))*time.Hour))
					stop()
					select {
					case <-written:
						return
					default:
					}
				}
			})
		}
		writers.Wait()
		close(written)
		sealers.Wait()
		store := sqlstore.New(db)
		plain := memstore.New(memory.New(clock.NewFixed(now)))
		check.NoError(core.New(plain, clock.NewFixed(now)).Record(ctx, facts...))
		for round := range 2 {
			for _, by := range []core.Dimension{core.ByNothing, core.ByUser, core.ByModel} {
				q := core.Question{Selection: core.Selection{Scope: core.Scope{OrganizationID: 1, All: true}, From: now.AddDate(0, 0, -30), Until: now}, By: by, Users: true, Threads: true,
					Cuts: []time.Time{now.Add(-50 * time.Hour), now.Add(-20 * time.Hour)}}
				want, err := plain.Ask(ctx, q)
				check.NoError(err)
				got, err := store.Ask(ctx, q)
				check.NoError(err)
				if !check.Equal(want, got) {
					t.Errorf("by %q, round %d", by, round)
				}
			}
			check.NoError(store.Seal(ctx, 1, now))
		}
		_, err := store.Compare(ctx, 1, false, func(d core.Difference) { t.Errorf("%+v is not the sum of its facts", d) })
		check.NoError(err)
	})
}

var errCrash = errors.New("the process went down")

// storedByOthers reports a unit that PostgreSQL ended because two waited for each
// other, over facts of one origin. The bus repeats such a unit.
func storedByOthers(err error) bool {
	var code interface{ Field(byte) string }
	return errors.As(err, &code) && code.Field('C') == "40P01"
}

func shuffled(r *rand.Rand, facts []core.Fact) []core.Fact {
	out := slices.Clone(facts)
	r.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// TestAStepOfSealingThatWasOvertakenIsNotStored keeps what another process sealed
// since from being replaced by what was read before.
func TestAStepOfSealingThatWasOvertakenIsNotStored(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		ctx, check := context.Background(), storetest.New(t)
		db, _ := open(t)
		now := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
		store := sqlstore.New(db)
		check.NoError(core.New(store, clock.NewFixed(now)).Record(ctx, many(now, 2000)[:10]...))
		check.NoError(store.Seal(ctx, 1, now))
		version, err := store.Version(ctx, 1)
		check.NoError(err)
		check.ErrorIs(store.StepAt(ctx, 1, version-1), sqlstore.ErrChanged)
		check.NoError(store.StepAt(ctx, 1, version))
		check.ErrorIs(store.StepAt(ctx, 1, version), sqlstore.ErrChanged)
	})
}

// TestAFactThatComesLateCounts is counted at once, and after it was sealed.
func TestAFactThatComesLateCounts(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		ctx, check := context.Background(), storetest.New(t)
		db, _ := open(t)
		now := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
		store, other := sqlstore.New(db), sqlstore.New(db)
		facts := many(now, 2000)[:40]
		check.NoError(core.New(store, clock.NewFixed(now)).Record(ctx, facts[1:]...))
		check.NoError(store.Seal(ctx, 1, now.Add(time.Hour)))
		queries := func(s *sqlstore.Store) int64 {
			rows, err := s.Ask(ctx, core.Question{Selection: core.Selection{Scope: core.Scope{OrganizationID: 1, All: true}, From: now.AddDate(0, 0, -1), Until: now.Add(time.Hour)}})
			check.NoError(err)
			return rows[0].Queries
		}
		check.Equal([]int64{19, 19}, []int64{queries(store), queries(other)})
		check.NoError(core.New(other, clock.NewFixed(now)).Record(ctx, facts[0]))
		check.Equal([]int64{20, 20}, []int64{queries(store), queries(other)})
		check.NoError(store.Seal(ctx, 1, now.Add(time.Hour)))
		// What the other process has in memory is of before.
		check.Equal([]int64{20, 20}, []int64{queries(store), queries(other)})
	})
}
