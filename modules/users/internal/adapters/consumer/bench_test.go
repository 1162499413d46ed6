package consumer_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"parley/modules/users"
	"parley/modules/users/internal/adapters/history"
	"parley/modules/users/internal/adapters/sqlstore"
	"parley/modules/users/internal/adapters/token"
	"parley/modules/users/internal/core"
	"parley/platform/bus"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

func benchService(b testing.TB, db *sqldb.DB) (*core.Service, uow.Unit, actor.Actor, users.User) {
	b.Helper()
	outbox := bus.NewOutbox(db)
	unit := sqldb.NewUnit(db, outbox, clock.System{})
	tokens, err := token.New([]byte(strings.Repeat("k", 32)))
	if err != nil {
		b.Fatal(err)
	}
	s := core.New(core.Deps{Unit: unit, Store: sqlstore.New(db), Hasher: plain{}, Tokens: tokens, History: history.New(outbox), Clock: clock.System{}})
	_, admin, err := s.CreateOrganization(context.Background(), "Tech", "admin@example.com", "password")
	if err != nil {
		b.Fatal(err)
	}
	return s, unit, actor.Actor{UserID: admin.ID, OrganizationID: admin.OrganizationID, Email: admin.Email, Level: actor.GlobalAdmin}, admin
}

func benchDatabases(b *testing.B, bench func(b *testing.B, db *sqldb.DB)) {
	sets := []migrate.Set{bus.Migrations(), sqlstore.Migrations()}
	b.Run("sqlite", func(b *testing.B) { bench(b, dbtest.SQLite(b, sets...)) })
	b.Run("postgres", func(b *testing.B) { bench(b, dbtest.Postgres(b, sets...)) })
}

// BenchmarkBatchDelete deletes a thousand users who each have a password, an
// API key, five roles and a name in a stored event.
func BenchmarkBatchDelete(b *testing.B) {
	const people, roles = 1000, 5
	benchDatabases(b, func(b *testing.B, db *sqldb.DB) {
		s, unit, by, _ := benchService(b, db)
		ctx := context.Background()
		for n := 0; b.Loop(); n++ {
			b.StopTimer()
			ids := make([]int64, 0, people)
			err := unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
				for i := range people {
					u, err := s.CreateUser(ctx, by, core.NewUser{Email: fmt.Sprintf("u%d-%d@example.com", n, i), Password: "password"})
					if err != nil {
						return err
					}
					ids = append(ids, u.ID)
					key := core.APIKey{OrganizationID: u.OrganizationID, UserID: u.ID, Name: "k", Hash: u.Email, Scope: actor.Scope{Kind: actor.ScopeAll}}
					if _, err := s.Store.AddKey(ctx, key); err != nil {
						return err
					}
				}
				for team := range roles {
					if _, err := s.Grant(ctx, by, actor.Team, int64(team+1), ids, actor.Member); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				b.Fatal(err)
			}
			b.StartTimer()
			if _, err := s.DeleteUsers(ctx, by, ids); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// BenchmarkAuthenticate is what saying who acts costs on the hot path.
func BenchmarkAuthenticate(b *testing.B) {
	benchDatabases(b, func(b *testing.B, db *sqldb.DB) {
		s, _, by, admin := benchService(b, db)
		ctx, count := sqldb.CountQueries(context.Background())
		pair, err := s.SignIn(ctx, admin.Email, "password", core.Attempt{})
		if err != nil {
			b.Fatal(err)
		}
		secret, _, err := s.CreateKey(ctx, by, core.NewKey{Name: "k", Scope: actor.Scope{Kind: actor.ScopeAll}})
		if err != nil {
			b.Fatal(err)
		}
		for name, c := range map[string][2]string{"token": {pair.Access, ""}, "key": {"", secret}} {
			b.Run(name, func(b *testing.B) {
				if _, err := s.Authenticate(ctx, c[0], c[1]); err != nil {
					b.Fatal(err)
				}
				before := count.Load()
				b.ReportAllocs()
				for b.Loop() {
					if _, err := s.Authenticate(ctx, c[0], c[1]); err != nil {
						b.Fatal(err)
					}
				}
				b.ReportMetric(float64(count.Load()-before)/float64(b.N), "queries/op")
			})
		}
	})
}
