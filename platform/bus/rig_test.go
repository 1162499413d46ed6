package bus

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/uptrace/bun"

	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// happened is the event of these tests.
type happened struct {
	Key   string `json:"key"`
	N     int    `json:"n"`
	Email string `json:"email,omitempty"`
}

func (happened) EventName() string      { return "tests.happened.v1" }
func (h happened) AggregateKey() string { return h.Key }

// followed is published by consumers of happened.
type followed struct {
	N int `json:"n"`
}

func (followed) EventName() string    { return "tests.followed.v1" }
func (followed) AggregateKey() string { return "followed" }

const testTables = `CREATE TABLE IF NOT EXISTS tests_sources (n BIGINT NOT NULL);
	CREATE TABLE IF NOT EXISTS tests_effects (consumer TEXT NOT NULL, key TEXT NOT NULL, n BIGINT NOT NULL)`

// rig is one process's share of the bus.
type rig struct {
	t      testing.TB
	db     *sqldb.DB
	outbox *Outbox
	unit   *sqldb.Unit
	clock  *clock.Fixed
	log    *slog.Logger
}

func newRig(t testing.TB, db *sqldb.DB) *rig {
	t.Helper()
	r := &rig{t: t, db: db, outbox: NewOutbox(db), clock: clock.NewFixed(time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)), log: slog.New(slog.DiscardHandler)}
	r.unit = sqldb.NewUnit(db, r.outbox, r.clock)
	if _, err := db.ExecContext(r.ctx(), testTables); err != nil {
		t.Fatalf("making the test tables: %v", err)
	}
	return r
}

func each(t *testing.T, test func(t *testing.T, r *rig)) {
	t.Helper()
	dbtest.Each(t, []migrate.Set{Migrations()}, func(t *testing.T, db *sqldb.DB) { test(t, newRig(t, db)) })
}

// ctx bounds every wait of a test.
func (r *rig) ctx() context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	r.t.Cleanup(cancel)
	return ctx
}

// quick are times that let a test see retries and polls.
func quick() *tuning {
	q := defaults()
	q.poll, q.flush, q.nackDelay, q.retry = 20*time.Millisecond, 5*time.Millisecond, 20*time.Millisecond, time.Millisecond
	q.maxAttempts = 2
	q.backoff = func(int) time.Duration { return time.Minute }
	return q
}

func (r *rig) bus(consumers ...Consumer) *Bus {
	r.t.Helper()
	b, err := New(Config{DB: r.db, Outbox: r.outbox, Unit: r.unit, Consumers: consumers, Clock: r.clock, Log: r.log, tune: quick()})
	if err != nil {
		r.t.Fatalf("making the bus: %v", err)
	}
	return b
}

func (r *rig) start(consumers ...Consumer) *Bus {
	r.t.Helper()
	b := r.bus(consumers...)
	if err := b.Start(r.ctx()); err != nil {
		r.t.Fatalf("starting the bus: %v", err)
	}
	r.t.Cleanup(func() { r.stop(b) })
	return b
}

func (r *rig) stop(b *Bus) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := b.Stop(ctx); err != nil {
		r.t.Errorf("stopping the bus: %v", err)
	}
}

func (r *rig) drain(b *Bus) {
	r.t.Helper()
	if err := b.Drain(r.ctx()); err != nil {
		r.t.Fatalf("draining: %v", err)
	}
}

func (r *rig) publish(facts ...event.Event) {
	r.t.Helper()
	if err := r.unit.Do(r.ctx(), func(_ context.Context, tx uow.Tx) error { tx.Publish(facts...); return nil }); err != nil {
		r.t.Fatalf("publishing: %v", err)
	}
}

// effect writes what a consumer saw into the database.
func (r *rig) effect(ctx context.Context, consumer string, h happened) error {
	_, err := r.db.On(ctx).NewRaw("INSERT INTO tests_effects (consumer, key, n) VALUES (?, ?, ?)", consumer, h.Key, h.N).Exec(ctx)
	return err
}

// recorder is a consumer whose effects can be counted.
func (r *rig) recorder(name string) Consumer {
	return Consumer{Name: name, Handlers: []Handler{On(func(ctx context.Context, _ uow.Tx, h happened, _ event.Envelope) error {
		return r.effect(ctx, name, h)
	})}}
}

// bulkRecorder is a recorder that writes the effects of a batch at once.
func (r *rig) bulkRecorder(name string) Consumer {
	return Consumer{Name: name, Handlers: []Handler{OnMany(func(ctx context.Context, _ uow.Tx, facts []Fact[happened]) error {
		rows := make([]effectRow, len(facts))
		for i, f := range facts {
			rows[i] = effectRow{Consumer: name, Key: f.Event.Key, N: f.Event.N}
		}
		_, err := r.db.On(ctx).NewInsert().Model(&rows).Exec(ctx)
		return err
	})}}
}

func (r *rig) count(query string, args ...any) int {
	r.t.Helper()
	var n int
	if err := r.db.NewRaw(query, args...).Scan(r.ctx(), &n); err != nil {
		r.t.Fatalf("%s: %v", query, err)
	}
	return n
}

func (r *rig) exec(query string, args ...any) {
	r.t.Helper()
	if _, err := r.db.NewRaw(query, args...).Exec(r.ctx()); err != nil {
		r.t.Fatalf("%s: %v", query, err)
	}
}

func (r *rig) effects(consumer string) int {
	r.t.Helper()
	return r.count("SELECT count(*) FROM tests_effects WHERE consumer = ?", consumer)
}

// list is a list that handlers may write to.
type list struct {
	mu    sync.Mutex
	items []string
}

func (l *list) add(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.items = append(l.items, fmt.Sprintf(format, args...))
}

func (l *list) all() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return append([]string(nil), l.items...)
}

// within fails the test when nothing comes from c.
func within[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(30 * time.Second):
		t.Fatalf("waited too long for %s", what)
		panic("unreachable")
	}
}

type effectRow struct {
	bun.BaseModel `bun:"table:tests_effects"`

	Consumer string `bun:"consumer"`
	Key      string `bun:"key"`
	N        int    `bun:"n"`
}
