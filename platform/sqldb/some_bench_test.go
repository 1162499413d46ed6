package sqldb_test

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"

	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// BenchmarkSome measures rows that SQLite gets in one statement beside a
// statement for each, as the inbox of a consumer and as ends of runs.
func BenchmarkSome(b *testing.B) {
	db := dbtest.SQLite(b)
	for _, text := range []string{
		"CREATE TABLE inbox (consumer TEXT NOT NULL, event TEXT NOT NULL, PRIMARY KEY (consumer, event)) WITHOUT ROWID",
		"CREATE TABLE runs (id INTEGER PRIMARY KEY, owner TEXT, state TEXT, model TEXT, cost TEXT, last BIGINT, share DOUBLE PRECISION, modified_on TEXT)",
		"WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) INSERT INTO runs SELECT i, 'me', 'open', 'stub', '0', 1, 2, '' FROM n",
	} {
		if _, err := db.ExecContext(b.Context(), text); err != nil {
			b.Fatal(err)
		}
	}
	told := func(row *sql.Rows) error { return row.Scan(new(string)) }
	n := 0
	events := func(rows int) []string {
		ids := make([]string, rows)
		for i := range ids {
			n++
			ids[i] = fmt.Sprintf("01933f6e-7c00-7000-8000-%012d", n)
		}
		return ids
	}
	ends := func(rows int) sqldb.Rows {
		out := make(sqldb.Rows, rows)
		for i := range out {
			n = n%100_000 + 1
			out[i] = []any{n, "me", "completed", "stub", "0.0001", int64(7), .5, "2026-05-01"}
		}
		return out
	}
	change := sqldb.NewChange("runs", "state = v.column3, model = v.column4, cost = v.column5, last = v.column6, share = v.column7, modified_on = v.column8", "id = v.column1 AND owner = v.column2", "id")
	for _, c := range []struct {
		name string
		run  func(ctx context.Context, rows int) error
	}{
		{"inbox/one", func(ctx context.Context, rows int) error {
			for _, id := range events(rows) {
				if err := db.Prepared(ctx, "INSERT INTO inbox VALUES ('facts', ?) ON CONFLICT DO NOTHING RETURNING event", told, id); err != nil {
					return err
				}
			}
			return nil
		}},
		{"inbox/some", func(ctx context.Context, rows int) error {
			all := `["` + strings.Join(events(rows), `","`) + `"]`
			return db.Prepared(ctx, "INSERT INTO inbox SELECT 'facts', value FROM json_each(?) WHERE true ON CONFLICT DO NOTHING RETURNING event", told, all)
		}},
		{"ends/one", func(ctx context.Context, rows int) error {
			for _, row := range ends(rows) {
				if err := db.Change(ctx, change, sqldb.Rows{row}, told); err != nil {
					return err
				}
			}
			return nil
		}},
		{"ends/some", func(ctx context.Context, rows int) error { return db.Change(ctx, change, ends(rows), told) }},
	} {
		for _, rows := range []int{1, 7, 64} {
			b.Run(fmt.Sprintf("%s/rows=%d", c.name, rows), func(b *testing.B) {
				began := cpuTime(b)
				err := db.Within(b.Context(), func(ctx context.Context) error {
					for range b.N {
						if err := c.run(ctx, rows); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
				b.ReportMetric(float64((cpuTime(b)-began).Nanoseconds())/1000/float64(b.N*rows), "cpu-µs/row")
				b.ReportMetric(0, "ns/op")
			})
		}
	}
}
