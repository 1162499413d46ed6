package sqlstore_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"parley/modules/notifications/internal/adapters/sqlstore"
	"parley/modules/notifications/internal/core"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// A process of the version before does not know marks, and counts down once
// more what a mark says is read.
func TestWhatTheVersionBeforeCountedDownTwiceIsCountedAnew(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		on := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		for name, c := range map[string]struct {
			do   func(ctx context.Context, s *sqlstore.Store, last core.Notification) error
			want int64
			more int64 // statements, when the counter is wrong
		}{
			"when more comes": {func(ctx context.Context, s *sqlstore.Store, _ core.Notification) error {
				_, err := s.Add(ctx, []core.Notification{{UserID: 7, OrganizationID: 1, Cause: "more", CreatedOn: on}, {UserID: 8, OrganizationID: 1, Cause: "more", CreatedOn: on}})
				return err
			}, 3, 1},
			"when one is read": {func(ctx context.Context, s *sqlstore.Store, last core.Notification) error {
				_, err := s.Read(ctx, 7, last.ID, on)
				return err
			}, 1, 0},
			"when the oldest are removed": {func(ctx context.Context, s *sqlstore.Store, last core.Notification) error {
				return s.Trim(ctx, 7, last.Sequence-1, 100)
			}, 1, 0},
		} {
			var statements []int64
			for _, minus := range []int64{0, 5} {
				db, _ := open(t)
				s := sqlstore.New(db)
				var last core.Notification
				add := func(n int) {
					stored, err := s.Add(t.Context(), []core.Notification{{UserID: 7, OrganizationID: 1, Cause: fmt.Sprint(n), CreatedOn: on}})
					must(err)
					last = stored[0]
				}
				for n := range 3 {
					add(n)
				}
				_, err := s.ReadAll(t.Context(), 7, on)
				must(err)
				add(3)
				add(4)
				_, err = db.ExecContext(t.Context(), fmt.Sprint("UPDATE notifications_counters SET unread = unread - ", minus, " WHERE user_id = 7"))
				must(err)
				ctx, n := sqldb.CountQueries(t.Context())
				must(c.do(ctx, s, last))
				statements = append(statements, n.Load())
				var unread int64
				must(db.QueryRowContext(t.Context(), "SELECT unread FROM notifications_counters WHERE user_id = 7").Scan(&unread))
				if unread != c.want {
					t.Errorf("%s: %d less leave %d unread, not %d", name, minus, unread, c.want)
				}
			}
			if got := statements[1] - statements[0]; got != c.more {
				t.Errorf("%s: %d statements, and %d with a wrong counter", name, statements[0], statements[1])
			}
			if name == "when more comes" && statements[0] != 5 { // the unit, who was told, the counters, the notifications
				t.Errorf("%d statements add notifications", statements[0])
			}
		}
	})
}
