package bus

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/platform/kernel/event"
	"parley/platform/kernel/id"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// processes gives each of n rigs connections of its own to one database.
func processes(t *testing.T, n int) []*rig {
	t.Helper()
	return processesOn(t, dbtest.PostgresURL(t), n)
}

// ownDatabase makes a database, so that what a test does to every connection
// of it hurts no other test on the server.
func ownDatabase(t *testing.T) string {
	t.Helper()
	base := dbtest.PostgresURL(t)
	admin, err := sqldb.Open(context.Background(), sqldb.Config{URL: base, MaxConns: 1})
	if err != nil {
		t.Fatal(err)
	}
	name := "t" + strings.ReplaceAll(id.New(), "-", "")
	if _, err := admin.ExecContext(context.Background(), "CREATE DATABASE "+name); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := admin.ExecContext(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Errorf("dropping the database: %v", err)
		}
		if err := admin.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	u, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	q := u.Query()
	q.Del("search_path")
	u.Path, u.RawQuery = "/"+name, q.Encode()
	return u.String()
}

func processesOn(t *testing.T, url string, n int) []*rig {
	t.Helper()
	rigs := make([]*rig, n)
	for i := range rigs {
		db, err := sqldb.Open(context.Background(), sqldb.Config{URL: url, MaxConns: 8})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := db.Close(); err != nil {
				t.Errorf("closing: %v", err)
			}
		})
		if i == 0 {
			up(t, db)
		}
		rigs[i] = newRig(t, db)
	}
	return rigs
}

// awaitListeners returns when the server says that n processes listen.
func (r *rig) awaitListeners(n int) {
	r.t.Helper()
	ctx := r.ctx()
	for r.count("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'") < n {
		if ctx.Err() != nil {
			r.t.Fatalf("fewer than %d processes listen", n)
		}
	}
}

func TestOneProcessAtATimeConsumesAndAnotherTakesOver(t *testing.T) {
	rigs := processesOn(t, ownDatabase(t), 2)
	var by [2]list
	consumer := func(i int) Consumer {
		return Consumer{Name: "tests.one", Handlers: []Handler{On(func(ctx context.Context, _ uow.Tx, h happened, _ event.Envelope) error {
			by[i].add("%d", h.N)
			return rigs[i].effect(ctx, "tests.one", h)
		})}}
	}
	first := rigs[0].start(consumer(0))
	rigs[0].drain(first)
	tune := quick()
	tune.poll = time.Hour // so that it must be told to take over
	second, err := New(Config{DB: rigs[1].db, Outbox: rigs[1].outbox, Unit: rigs[1].unit, Clock: rigs[1].clock, Log: rigs[1].log, tune: tune, Consumers: []Consumer{consumer(1)}})
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Start(rigs[1].ctx()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { rigs[1].stop(second) })
	rigs[1].drain(second)
	rigs[0].awaitListeners(2)
	for i := range 10 {
		rigs[i%2].publish(happened{Key: "a", N: i})
	}
	rigs[1].drain(second)
	if a, b := len(by[0].all()), len(by[1].all()); a != 10 || b != 0 {
		t.Fatalf("the owner handled %d, the other %d", a, b)
	}
	rigs[0].stop(first)
	for i := range 10 {
		rigs[i%2].publish(happened{Key: "a", N: 10 + i})
	}
	for { // not Drain, which would itself look for free consumers
		moved := second.progress.next()
		if len(by[1].all()) == 10 {
			break
		}
		select {
		case <-moved:
		case <-time.After(20 * time.Second):
			t.Fatal("nobody took over")
		}
	}
	rigs[1].drain(second)
	if a, b := len(by[0].all()), len(by[1].all()); a != 10 || b != 10 {
		t.Errorf("after the stop: %d and %d", a, b)
	}
	if n := rigs[0].effects("tests.one"); n != 20 {
		t.Errorf("%d effects", n)
	}
}

func TestAProcessThatOnlyPublishesWakesTheOneThatConsumes(t *testing.T) {
	rigs := processesOn(t, ownDatabase(t), 2)
	api := rigs[0].start()
	arrived := make(chan int, 10)
	tune := quick()
	tune.poll = time.Hour // NOTIFY alone
	b, err := New(Config{DB: rigs[1].db, Outbox: rigs[1].outbox, Unit: rigs[1].unit, Clock: rigs[1].clock, Log: rigs[1].log, tune: tune,
		Consumers: []Consumer{{Name: "tests.one", Handlers: []Handler{On(func(_ context.Context, _ uow.Tx, h happened, _ event.Envelope) error {
			arrived <- h.N
			return nil
		})}}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := b.Start(rigs[1].ctx()); err != nil {
		t.Fatal(err)
	}
	defer rigs[1].stop(b)
	rigs[1].drain(b)
	rigs[0].awaitListeners(1)
	for i := range 3 {
		rigs[0].publish(happened{Key: "a", N: i})
		if n := within(t, arrived, "the event"); n != i {
			t.Errorf("event %d came as %d", i, n)
		}
	}
	if err := api.Healthy(context.Background()); err != nil {
		t.Error(err)
	}
}

func TestKilledConnectionsLoseNothing(t *testing.T) {
	rigs := processesOn(t, ownDatabase(t), 3)
	consumer := func(r *rig) Consumer {
		c := r.recorder("tests.one")
		c.Concurrency = 4
		return c
	}
	rigs[0].start(consumer(rigs[0]))
	second := rigs[1].start(consumer(rigs[1]))
	admin := rigs[2]
	var failed atomic.Int64
	for round := range 5 {
		for i := range 20 {
			h := happened{Key: fmt.Sprint(i % 7), N: round*20 + i}
			err := rigs[i%2].unit.Do(rigs[i%2].ctx(), func(ctx context.Context, tx uow.Tx) error {
				tx.Publish(h)
				_, err := rigs[i%2].db.On(ctx).NewRaw("INSERT INTO tests_sources (n) VALUES (?)", h.N).Exec(ctx)
				return err
			})
			if err != nil {
				failed.Add(1)
			}
		}
		admin.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database() AND backend_type = 'client backend'")
	}
	admin.publish(happened{Key: "last", N: -1})
	if err := retryDrain(admin, second); err != nil {
		t.Fatal(err)
	}
	sources, events := admin.count("SELECT count(*) FROM tests_sources"), admin.count("SELECT count(*) FROM bus_outbox")
	if n := admin.effects("tests.one"); n != events || events != sources+1 {
		t.Errorf("%d sources and one more, %d events, %d effects (%d publishers were cut off)", sources, events, n, failed.Load())
	}
	if n := admin.count("SELECT count(*) FROM (SELECT DISTINCT n FROM tests_effects) AS d"); n != events {
		t.Errorf("%d effects differ", n)
	}
}

// retryDrain drains over connections that may still be broken. What failed
// in the turmoil becomes due again on the way.
func retryDrain(r *rig, b *Bus) error {
	var err error
	for range 20 {
		b.clock.(interface{ Advance(time.Duration) }).Advance(time.Hour)
		if err = b.Drain(r.ctx()); err == nil && r.count("SELECT count(*) FROM bus_deliveries WHERE NOT dead") == 0 {
			return nil
		}
	}
	return errors.Join(errors.New("not drained in 20 attempts"), err)
}

func TestAConsumerThatWasTakenOverChangesNothingMore(t *testing.T) {
	for when, before := range map[string]bool{
		"events of before it began are noted first, so their unit commits, and the inbox would refuse the next":               true,
		"those of after it are noted last, so their unit is undone, the change of the epoch with it, and they are done again": false,
	} {
		t.Run(when, func(t *testing.T) {
			each(t, func(t *testing.T, r *rig) {
				var tries atomic.Int64
				taken := Consumer{Name: "tests.one", Handlers: []Handler{On(func(ctx context.Context, _ uow.Tx, h happened, _ event.Envelope) error {
					if h.Key == "a" && tries.Add(1) == 1 {
						if _, err := r.db.On(ctx).NewRaw("UPDATE bus_cursors SET epoch = epoch + 1").Exec(ctx); err != nil {
							return err
						}
					}
					return r.effect(ctx, "tests.one", h)
				})}}
				want := int64(10)
				var b *Bus
				if before {
					r.publish(numbered("a", 1, 10)...)
					b = r.start(taken)
				} else {
					b = r.start(taken)
					r.publish(happened{Key: "first"})
					r.drain(b) // it has begun
					r.publish(numbered("a", 1, 10)...)
					want = 20
				}
				r.drain(b)
				if n := r.count("SELECT count(*) FROM tests_effects WHERE key = 'a'"); n != 10 || tries.Load() != want {
					t.Errorf("%d effects in %d tries, not in %d", n, tries.Load(), want)
				}
			})
		})
	}
}

func TestAConsumerThatRunsEverywhereSeesEachEventInEveryProcess(t *testing.T) {
	rigs := processes(t, 2)
	var seen [2]list
	var buses [2]*Bus
	rigs[0].publish(happened{Key: "a", N: -1})
	for i, r := range rigs {
		buses[i] = r.start(Consumer{Name: "tests.cache", PerProcess: true, Handlers: []Handler{On(func(ctx context.Context, tx uow.Tx, h happened, _ event.Envelope) error {
			if h.N < 0 {
				return nil // from before anybody was there; see Consumer.PerProcess
			}
			if h.N == 1 {
				return errors.New("dropped after its retries")
			}
			if h.N == 2 {
				tx.Publish(followed{})
			}
			if r.db.InTx(ctx) {
				return errors.New("a transaction nobody asked for")
			}
			seen[i].add("%d", h.N)
			return nil
		})}})
	}
	for n := range 4 {
		rigs[0].publish(happened{Key: "a", N: n})
	}
	for i, r := range rigs {
		r.drain(buses[i])
		// The one that published was called, but counts as failed.
		if diff := cmp.Diff([]string{"0", "2", "3"}, seen[i].all()); diff != "" {
			t.Errorf("process %d: %s", i, diff)
		}
	}
	if n := rigs[0].count("SELECT count(*) FROM bus_inbox") + rigs[0].count("SELECT count(*) FROM bus_cursors") + rigs[0].count("SELECT count(*) FROM bus_deliveries"); n != 0 {
		t.Errorf("%d rows were stored for it", n)
	}
	if n := rigs[0].count("SELECT count(*) FROM bus_outbox"); n != 5 {
		t.Errorf("%d events", n)
	}
}

func TestARestoredDatabaseDeliversOldAndNewEventsOnce(t *testing.T) {
	r := processes(t, 1)[0]
	consumer := r.recorder("tests.one")
	b := r.start(consumer)
	for i := range 20 {
		r.publish(happened{Key: "a", N: i})
	}
	r.drain(b)
	r.stop(b)
	for i := range 5 {
		r.publish(happened{Key: "a", N: 20 + i}) // undelivered at the dump
	}
	r.exec("UPDATE bus_outbox SET xid = xid + 1000000000")
	r.exec("UPDATE bus_cursors SET xid = xid + 1000000000")
	r.publish(happened{Key: "a", N: 25}) // after the restore, before the start
	b = r.start(consumer)
	r.publish(happened{Key: "a", N: 26})
	r.drain(b)
	if n := r.effects("tests.one"); n != 27 {
		t.Errorf("%d effects of 27 events", n)
	}

	// With an empty outbox only the cursor tells.
	r.stop(b)
	r.exec("DELETE FROM bus_outbox")
	r.exec("UPDATE bus_cursors SET xid = xid + 1000000000")
	b = r.start(consumer)
	r.publish(happened{Key: "a", N: 27})
	r.drain(b)
	if n := r.effects("tests.one"); n != 28 {
		t.Errorf("%d effects of 28 events", n)
	}
}

// A PostgreSQL that dies takes commits along that did not wait for the disk, and
// gives their numbers to others.
func TestWhatComesInThePlaceOfALostEventIsSeenInEveryProcess(t *testing.T) {
	rigs := processesOn(t, ownDatabase(t), 2)
	r := rigs[0]
	var seen list
	came := make(chan int, 100)
	r.start(everywhere(&seen, came))
	for n := 1; n <= 3; n++ {
		r.publish(happened{Key: "a", N: n})
		if got := within(t, came, "an event"); got != n {
			t.Fatalf("event %d came, not %d", got, n)
		}
	}
	rigs[1].exec(`WITH lost AS (DELETE FROM bus_outbox WHERE seq = (SELECT max(seq) FROM bus_outbox) RETURNING *)
		INSERT INTO bus_outbox (xid, seq, id, name, key, occurred_at, payload) SELECT xid, 0, id || 'x', name, key, occurred_at, '{"key": "a", "n": 4}' FROM lost`)
	rigs[1].exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'parley'")
	for {
		if got := within(t, came, "the event in the place of the lost one"); got == 4 {
			return
		}
	}
}
