package sqlstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"parley/modules/analytics/internal/adapters/sqlstore"
	"parley/modules/analytics/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/money"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// many are n facts, evenly spread over the 30 days up to now: runs and their
// ledger rows in turn.
func many(now time.Time, n int) []core.Fact {
	facts := make([]core.Fact, n)
	for i := range facts {
		facts[i] = core.Fact{
			Origin: fmt.Sprintf("run/%d/%d", i/2, i%2), OrganizationID: 1, TeamID: int64(i % 7), ProjectID: int64(i % 13), AgentID: int64(i % 50), UserID: int64(i % 200),
			Model: "m", OccurredOn: now.Add(-time.Duration(i) * 29 * 24 * time.Hour / time.Duration(n)),
		}
		if i%2 == 0 {
			facts[i].Runs = 1
		} else {
			facts[i].PromptTokens, facts[i].CompletionTokens, facts[i].Cost = 900, 100, money.Amount{Nano: 12345}
		}
	}
	return facts
}

// BenchmarkFigures sums 200,000 facts of 30 days up.
func BenchmarkFigures(b *testing.B) {
	set := sqlstore.Migrations()
	for name, open := range map[string]func(testing.TB, ...migrate.Set) *sqldb.DB{"sqlite": dbtest.SQLite, "postgres": dbtest.Postgres} {
		b.Run(name, func(b *testing.B) {
			now, ctx := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC), context.Background()
			service := core.New(sqlstore.New(open(b, set)), clock.NewFixed(now))
			facts := many(now, 200_000)
			for i := 0; i < len(facts); i += 5000 {
				if err := service.Record(ctx, facts[i:i+5000]...); err != nil {
					b.Fatal(err)
				}
			}
			part := actor.Actor{OrganizationID: 1, Grants: []actor.Grant{{Resource: actor.Team, ID: 2, Role: actor.Admin}}}
			for who, a := range map[string]actor.Actor{"all": actor.System(1), "part": part} {
				b.Run("total/"+who, func(b *testing.B) {
					for b.Loop() {
						if _, err := service.TotalCount(ctx, a, core.Period{}, core.Filter{}); err != nil {
							b.Fatal(err)
						}
					}
				})
				b.Run("date/"+who, func(b *testing.B) {
					for b.Loop() {
						if _, err := service.ByPeriod(ctx, a, core.Period{Zone: "Europe/Berlin"}, core.Filter{}, core.Daily, false); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
		})
	}
}
