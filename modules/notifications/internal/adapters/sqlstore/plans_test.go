package sqlstore_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/modules/notifications/internal/adapters/sqlstore"
	"parley/modules/notifications/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// fill puts n notifications into the inbox of user 7, half of them read, and ten
// into that of each of a hundred others.
func fill(t testing.TB, db *sqldb.DB, n int) *sqlstore.Store {
	t.Helper()
	store := sqlstore.New(db)
	at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	var ns []core.Notification
	add := func(user int64, i int) {
		ns = append(ns, core.Notification{
			UserID: user, OrganizationID: 1, Title: "A document could not be read", Message: "Document 7 could not be read, so no question finds it.", Kind: core.KindDocumentFailed,
			Cause: fmt.Sprint(i), CreatedBy: "System", CreatedOn: at.Add(time.Duration(i) * time.Second), IsRead: i < n/2,
		})
	}
	flush := func() {
		if _, err := store.Add(t.Context(), ns); err != nil {
			t.Fatal(err)
		}
		ns = nil
	}
	for i := range n {
		if add(7, i); len(ns) == 1000 {
			flush()
		}
	}
	for user := range int64(100) {
		for i := range 10 {
			add(100+user, i)
		}
	}
	flush()
	if _, err := db.ExecContext(t.Context(), "ANALYZE"); err != nil {
		t.Fatal(err)
	}
	return store
}

// Whatever is asked of an inbox of thousands, the database reads what it answers
// and no more: no statement scans the table, or sorts, and each list has an
// index of its own. So it is before all was read and after it.
func TestNoStatementOfAnInboxReadsAllOfIt(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		db, unit := open(t)
		store := fill(t, db, 10_000)
		service := core.New(core.Deps{Unit: unit, Store: store, Clock: clock.System{}})
		plansOfAnInbox(t, db, service)
		who := actor.Actor{UserID: 7, OrganizationID: 1}
		if n, err := service.ReadAll(t.Context(), who); err != nil || n != 5_000 {
			t.Fatalf("%d were read, %v", n, err)
		}
		var ns []core.Notification
		for i := range 3000 {
			ns = append(ns, core.Notification{UserID: 7, OrganizationID: 1, Cause: fmt.Sprint("later ", i)})
		}
		added, err := store.Add(t.Context(), ns)
		if err != nil {
			t.Fatal(err)
		}
		for _, n := range added[:5] {
			if _, err := service.Read(t.Context(), who, n.ID); err != nil {
				t.Fatal(err)
			}
		}
		plansOfAnInbox(t, db, service)
	})
}

func plansOfAnInbox(t *testing.T, db *sqldb.DB, service *core.Service) {
	t.Helper()
	for _, q := range []string{ // the marks of somebody who reads all all the time
		"INSERT INTO notifications_reads SELECT 9, sequence, created_on FROM notifications_inbox WHERE user_id = 7 ON CONFLICT DO NOTHING", "ANALYZE",
	} {
		if _, err := db.ExecContext(t.Context(), q); err != nil {
			t.Fatal(err)
		}
	}
	store, who := service.Store, actor.Actor{UserID: 7, OrganizationID: 1}
	var statements []string
	dbtest.Hook(db, func(ctx context.Context, query string) any {
		if (strings.Contains(query, "notifications_inbox") || strings.Contains(query, "notifications_reads")) && ctx.Value(asked{}) != nil {
			statements = append(statements, query)
		}
		return nil
	}, func(any) {})
	ctx := context.WithValue(t.Context(), asked{}, true)
	yes, no := true, false
	for name, q := range map[string]struct {
		indexes string // all of them are used, by the statements together
		do      func() error
	}{
		"a list":         {"inbox_sequence", func() error { _, err := service.Inbox(ctx, who, nil, page.Request{Size: 100}); return err }},
		"the read ones":  {"inbox_alone", func() error { _, err := service.Inbox(ctx, who, &yes, page.Request{Size: 4}); return err }},
		"the unread":     {"inbox_unread", func() error { _, err := service.Inbox(ctx, who, &no, page.Request{Size: 100}); return err }},
		"what is behind": {"inbox_sequence", func() error { _, _, err := store.After(ctx, 7, 9_000, 100); return err }},
		"what was sent":  {"inbox_sent", func() error { _, _, err := store.Sent(ctx, 7, 9, 20); return err }},
		"reading one":    {"", func() error { _, err := service.Read(ctx, who, 9_000); return err }},
		"the oldest go":  {"inbox_sequence", func() error { return store.Trim(ctx, 7, 100, 1000) }},
		"one more": {"inbox_cause", func() error {
			_, err := store.Add(ctx, []core.Notification{{UserID: 7, OrganizationID: 1, Cause: "new"}})
			return err
		}},
	} {
		statements = nil
		if err := q.do(); err != nil {
			t.Fatal(err)
		}
		if len(statements) == 0 {
			t.Errorf("%s: no statement was seen", name)
		}
		plans := ""
		for _, s := range statements {
			if strings.HasPrefix(s, "INSERT") {
				continue
			}
			plan := strings.Join(dbtest.Plan(t, db, db.Postgres(), s), "\n")
			plans += plan
			for _, bad := range []string{"Seq Scan on notifications_inbox", "Seq Scan on notifications_reads", "SCAN n", "SCAN r", "Sort", "TEMP B-TREE FOR ORDER BY"} {
				if strings.Contains(plan, bad) {
					t.Errorf("%s: %s\n%s", name, s, plan)
				}
			}
		}
		if !strings.Contains(plans, q.indexes) {
			t.Errorf("%s: index %s is not used:\n%s\n%s", name, q.indexes, strings.Join(statements, "\n"), plans)
		}
	}
}

// Reading all costs the same statements of any inbox, and once more does not write.
func TestReadingAllCostsTheSameStatementsHoweverManyAreUnread(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		for _, size := range []int{2, 5_000} {
			db, unit := open(t)
			service := core.New(core.Deps{Unit: unit, Store: fill(t, db, size), Clock: clock.System{}})
			for _, want := range []int64{5, 3} { // BEGIN, the counters, the mark, the counters, COMMIT
				ctx, n := sqldb.CountQueries(t.Context())
				if _, err := service.ReadAll(ctx, actor.Actor{UserID: 7, OrganizationID: 1}); err != nil {
					t.Fatal(err)
				}
				if n.Load() != want {
					t.Errorf("of %d: %d statements, not %d", size, n.Load(), want)
				}
			}
		}
	})
}

type asked struct{}
