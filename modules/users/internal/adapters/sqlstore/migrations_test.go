package sqlstore_test

import (
	"errors"
	"log/slog"
	"testing"

	"parley/modules/users/internal/adapters/sqlstore"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/page"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

func TestUsersFromBeforeHoldTheirAddressesAndAreCounted(t *testing.T) {
	dbtest.Each(t, []migrate.Set{dbtest.Before(t, sqlstore.Migrations(), "3")}, func(t *testing.T, db *sqldb.DB) {
		ctx := t.Context()
		at := "'2026-05-01 12:00:00+00:00'"
		for _, statement := range []string{
			"INSERT INTO users_organizations (org_name, domain, is_deleted, created_by, created_on, modified_by, modified_on) VALUES ('o', 'd', false, '', " + at + ", '', " + at + ")",
			"INSERT INTO users_users (organization_id, email, is_staff, is_superuser, is_active, date_joined) VALUES (1, 'Jo@example.com', false, false, true, " + at + "), (1, '', false, false, true, " + at + "), (1, '', false, false, true, " + at + ")",
		} {
			if _, err := db.ExecContext(ctx, statement); err != nil {
				t.Fatal(err)
			}
		}
		runner := migrate.New(db, []migrate.Set{sqlstore.Migrations()}, slog.New(slog.DiscardHandler))
		if err := runner.Up(ctx); err != nil {
			t.Fatal(err)
		}
		store := sqlstore.New(db)
		if found, err := store.UsersPage(ctx, 1, core.Filter{}, page.Request{}); err != nil || found.Count != int64(len(found.Items)) || found.Count == 0 {
			t.Errorf("%d users are counted and %d listed: %v", found.Count, len(found.Items), err)
		}
		if err := store.Claim(ctx, "JO@example.com", "agent/1"); !errors.Is(err, core.ErrEmailTaken) {
			t.Errorf("another claims it: %v", err)
		}
		if err := store.Claim(ctx, "jo@example.com", "user/1"); err != nil {
			t.Errorf("the user claims it: %v", err)
		}
		if n, err := db.NewSelect().TableExpr("users_addresses").Count(ctx); err != nil || n != 1 {
			t.Errorf("%d addresses are held, %v", n, err)
		}
		if err := store.DeleteUsers(ctx, 1, []int64{1}); err != nil {
			t.Fatal(err)
		}
		if err := store.Claim(ctx, "jo@example.com", "agent/1"); err != nil {
			t.Errorf("it is not free again: %v", err)
		}
		for _, step := range []func() error{func() error { return runner.Down(ctx) }, func() error { return runner.Up(ctx) }} {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}
	})
}
