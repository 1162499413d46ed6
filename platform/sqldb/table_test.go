package sqldb_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/uptrace/bun"

	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

type thing struct {
	ID     int64
	Name   string
	Tags   []string
	Nick   *string
	MadeOn time.Time
}

type thingRow struct {
	bun.BaseModel `bun:"table:test_things,alias:t"`
	thing
}

var (
	errMissing = errors.New("missing")
	errTaken   = errors.New("taken")
	files      = fstest.MapFS{
		"1_things.tx.up.sql": {Data: []byte(`CREATE TABLE test_things (id {{.ID}}, name TEXT NOT NULL, tags TEXT NOT NULL, nick TEXT, made_on {{.Time}} NOT NULL);
--bun:split
CREATE UNIQUE INDEX test_things_name ON test_things (lower(name));`)},
		"1_things.tx.down.sql": {Data: []byte(`DROP TABLE test_things;`)},
	}
	sets = []migrate.Set{{Module: "test", Files: files}}
	now  = time.Date(2026, 5, 1, 12, 0, 0, 120000, time.UTC)
)

func things(db *sqldb.DB) sqldb.Table[thing, thingRow] {
	return sqldb.NewTable(db, func(v thing) thingRow { return thingRow{thing: v} }, func(r thingRow) thing { return r.thing }, errMissing, errTaken)
}

type madeThing struct{ Name string }

func (madeThing) EventName() string    { return "test.thing_made.v1" }
func (madeThing) AggregateKey() string { return "thing/1" }

// recorder is an outbox that remembers what was committed to it.
type recorder struct {
	mu     sync.Mutex
	events []event.Envelope
	woken  int
}

func (r *recorder) Append(_ context.Context, events []event.Envelope) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.events = append(r.events, events...)
	return nil
}
func (r *recorder) Committed() { r.woken++ }

func TestATableKeepsValuesAsTheyWere(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, db *sqldb.DB) {
		ctx, table := context.Background(), things(db)
		nick := "T"
		added, err := table.AddAll(ctx, []thing{{Name: "zero", MadeOn: now, Tags: []string{}}, {Name: "one", MadeOn: now.Add(time.Hour), Tags: []string{"a", `b"'`}, Nick: &nick}})
		if err != nil {
			t.Fatal(err)
		}
		if added[0].ID != 1 || added[1].ID != 2 {
			t.Fatalf("ids are %d and %d", added[0].ID, added[1].ID)
		}
		got, err := table.Get(ctx, sqldb.Eq("id", 2))
		if err != nil {
			t.Fatal(err)
		}
		want := thing{ID: 2, Name: "one", MadeOn: now.Add(time.Hour), Tags: []string{"a", `b"'`}, Nick: &nick}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if name, _ := got.MadeOn.Zone(); name != "UTC" {
			t.Errorf("time came back in %q", name)
		}
	})
}

func TestStoringLeavesTheCallersPointersAlone(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, db *sqldb.DB) {
		ctx, table := context.Background(), things(db)
		nick := "T"
		added, err := table.Add(ctx, thing{Name: "one", MadeOn: now, Tags: []string{}, Nick: &nick})
		if err != nil {
			t.Fatal(err)
		}
		changed, err := table.Update(ctx, func(v *thing) error { v.Nick = &nick; return nil }, sqldb.Eq("id", added.ID))
		if err != nil {
			t.Fatal(err)
		}
		if added.Nick == &nick || changed.Nick == &nick || *added.Nick != "T" || *changed.Nick != "T" {
			t.Error("what is stored shares memory with what was given")
		}
	})
}

func TestATableSaysWhatIsMissingAndTaken(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, db *sqldb.DB) {
		ctx, table := context.Background(), things(db)
		if _, err := table.Get(ctx, sqldb.Eq("id", 9)); !errors.Is(err, errMissing) {
			t.Errorf("Get: %v", err)
		}
		if _, err := table.Update(ctx, func(*thing) error { return nil }, sqldb.Eq("id", 9)); !errors.Is(err, errMissing) {
			t.Errorf("Update: %v", err)
		}
		if _, err := table.Add(ctx, thing{Name: "A", MadeOn: now}); err != nil {
			t.Fatal(err)
		}
		if _, err := table.Add(ctx, thing{Name: "a", MadeOn: now}); !errors.Is(err, errTaken) {
			t.Errorf("Add: %v", err)
		}
	})
}

func TestDeletedIdsNeverComeBack(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, db *sqldb.DB) {
		ctx, table := context.Background(), things(db)
		first, err := table.Add(ctx, thing{Name: "a", MadeOn: now})
		if err != nil {
			t.Fatal(err)
		}
		gone, err := table.Delete(ctx, sqldb.In("id", []int64{first.ID, 77}))
		if err != nil || len(gone) != 1 || gone[0].Name != "a" {
			t.Fatalf("deleted %v, %v", gone, err)
		}
		second, err := table.Add(ctx, thing{Name: "b", MadeOn: now})
		if err != nil || second.ID == first.ID {
			t.Errorf("id %d after %d, %v", second.ID, first.ID, err)
		}
		if none, err := table.Delete(ctx, sqldb.In("id", []int64{})); err != nil || len(none) != 0 {
			t.Errorf("an empty list deleted %v, %v", none, err)
		}
	})
}

func TestPagesByNumberAndByCursorShowTheSame(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, db *sqldb.DB) {
		ctx, table := context.Background(), things(db)
		var all []thing
		for i := range 7 {
			all = append(all, thing{Name: fmt.Sprint(i), MadeOn: now.Add(time.Duration(i/2) * time.Second), Tags: []string{}})
		}
		if _, err := table.AddAll(ctx, all); err != nil {
			t.Fatal(err)
		}
		order := sqldb.Order[thing]{Time: "made_on", Desc: true, Key: func(v thing) page.Key { return page.Key{At: v.MadeOn, ID: v.ID} }}
		var byNumber, byCursor []int64
		for n := 1; n <= 3; n++ {
			p, err := table.Page(ctx, page.Request{Number: n, Size: 3}, order)
			if err != nil || p.Count != 7 {
				t.Fatalf("count %d, %v", p.Count, err)
			}
			for _, v := range p.Items {
				byNumber = append(byNumber, v.ID)
			}
		}
		req := page.Request{Size: 3, ByCursor: true}
		for {
			p, err := table.Page(ctx, req, order)
			if err != nil || p.Count != -1 {
				t.Fatalf("count %d, %v", p.Count, err)
			}
			for _, v := range p.Items {
				byCursor = append(byCursor, v.ID)
			}
			if p.NextCursor == "" {
				break
			}
			req.Cursor = p.NextCursor
		}
		want := []int64{7, 6, 5, 4, 3, 2, 1}
		if diff := cmp.Diff(want, byNumber); diff != "" {
			t.Error("by number", diff)
		}
		if diff := cmp.Diff(want, byCursor); diff != "" {
			t.Error("by cursor", diff)
		}
	})
}

func TestStateAndEventsAreOneStep(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, db *sqldb.DB) {
		ctx, table, outbox := context.Background(), things(db), &recorder{}
		unit := sqldb.NewUnit(db, outbox, clock.NewFixed(now))
		boom := errors.New("boom")
		add := func(name string, then error) func(context.Context, uow.Tx) error {
			return func(ctx context.Context, tx uow.Tx) error {
				if _, err := table.Add(ctx, thing{Name: name, MadeOn: now}); err != nil {
					return err
				}
				tx.Publish(madeThing{name})
				return then
			}
		}
		if err := unit.Do(ctx, add("kept", nil)); err != nil {
			t.Fatal(err)
		}
		if err := unit.Do(ctx, add("dropped", boom)); !errors.Is(err, boom) {
			t.Fatalf("got %v", err)
		}
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic was swallowed")
				}
			}()
			_ = unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
				_ = add("panicked", nil)(ctx, tx)
				panic("boom")
			})
		}()
		if err := unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
			return unit.Do(ctx, add("inner", nil))
		}); err != nil {
			t.Fatal(err)
		}
		all, err := table.List(ctx, 10, "")
		if err != nil || len(all) != 2 || all[0].Name != "kept" || all[1].Name != "inner" {
			t.Errorf("stored %v, %v", all, err)
		}
		if len(outbox.events) != 2 || outbox.woken != 2 {
			t.Errorf("%d events, %d wake-ups", len(outbox.events), outbox.woken)
		}
	})
}

func TestWhatWaitsForTheEndOfAUnitRunsOnceAndAfterIt(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, db *sqldb.DB) {
		units := map[string]uow.Unit{"the database": sqldb.NewUnit(db, &recorder{}, clock.NewFixed(now)), "memory": memory.New(clock.NewFixed(now)), "a store": within{db}}
		for name, unit := range units {
			for _, end := range []error{nil, errors.New("boom")} {
				ended := 0
				err := unit.Do(context.Background(), func(ctx context.Context, _ uow.Tx) error {
					return unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
						uow.AtEnd(ctx, func() { ended++ })
						if ended > 0 || !uow.Inside(ctx) {
							t.Errorf("%s: ended %d times within it", name, ended)
						}
						return end
					})
				})
				if !errors.Is(err, end) || ended != 1 {
					t.Errorf("%s: ended %d times, %v", name, ended, err)
				}
			}
		}
		outside := 0
		if uow.AtEnd(context.Background(), func() { outside++ }); outside != 1 {
			t.Error("without a unit nothing is waited for")
		}
	})
}

// within is the transaction that a store opens for itself.
type within struct{ *sqldb.DB }

// Do implements uow.Unit.
func (w within) Do(ctx context.Context, fn func(ctx context.Context, tx uow.Tx) error) error {
	return w.Within(ctx, func(ctx context.Context) error { return fn(ctx, nil) })
}

func TestConcurrentUpdatesAreNeverLost(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, db *sqldb.DB) {
		ctx, table := context.Background(), things(db)
		if _, err := table.Add(ctx, thing{Name: "n", MadeOn: now, Tags: []string{}}); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if _, err := table.Update(ctx, func(v *thing) error { v.Tags = append(v.Tags, "x"); return nil }, sqldb.Eq("id", 1)); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		got, err := table.Get(ctx, sqldb.Eq("id", 1))
		if err != nil || len(got.Tags) != 20 {
			t.Errorf("%d of 20 changes arrived, %v", len(got.Tags), err)
		}
	})
}

func TestAnUpsertChangesTheRowThatStands(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, db *sqldb.DB) {
		ctx, table := context.Background(), things(db)
		first, err := table.Upsert(ctx, thing{Name: "a", MadeOn: now, Tags: []string{}}, "lower(name)", "made_on = EXCLUDED.made_on")
		if err != nil {
			t.Fatal(err)
		}
		again, err := table.Upsert(ctx, thing{Name: "A", MadeOn: now.Add(time.Hour), Tags: []string{"new"}}, "lower(name)", "made_on = EXCLUDED.made_on")
		if err != nil || again.ID != first.ID || again.Name != "a" || !again.MadeOn.Equal(now.Add(time.Hour)) {
			t.Errorf("got %+v, %v", again, err)
		}
	})
}

func TestStatementsAreCounted(t *testing.T) {
	db := dbtest.SQLite(t, sets...)
	ctx, n := sqldb.CountQueries(context.Background())
	if _, err := things(db).List(ctx, 10, ""); err != nil {
		t.Fatal(err)
	}
	if n.Load() != 1 {
		t.Errorf("counted %d statements", n.Load())
	}
}

func TestMigrationsGoUpDownAndUpAgain(t *testing.T) {
	dbtest.Each(t, nil, func(t *testing.T, db *sqldb.DB) {
		ctx := context.Background()
		m := migrate.New(db, sets, discard)
		if err := m.Check(ctx); err == nil {
			t.Error("pending migrations were not noticed")
		}
		for _, step := range []func(context.Context) error{m.Up, m.Check, m.Down, m.Up, m.Check} {
			if err := step(ctx); err != nil {
				t.Fatal(err)
			}
		}
		older := migrate.New(db, []migrate.Set{{Module: "test", Files: fstest.MapFS{}}}, discard)
		if err := older.Check(ctx); err == nil {
			t.Error("an older program accepted a newer database")
		}
	})
}

func TestAPreparedReadSeesWhatItsTransactionWrote(t *testing.T) {
	dbtest.Each(t, sets, func(t *testing.T, db *sqldb.DB) {
		ctx, table := context.Background(), things(db)
		byName := db.Stmt("SELECT id, made_on FROM test_things WHERE name = $1 AND id < $2")
		read := func(ctx context.Context) (id int64, at time.Time, err error) {
			err = byName.Row(ctx, []any{&id, &at}, "one", 100)
			return id, at, err
		}
		if _, _, err := read(ctx); !errors.Is(err, sql.ErrNoRows) {
			t.Errorf("nothing is there: %v", err)
		}
		boom := errors.New("boom")
		err := sqldb.NewUnit(db, &recorder{}, clock.NewFixed(now)).Do(ctx, func(ctx context.Context, _ uow.Tx) error {
			if _, err := table.Add(ctx, thing{Name: "one", MadeOn: now, Tags: []string{}}); err != nil {
				return err
			}
			if id, at, err := read(ctx); id == 0 || !at.Equal(now) || err != nil {
				t.Errorf("within the unit: %d, %v, %v", id, at, err)
			}
			return boom
		})
		if !errors.Is(err, boom) {
			t.Fatal(err)
		}
		if _, _, err := read(ctx); !errors.Is(err, sql.ErrNoRows) {
			t.Errorf("after it was rolled back: %v", err)
		}
		if _, err := table.Add(ctx, thing{Name: "one", MadeOn: now, Tags: []string{}}); err != nil {
			t.Fatal(err)
		}
		counting, n := sqldb.CountQueries(ctx)
		var wg sync.WaitGroup
		for range 50 { // on several connections
			wg.Go(func() {
				if id, at, err := read(counting); id == 0 || !at.Equal(now) || err != nil {
					t.Errorf("%d, %v, %v", id, at, err)
				}
			})
		}
		wg.Wait()
		if n.Load() != 50 {
			t.Errorf("%d statements were counted", n.Load())
		}
		gone, cancel := context.WithCancel(ctx)
		cancel()
		late := db.Stmt("SELECT id FROM test_things WHERE name = $1")
		var id int64
		if err := late.Row(gone, []any{&id}, "one"); !errors.Is(err, context.Canceled) {
			t.Errorf("who has gone: %v", err)
		}
		if err := late.Row(ctx, []any{&id}, "one"); err != nil {
			t.Errorf("who comes after them: %v", err)
		}
	})
}
