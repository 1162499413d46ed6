package sqldb_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"parley/platform/sqldb"
)

// BenchmarkLongestCommit measures 800 transactions a second that write fourteen
// pages each: how long a COMMIT takes, and a whole transaction with its wait
// for the writer. The log is copied by the commit that makes it too long, or
// beside the commits.
func BenchmarkLongestCommit(b *testing.B) {
	b.Run("copied by the commit", func(b *testing.B) {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(b.TempDir(), "test.db")+
			"?_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)&_pragma=cache_size(-8000)&_pragma=wal_autocheckpoint(4000)&_txlock=immediate")
		if err != nil {
			b.Fatal(err)
		}
		defer func() { _ = db.Close() }() // it is thrown away
		db.SetMaxOpenConns(1)
		longestCommit(b, db, func() {})
	})
	for _, pages := range []int{4000, 8000, 16000} {
		b.Run(fmt.Sprintf("copied beside it, %d pages", pages), func(b *testing.B) {
			db, err := sqldb.Open(b.Context(), sqldb.Config{File: filepath.Join(b.TempDir(), "test.db")}.LogOf(pages, nil))
			if err != nil {
				b.Fatal(err)
			}
			defer func() { _ = db.Close() }() // it is thrown away
			longestCommit(b, db.DB.DB, db.Committed)
		})
	}
}

func longestCommit(b *testing.B, db *sql.DB, committed func()) {
	const rows = 20000
	exec := func(q interface {
		Exec(query string, args ...any) (sql.Result, error)
	}, query string, args ...any) {
		if _, err := q.Exec(query, args...); err != nil {
			b.Fatal(err)
		}
	}
	exec(db, "CREATE TABLE wide (n INTEGER PRIMARY KEY, bytes BLOB)")
	exec(db, "CREATE TABLE narrow (n INTEGER PRIMARY KEY, id TEXT UNIQUE, bytes BLOB)")
	exec(db, "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ?) INSERT INTO wide SELECT n, randomblob(3000) FROM c", rows)
	exec(db, "PRAGMA wal_checkpoint(TRUNCATE)")
	var commits, all []time.Duration
	before := cpuTime(b)
	next := time.Now()
	b.ResetTimer()
	for range b.N {
		next = next.Add(time.Second / 800)
		time.Sleep(time.Until(next))
		begun := time.Now()
		tx, err := db.Begin()
		if err != nil {
			b.Fatal(err)
		}
		for range 4 {
			exec(tx, "UPDATE wide SET bytes = randomblob(3000) WHERE n = ?", 1+rand.IntN(rows))
		}
		for range 8 {
			exec(tx, "INSERT INTO narrow (id, bytes) VALUES (hex(randomblob(16)), randomblob(300))")
		}
		at := time.Now()
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
		commits, all = append(commits, time.Since(at)), append(all, time.Since(begun))
		committed()
	}
	b.StopTimer()
	b.ReportMetric(float64((cpuTime(b)-before).Microseconds())/float64(b.N), "CPU-µs/op")
	for name, of := range map[string][]time.Duration{"commit": commits, "transaction": all} {
		slices.Sort(of)
		for at, q := range map[string]int{"p99": len(of) * 99 / 100, "longest": len(of) - 1} {
			b.ReportMetric(of[q].Seconds()*1000, at+"-"+name+"-ms")
		}
	}
}

func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
