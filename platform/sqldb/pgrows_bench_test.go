package sqldb_test

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// BenchmarkRows inserts rows and changes them in one transaction: as one text
// of VALUES, as bun writes it, and as arrays to prepared statements. It prints
// the CPU of this process and of PostgreSQL's, each for a row.
func BenchmarkRows(b *testing.B) {
	db := dbtest.Postgres(b)
	create := `CREATE TABLE every_kind (id BIGINT PRIMARY KEY, name TEXT, kind TEXT, "is" BOOLEAN, number BIGINT, share DOUBLE PRECISION,
		at TIMESTAMPTZ, later TIMESTAMPTZ, text TEXT, whole BIGINT, raw TEXT, list TEXT, part TEXT)`
	if _, err := db.ExecContext(b.Context(), create); err != nil {
		b.Fatal(err)
	}
	db.SetMaxOpenConns(1) // so that one process of PostgreSQL does it all
	var pid int
	if err := db.NewRaw("SELECT pg_backend_pid()").Scan(b.Context(), &pid); err != nil {
		b.Fatal(err)
	}
	const set = `name = v.column2, at = v.column3::timestamptz, kind = v.column4, "is" = v.column5, number = v.column6, share = v.column7, text = v.column8, raw = v.column9`
	change := sqldb.NewChange("every_kind", set, "id = v.column1", "")
	add := func(values bool, rows []everyKind, changed sqldb.Rows) {
		b.Helper()
		err := db.Within(b.Context(), func(ctx context.Context) error {
			s := db.NewScript()
			switch {
			case values && rows != nil:
				s.Add(db.NewInsert().Model(&rows))
			case values:
				s.Add(db.NewRaw("UPDATE every_kind SET "+set+" FROM (VALUES ?) AS v WHERE id = v.column1", changed))
			case rows != nil:
				s.Insert(sqldb.Insert{Rows: &rows})
			default:
				s.Change(change, changed)
			}
			return s.PutOff(ctx)
		})
		if err != nil {
			b.Fatal(err)
		}
	}
	next := int64(1)
	for _, n := range []int{1, 2, 4, 8, 16, 64} {
		for _, what := range []string{"insert", "change"} {
			for _, way := range []string{"values", "arrays"} {
				b.Run(fmt.Sprintf("%s/%d/%s", what, n, way), func(b *testing.B) {
					if _, err := db.ExecContext(b.Context(), "TRUNCATE every_kind"); err != nil {
						b.Fatal(err)
					}
					rows, changed := make([]everyKind, n), make(sqldb.Rows, n)
					number := func() {
						for i := range rows {
							rows[i].ID, changed[i][0] = next, next
							next++
						}
					}
					for i := range rows {
						k := kinds(next)[0]
						rows[i] = k
						changed[i] = []any{next, k.Name, k.At, string(k.Kind), k.Is, k.Number, k.Share, *k.Text, string(k.Raw)}
					}
					number()
					for range 3 {
						add(way == "values", rows, nil)
						number()
					}
					if what == "change" {
						add(true, rows, nil)
					}
					own, server := ownCPU(b), cpuOf(b, pid)
					for b.Loop() {
						if what == "change" {
							add(way == "values", nil, changed)
							continue
						}
						add(way == "values", rows, nil)
						number()
					}
					all := float64(b.N * n)
					b.ReportMetric(float64(ownCPU(b)-own)/1000/all, "own-us/row")
					b.ReportMetric(float64(cpuOf(b, pid)-server)/1000/all, "server-us/row")
				})
			}
		}
	}
}

// ownCPU is what this process has used, in ns.
func ownCPU(b *testing.B) int64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}

// cpuOf is what a process of this machine has used, in ns; 0 where Linux
// doesn't tell.
func cpuOf(b *testing.B, pid int) int64 {
	b.Helper()
	raw, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/schedstat")
	if err != nil || runtime.GOOS != "linux" {
		return 0
	}
	ns, err := strconv.ParseInt(strings.Fields(string(raw))[0], 10, 64)
	if err != nil {
		b.Fatal(err)
	}
	return ns
}
