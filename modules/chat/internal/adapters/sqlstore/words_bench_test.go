package sqlstore_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"parley/modules/chat/internal/adapters/sqlstore"
	"parley/modules/chat/internal/core"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

const wordsTogether = 250 // answers that are indexed together

// BenchmarkIndexWords takes the words of answers into the index, 250 at a time,
// beside passages as long as runs keep. The words are those of one answer again
// and again, or drawn as words of a language are.
//
//	PARLEY_TEST_POSTGRES_URL=… go test ./modules/chat/internal/adapters/sqlstore -run '^$' -bench IndexWords -benchtime 40x
func BenchmarkIndexWords(b *testing.B) {
	for _, database := range []string{"sqlite", "postgres"} {
		for name, texts := range map[string]func(r *rand.Rand) (question, answer string){"same": sameText, "language": languageText} {
			b.Run(database+"/"+name, func(b *testing.B) {
				var db *sqldb.DB
				if database == "sqlite" {
					db = dbtest.SQLite(b, sqlstore.Migrations())
				} else {
					db = dbtest.Postgres(b, sqlstore.Migrations())
				}
				benchmarkIndexWords(b, db, texts)
			})
		}
	}
}

func benchmarkIndexWords(b *testing.B, db *sqldb.DB, texts func(r *rand.Rand) (question, answer string)) {
	store, unit := sqlstore.New(db), sqldb.NewUnit(db, nowhere{}, clock.System{})
	do := func(f func(ctx context.Context) error) {
		if err := unit.Do(b.Context(), func(ctx context.Context, _ uow.Tx) error { return f(ctx) }); err != nil {
			b.Fatal(err)
		}
	}
	r := rand.New(rand.NewPCG(1, 2))
	n, own, server, wal := 0, int64(0), int64(0), int64(0)
	for b.Loop() {
		b.StopTimer()
		var batch core.Batch
		var answers []string
		var waiting []core.AnswerWords
		for range wordsTogether {
			n++
			question, answer := texts(r)
			a := asking(fmt.Sprint(n), core.Thread{OrganizationID: 1, AgentID: 3, UserID: 7, Title: "What?"})
			a.Content.Question = question
			batch.Accepts, answers = append(batch.Accepts, a), append(answers, answer)
		}
		ends := core.Batch{Now: time.Now()}
		do(func(ctx context.Context) error {
			done, err := store.Write(ctx, batch)
			for i, d := range done.Accepts {
				waiting = append(waiting, core.AnswerWords{RunID: d.Run.ID, AgentID: 3})
				ends.Ends = append(ends.Ends, core.End{Run: d.Run.ID, Owner: "process-a", Sequence: 1, Outcome: core.Outcome{State: core.Completed, Answer: answers[i], Sources: passages(r)}})
			}
			return err
		})
		do(func(ctx context.Context) error {
			_, err := store.Write(ctx, ends)
			return err
		})
		cpu, at := backends(b, db)
		before := ownCPU(b)
		b.StartTimer()
		for i := range waiting {
			waiting[i].Words = core.WordsOf(batch.Accepts[i].Content.Question, answers[i])
		}
		do(func(ctx context.Context) error { return store.IndexWords(ctx, waiting) })
		b.StopTimer()
		own += ownCPU(b) - before
		then, to := backends(b, db)
		server, wal = server+then-cpu, wal+to-at
		b.StartTimer()
	}
	b.StopTimer()
	var left, indexed int
	if err := db.NewSelect().TableExpr("chat_unindexed").ColumnExpr("count(*)").Scan(b.Context(), &left); err != nil || left > 0 {
		b.Fatalf("%d answers are not indexed: %v", left, err)
	}
	if err := db.NewSelect().TableExpr("chat_words").ColumnExpr("count(*)").Scan(b.Context(), &indexed); err != nil || indexed != n {
		b.Fatalf("%d of %d answers are indexed: %v", indexed, n, err)
	}
	b.ReportMetric(float64(own)/1000/float64(n), "own-µs/answer")
	if db.Postgres() {
		b.ReportMetric(float64(server)/1000/float64(n), "server-µs/answer")
		b.ReportMetric(float64(wal)/float64(n), "log-B/answer")
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

// backends is what the processes of a database of PostgreSQL on this machine
// have used, in ns, and how long its log is.
func backends(b *testing.B, db *sqldb.DB) (cpu, log int64) {
	b.Helper()
	if !db.Postgres() || runtime.GOOS != "linux" {
		return 0, 0
	}
	var rows []struct{ PID, Log int64 }
	err := db.NewRaw("SELECT pid, pg_current_wal_insert_lsn() - '0/0' AS log FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend'").
		Scan(b.Context(), &rows)
	if err != nil {
		b.Fatal(err)
	}
	for _, r := range rows {
		raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/schedstat", r.PID))
		if err != nil {
			return 0, 0 // it runs elsewhere
		}
		ns, err := strconv.ParseInt(strings.Fields(string(raw))[0], 10, 64)
		if err != nil {
			b.Fatal(err)
		}
		cpu, log = cpu+ns, r.Log
	}
	return cpu, log
}

func sameText(*rand.Rand) (question, answer string) {
	return "What did the keeper of the house write down in that year?",
		"The keeper wrote down every ship and its cargo [1], the weather of the day, the lamp, the flag, and the names of those who came ashore before the evening; nothing else was noted about the house that year [1]."
}

// languageText has ten words and sixty, a few of which are frequent and most seldom.
func languageText(r *rand.Rand) (question, answer string) {
	words := make([]string, 70)
	for k := range words {
		n := int(math.Exp(r.Float64() * math.Log(20_000)))
		words[k] = fmt.Sprintf("%c%c%c%c", 'a'+n%20, 'a'+n/20%10, 'k'+n/200%10, 'a'+n/2000%10)
	}
	return strings.Join(words[:10], " "), strings.Join(words[10:], " ")
}

// passages are as long as those that a run keeps, and can be compressed as little.
func passages(r *rand.Rand) string {
	text := make([]byte, 5_500)
	for i := range text {
		text[i] = 'a' + byte(r.IntN(26))
	}
	return `["` + string(text) + `"]`
}
