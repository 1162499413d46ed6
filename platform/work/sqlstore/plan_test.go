package sqlstore_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"parley/platform/kernel/uow"
	kernel "parley/platform/kernel/work"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
	"parley/platform/work"
	"parley/platform/work/sqlstore"
)

// What is asked every two seconds must not walk the jobs that wait, whether the
// database knows how many there are or not.
func TestWhetherJobsAreDueIsAskedOfAnIndexByTime(t *testing.T) {
	now := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	for when, due := range map[string]time.Time{"later": now.Add(time.Hour), "due": now.Add(-5 * time.Hour)} {
		t.Run(when, func(t *testing.T) {
			dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
				db, _ := open(t)
				store := sqlstore.New(db)
				addWaiting(t, store, 10_000, due)
				check := func(known string) {
					t.Helper()
					plan := strings.Join(dbtest.Plan(t, db.Reader(), db.Postgres(), store.DueStatement([]string{"a", "b"}, now)), "\n")
					if !strings.Contains(plan, "work_jobs_due") || strings.Contains(plan, "Seq Scan") || strings.Contains(plan, "work_jobs_ready") {
						t.Errorf("%s: what is due is found by\n%s", known, plan)
					}
					plan = strings.Join(dbtest.Plan(t, db.Reader(), db.Postgres(), store.NextStatement(work.ClaimRequest{Kind: "a", Now: now, Limit: 4})), "\n")
					if !strings.Contains(plan, "work_jobs_ready") || strings.Contains(plan, "work_jobs_due") {
						t.Errorf("%s: whose turn it is is found by\n%s", known, plan)
					}
				}
				check("without statistics")
				if _, err := db.ExecContext(t.Context(), "ANALYZE work_jobs"); err != nil {
					t.Fatal(err)
				}
				check("with statistics")
			})
		})
	}
}

// addWaiting adds jobs of 20 tenants, one due each second.
func addWaiting(t *testing.T, store *sqlstore.Store, n int, due time.Time) {
	t.Helper()
	jobs := make([]kernel.Job, 0, 1000)
	for i := range n {
		jobs = append(jobs, kernel.Job{Kind: "a", Tenant: int64(i % 20), Key: strconv.Itoa(i), Payload: "{}", DueAt: due.Add(time.Duration(i) * time.Second)})
		if len(jobs) == cap(jobs) || i == n-1 {
			if err := store.Add(t.Context(), jobs, due); err != nil {
				t.Fatal(err)
			}
			jobs = jobs[:0]
		}
	}
}
