package sqlstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"parley/modules/analytics/internal/adapters/sqlstore"
	"parley/modules/analytics/internal/core"
	"parley/modules/analytics/internal/core/segment"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
	"parley/platform/storetest"
)

// TestFacesOfTwoMomentsAreNotPutTogether seals a fact that comes late, and has
// another question read what it changed, between a snapshot and what is read of it.
func TestFacesOfTwoMomentsAreNotPutTogether(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		ctx, check := context.Background(), storetest.New(t)
		db, _ := open(t)
		now := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
		store := sqlstore.New(db)
		service := core.New(store, clock.NewFixed(now))
		facts := many(now, 2000)[:40]
		seal := func() { check.NoError(store.Seal(ctx, 1, now.Add(time.Hour))) }
		users := func() {
			_, err := store.Ask(ctx, core.Question{Selection: core.Selection{Scope: core.Scope{OrganizationID: 1, All: true}, From: now.AddDate(0, 0, -1), Until: now.Add(time.Hour)},
				By: core.ByUser})
			check.NoError(err)
		}
		check.NoError(service.Record(ctx, facts[1:]...))
		seal()
		_, err := store.ReadAsOf(ctx, 1, []segment.Face{segment.FacePairs, segment.FaceSpent}, func() {
			check.NoError(service.Record(ctx, facts[0]))
			seal()
			users() // has all faces in memory as of now
		})
		check.ErrorIs(err, sqlstore.ErrMoved)
		_, err = store.ReadAsOf(ctx, 1, []segment.Face{segment.FacePairs, segment.FaceSpent}, func() {})
		check.NoError(err)
	})
}

// TestAQuestionThatIsOvertakenBeginsAgain does not do so for ever.
func TestAQuestionThatIsOvertakenBeginsAgain(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		ctx, check := context.Background(), storetest.New(t)
		db, _ := open(t)
		var views []bool
		check.NoError(sqlstore.New(db).Snapshot(ctx, func(_ context.Context, private bool) error {
			if views = append(views, private); !private {
				return fmt.Errorf("reading: %w", sqlstore.ErrMoved)
			}
			return nil
		}))
		check.Equal([]bool{false, false, true}, views)
	})
}
