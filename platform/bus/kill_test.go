package bus

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// childDatabase tells the re-executed test program that it is the child to
// be killed, and where the database is.
const childDatabase = "PARLEY_BUS_TEST_CHILD"

func TestMain(m *testing.M) {
	if where := os.Getenv(childDatabase); where != "" {
		fmt.Fprintln(os.Stderr, runChild(context.Background(), where))
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func childConfig(where string) sqldb.Config {
	if filepath.IsAbs(where) {
		return sqldb.Config{File: where}
	}
	return sqldb.Config{URL: where}
}

// counting consumers note each effect; the second also publishes.
func counting(db *sqldb.DB) []Consumer {
	effect := func(ctx context.Context, consumer, key string, n int) error {
		_, err := db.On(ctx).NewRaw("INSERT INTO tests_effects (consumer, key, n) VALUES (?, ?, ?)", consumer, key, n).Exec(ctx)
		return err
	}
	return []Consumer{
		{Name: "tests.one", Handlers: []Handler{
			OnMany(func(ctx context.Context, _ uow.Tx, facts []Fact[happened]) error {
				for _, f := range facts {
					if err := effect(ctx, "one", f.Event.Key, f.Event.N); err != nil {
						return err
					}
				}
				return nil
			}),
			On(func(ctx context.Context, _ uow.Tx, f followed, _ event.Envelope) error {
				return effect(ctx, "followed", "", f.N)
			}),
		}},
		{Name: "tests.two", Concurrency: 4, Handlers: []Handler{On(func(ctx context.Context, tx uow.Tx, h happened, _ event.Envelope) error {
			tx.Publish(followed{N: h.N})
			return effect(ctx, "two", h.Key, h.N)
		})}},
	}
}

// runChild publishes and consumes as fast as it can, and prints a line per
// commit, until it is killed.
func runChild(ctx context.Context, where string) error {
	db, err := sqldb.Open(ctx, childConfig(where))
	if err != nil {
		return err
	}
	outbox := NewOutbox(db)
	unit := sqldb.NewUnit(db, outbox, clock.System{})
	b, err := New(Config{DB: db, Outbox: outbox, Unit: unit, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), Consumers: counting(db), tune: quick()})
	if err != nil {
		return err
	}
	if err := b.Start(ctx); err != nil {
		return err
	}
	failed := make(chan error)
	for p := range 3 {
		go func() {
			for i := 0; ; i++ {
				n := int(time.Now().UnixNano())*4 + p // no two alike
				err := unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
					tx.Publish(happened{Key: fmt.Sprint(i % 5), N: n})
					_, err := db.On(ctx).NewRaw("INSERT INTO tests_sources (n) VALUES (?)", n).Exec(ctx)
					return err
				})
				if err != nil {
					failed <- err
				}
				fmt.Println(p, i)
			}
		}()
	}
	return <-failed
}

func TestAfterEveryKillEachEventHasHadItsEffectOnce(t *testing.T) {
	for name, where := range map[string]func(*testing.T) string{
		"sqlite":   func(t *testing.T) string { return filepath.Join(t.TempDir(), "kill.db") },
		"postgres": func(t *testing.T) string { return dbtest.PostgresURL(t) },
	} {
		t.Run(name, func(t *testing.T) { killRepeatedly(t, where(t)) })
	}
}

func killRepeatedly(t *testing.T, where string) {
	db, err := sqldb.Open(context.Background(), childConfig(where))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	if err := migrate.New(db, []migrate.Set{Migrations()}, slog.New(slog.DiscardHandler)).Up(context.Background()); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, db)
	for round := range 5 {
		killOnce(t, where, 100+37*round)
	}
	b, err := New(Config{DB: db, Outbox: r.outbox, Unit: r.unit, Clock: clock.System{}, Log: r.log, Consumers: counting(db), tune: quick()})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Start(r.ctx()); err != nil {
		t.Fatal(err)
	}
	defer r.stop(b)
	r.drain(b)
	sources := r.count("SELECT count(*) FROM tests_sources")
	if sources < 500 {
		t.Errorf("only %d commits before the kills", sources)
	}
	for query, want := range map[string]int{
		"SELECT count(*) FROM bus_outbox WHERE name = 'tests.happened.v1'":                                            sources,
		"SELECT count(*) FROM bus_outbox WHERE name = 'tests.followed.v1'":                                            sources,
		"SELECT count(*) FROM tests_effects":                                                                          3 * sources,
		"SELECT count(*) FROM (SELECT DISTINCT consumer, n FROM tests_effects) AS d":                                  3 * sources,
		"SELECT count(*) FROM tests_sources AS s WHERE NOT EXISTS (SELECT 1 FROM tests_effects AS e WHERE e.n = s.n)": 0,
		"SELECT count(*) FROM bus_deliveries WHERE dead":                                                              0,
	} {
		if n := r.count(query); n != want {
			t.Errorf("%d, not %d: %s", n, want, query)
		}
	}
	t.Logf("%d source rows, each with its events and effects", sources)
}

// killOnce runs the child until it has committed some, and kills it.
func killOnce(t *testing.T, where string, commits int) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(self)
	child.Env = append(os.Environ(), childDatabase+"="+where)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	guard := time.AfterFunc(time.Minute, func() { _ = child.Process.Kill() })
	defer guard.Stop()
	lines := bufio.NewScanner(out)
	n := 0
	for n < commits && lines.Scan() {
		n++
	}
	if n < commits {
		t.Errorf("the child ended after %d commits: %v", n, lines.Err())
	}
	if err := child.Process.Kill(); err != nil { // SIGKILL
		t.Errorf("killing: %v", err)
	}
	_, _ = io.Copy(io.Discard, out)
	_ = child.Wait() // killed, which is no news
}
