package sqlstore_test

import (
	"context"
	"testing"
	"time"

	"parley/modules/analytics/internal/adapters/sqlstore"
	"parley/modules/analytics/internal/core"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
	"parley/platform/storetest"
)

// byAgent asks for the queries of each agent in the day before now.
func byAgent(now time.Time) core.Question {
	return core.Question{
		Selection: core.Selection{Scope: core.Scope{OrganizationID: 1, All: true}, From: now.AddDate(0, 0, -1), Until: now.Add(time.Hour)},
		By:        core.ByAgent,
	}
}

// TestWhatAnotherProcessSealedIsKnown has one store keep what it has read, while
// another one seals facts of agents that the first has never heard of.
func TestWhatAnotherProcessSealedIsKnown(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		ctx, check := context.Background(), storetest.New(t)
		db, _ := open(t)
		now := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
		here, there := sqlstore.New(db), sqlstore.New(db)
		facts := many(now, 2000)[:60]
		service := core.New(there, clock.NewFixed(now))
		for n := range 3 {
			for i := 20 * n; i < 20*(n+1); i++ {
				facts[i].AgentID = int64(1000*n + i)
				facts[i].OccurredOn = now.Add(-time.Duration(i+1) * time.Minute)
			}
			check.NoError(service.Record(ctx, facts[20*n:20*(n+1)]...))
			check.NoError(there.Seal(ctx, 1, now))
			want, err := sqlstore.New(db).Ask(ctx, byAgent(now))
			check.NoError(err)
			got, err := here.Ask(ctx, byAgent(now))
			check.NoError(err)
			check.Equal(want, got)
			if len(got) < 20*(n+1) {
				t.Errorf("%d agents after %d", len(got), 20*(n+1))
			}
		}
	})
}

// TestAQuestionAboutNewFactsIsTwoStatements in a transaction: what is known of the
// segments, and what was recorded since the question before.
func TestAQuestionAboutNewFactsIsTwoStatements(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		ctx, check := context.Background(), storetest.New(t)
		db, _ := open(t)
		now := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
		store := sqlstore.New(db)
		facts := many(now, 2000)[:40]
		for i := range facts {
			facts[i].OccurredOn = now.Add(-time.Duration(i) * time.Minute)
		}
		service := core.New(store, clock.NewFixed(now))
		check.NoError(service.Record(ctx, facts[30:]...))
		check.NoError(store.Seal(ctx, 1, now.Add(-30*time.Minute)))
		_, err := store.Ask(ctx, byAgent(now))
		check.NoError(err)
		for i := range 30 {
			check.NoError(service.Record(ctx, facts[i]))
			counted, n := sqldb.CountQueries(ctx)
			got, err := store.Ask(counted, byAgent(now))
			check.NoError(err)
			check.Equal(int64(4), n.Load()) // with BEGIN and COMMIT
			want, err := sqlstore.New(db).Ask(ctx, byAgent(now))
			check.NoError(err)
			check.Equal(want, got)
		}
	})
}
