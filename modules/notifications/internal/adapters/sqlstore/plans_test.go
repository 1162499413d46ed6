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
// and no more: no statement scans the table, or sorts.
func TestNoStatementOfAnInboxReadsAllOfIt(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		db, unit := open(t)
		store := fill(t, db, 10_000)
		var statements []string
		dbtest.Hook(db, func(ctx context.Context, query string) any {
			if strings.Contains(query, "notifications_inbox") && ctx.Value(asked{}) != nil {
				statements = append(statements, query)
			}
			return nil
		}, func(any) {})
		ctx := context.WithValue(t.Context(), asked{}, true)
		service := core.New(core.Deps{Unit: unit, Store: store, Clock: clock.System{}})
		who := actor.Actor{UserID: 7, OrganizationID: 1}
		yes, no := true, false
		for name, do := range map[string]func() error{
			"a list":         func() error { _, err := service.Inbox(ctx, who, nil, page.Request{Size: 100}); return err },
			"the read ones":  func() error { _, err := service.Inbox(ctx, who, &yes, page.Request{Size: 100}); return err },
			"the unread":     func() error { _, err := service.Inbox(ctx, who, &no, page.Request{Size: 100}); return err },
			"what is behind": func() error { _, _, err := store.After(ctx, 7, 9_000, 100); return err },
			"what was sent":  func() error { _, _, err := store.Sent(ctx, 7, 9, 20); return err },
			"reading some":   func() error { _, err := store.ReadThrough(ctx, 7, 30_000, time.Now(), 1000); return err },
			"the oldest go":  func() error { return store.Trim(ctx, 7, 100, 1000) },
			"one more": func() error {
				_, err := store.Add(ctx, []core.Notification{{UserID: 7, OrganizationID: 1, Cause: "new"}})
				return err
			},
		} {
			statements = nil
			if err := do(); err != nil {
				t.Fatal(err)
			}
			if len(statements) == 0 {
				t.Errorf("%s: no statement was seen", name)
			}
			for _, s := range statements {
				if strings.HasPrefix(s, "INSERT") {
					continue
				}
				plan := strings.Join(dbtest.Plan(t, db, db.Postgres(), s), "\n")
				for _, bad := range []string{"Seq Scan on notifications_inbox", "SCAN n", "Sort", "TEMP B-TREE FOR ORDER BY"} {
					if strings.Contains(plan, bad) {
						t.Errorf("%s: %s\n%s", name, s, plan)
					}
				}
			}
		}
	})
}

type asked struct{}
