package sqlstore_test

import (
	"log/slog"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/modules/users"
	"parley/modules/users/internal/adapters/sqlstore"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/clock"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

func TestUsersFromBeforeAreToldOnce(t *testing.T) {
	dbtest.Each(t, []migrate.Set{dbtest.Before(t, sqlstore.Migrations(), "91")}, func(t *testing.T, db *sqldb.DB) {
		store, jo, now := sqlstore.New(db), "Jo", clock.System{}.Now()
		add := func(u users.User) {
			t.Helper()
			u.OrganizationID, u.DateJoined = 1, now
			if _, err := store.AddUser(t.Context(), u); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := store.AddOrganization(t.Context(), users.Organization{OrgName: "o", Domain: "d", Audit: audit.New("", now)}); err != nil {
			t.Fatal(err)
		}
		add(users.User{Email: "jo@example.com", FirstName: &jo, IsActive: true})
		if err := migrate.New(db, []migrate.Set{sqlstore.Migrations()}, slog.New(slog.DiscardHandler)).Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		add(users.User{Email: "young@example.com"})
		var told dbtest.Outbox
		service := core.New(core.Deps{Store: store, Unit: sqldb.NewUnit(db, &told, clock.System{}), Clock: clock.System{}})
		for range 2 {
			if err := service.TellOld(t.Context(), store); err != nil {
				t.Fatal(err)
			}
		}
		want := `users.user_changed.v1 {"user_id":1,"organization_id":1,"email":"jo@example.com","first_name":"Jo","last_name":"","is_staff":false,"is_superuser":false,"is_active":true}
`
		if diff := cmp.Diff(want, told.String()); diff != "" {
			t.Error(diff)
		}
	})
}
