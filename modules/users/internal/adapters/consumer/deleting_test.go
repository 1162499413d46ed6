package consumer_test

import (
	"context"
	"fmt"
	"testing"

	"parley/modules/users/internal/adapters/sqlstore"
	"parley/modules/users/internal/core"
	"parley/platform/bus"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// Each has their name in a stored event, which is blanked as well.
func TestDeletingUsersWithEventsCostsTheSameNumberOfStatementsHoweverMany(t *testing.T) {
	dbtest.Each(t, []migrate.Set{bus.Migrations(), sqlstore.Migrations()}, func(t *testing.T, db *sqldb.DB) {
		s, _, by, _ := benchService(t, db)
		cost := func(n int) int64 {
			ids := make([]int64, n)
			for i := range ids {
				u, err := s.CreateUser(t.Context(), by, core.NewUser{Email: fmt.Sprintf("u%d-%d@example.com", n, i)})
				if err != nil {
					t.Fatal(err)
				}
				ids[i] = u.ID
			}
			ctx, count := sqldb.CountQueries(context.Background())
			if _, err := s.DeleteUsers(ctx, by, ids); err != nil {
				t.Fatal(err)
			}
			return count.Load()
		}
		if one, many := cost(1), cost(200); one != many || one > 16 {
			t.Errorf("%d statements for one user, %d for two hundred", one, many)
		}
	})
}
