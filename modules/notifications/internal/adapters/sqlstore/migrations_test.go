package sqlstore_test

import (
	"fmt"
	"io/fs"
	"log/slog"
	"strings"
	"testing"
	"time"

	"parley/modules/notifications/internal/adapters/sqlstore"
	"parley/modules/notifications/internal/core"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

func TestAnInboxOfAnEarlierVersionIsNumberedAndCounted(t *testing.T) {
	dbtest.Each(t, []migrate.Set{dbtest.Before(t, sqlstore.Migrations(), "2")}, func(t *testing.T, db *sqldb.DB) {
		for i, row := range []string{"7, FALSE, 'a'", "8, FALSE, 'a'", "7, TRUE, 'b'", "7, FALSE, 'c'"} {
			_, err := db.ExecContext(t.Context(), fmt.Sprintf(`INSERT INTO notifications_inbox (user_id, is_read, cause, organization_id, title, message, kind, created_by, created_on)
				VALUES (%s, 1, 't', 'm', 'k', 'System', '2026-05-20 12:00:0%d+00:00')`, row, i))
			if err != nil {
				t.Fatal(err)
			}
		}
		runner := migrate.New(db, []migrate.Set{sqlstore.Migrations()}, slog.New(slog.DiscardHandler))
		if err := runner.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		store := sqlstore.New(db)
		found, _, err := store.After(t.Context(), 7, 1, 10)
		if err != nil || len(found) != 2 || found[0].Cause != "b" || found[1].Cause != "c" {
			t.Errorf("got %+v, %v", found, err)
		}
		if c, err := store.Counters(t.Context(), 7); err != nil || c != (core.Counters{LastSequence: 3, Total: 3, Unread: 2}) {
			t.Errorf("got %+v, %v", c, err)
		}
		added, err := store.Add(t.Context(), []core.Notification{{UserID: 8, OrganizationID: 1, Cause: "d"}})
		if err != nil || len(added) != 1 || added[0].Sequence != 2 {
			t.Errorf("got %+v, %v", added, err)
		}
		for _, step := range []func() error{func() error { return runner.Down(t.Context()) }, func() error { return runner.Up(t.Context()) }} {
			if err := step(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// Who goes back to the version before has read what they have read.
func TestAMarkSurvivesTheWayBack(t *testing.T) {
	dbtest.Each(t, []migrate.Set{sqlstore.Migrations()}, func(t *testing.T, db *sqldb.DB) {
		ctx, store := t.Context(), sqlstore.New(db)
		for i, cause := range []string{"a", "b", "c", "d"} {
			added, err := store.Add(ctx, []core.Notification{{UserID: 7, OrganizationID: 1, Cause: cause}})
			if err != nil {
				t.Fatal(err)
			}
			at := time.Date(2026, 5, 20, 12, i, 0, 0, time.UTC)
			switch cause {
			case "a":
				_, err = store.Read(ctx, 7, added[0].ID, at)
			case "c":
				_, err = store.ReadAll(ctx, 7, at)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		down, err := fs.ReadFile(sqlstore.Migrations().Files, "migrations/7_reads.tx.down.sql")
		if err != nil {
			t.Fatal(err)
		}
		for statement := range strings.SplitSeq(string(down), "--bun:split") {
			if _, err := db.ExecContext(ctx, statement); err != nil {
				t.Fatal(err)
			}
		}
		var rows []struct {
			Cause  string
			IsRead bool
			ReadOn *time.Time
		}
		if err := db.NewSelect().TableExpr("notifications_inbox").Column("cause", "is_read", "read_on").OrderExpr("sequence").Scan(ctx, &rows); err != nil {
			t.Fatal(err)
		}
		got := ""
		for _, r := range rows {
			got += fmt.Sprint(r.Cause, " ", r.IsRead)
			if r.ReadOn != nil {
				got += fmt.Sprint(" ", r.ReadOn.UTC().Minute())
			}
			got += ","
		}
		if want := "a true 0,b true 2,c true 2,d false,"; got != want {
			t.Errorf("%q, not %q", got, want)
		}
	})
}
