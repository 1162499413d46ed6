package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

func up(t testing.TB, db *sqldb.DB) {
	t.Helper()
	if err := migrate.New(db, []migrate.Set{Migrations()}, slog.New(slog.DiscardHandler)).Up(context.Background()); err != nil {
		t.Fatal(err)
	}
}

func TestTheSchemaGoesUpDownAndUp(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		m := migrate.New(r.db, []migrate.Set{Migrations()}, r.log)
		if err := m.Down(r.ctx()); err != nil {
			t.Fatal(err)
		}
		if err := m.Up(r.ctx()); err != nil {
			t.Fatal(err)
		}
		b := r.start(r.recorder("tests.one"))
		r.publish(happened{Key: "a"})
		r.drain(b)
		if n := r.effects("tests.one"); n != 1 {
			t.Errorf("%d effects", n)
		}
	})
}

func TestReplayDeliversToOneConsumerWhatHappenedSince(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		b := r.start(r.recorder("tests.one"), r.recorder("tests.two"))
		for i := range 10 {
			r.publish(happened{Key: "a", N: i})
			r.clock.Advance(time.Minute)
		}
		r.drain(b)
		since := r.clock.Now().Add(-4 * time.Minute)
		n, err := r.bus().Replay(r.ctx(), "tests.one", since)
		if err != nil || n != 4 {
			t.Fatalf("replaying %d events: %v", n, err)
		}
		r.drain(b)
		if one, two := r.effects("tests.one"), r.effects("tests.two"); one != 14 || two != 10 {
			t.Errorf("%d and %d effects", one, two)
		}
		if n, err := b.Replay(r.ctx(), "tests.one", r.clock.Now().Add(time.Hour)); err != nil || n != 0 {
			t.Errorf("replaying the future: %d %v", n, err)
		}
		if _, err := b.Replay(r.ctx(), "tests.typo", since); err == nil || !strings.Contains(err.Error(), "no consumer named tests.typo") {
			t.Errorf("replaying to nobody: %v", err)
		}
	})
}

func TestOldEventsAreRemovedOnceEveryConsumerHasPassedThem(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		r.clock.Advance(time.Since(r.clock.Now())) // event ids carry the real time
		b := r.start(r.recorder("tests.one"), r.recorder("tests.two"))
		for i := range 1200 / 100 {
			var facts []event.Event
			for j := range 100 {
				facts = append(facts, happened{Key: "a", N: i*100 + j})
			}
			r.publish(facts...)
		}
		r.drain(b)
		rows := func() [2]int {
			return [2]int{r.count("SELECT count(*) FROM bus_outbox"), r.count("SELECT count(*) FROM bus_inbox")}
		}
		prune := func() {
			t.Helper()
			if _, err := b.Prune(r.ctx()); err != nil {
				t.Fatal(err)
			}
		}
		r.clock.Advance(6 * 24 * time.Hour)
		prune()
		if got := rows(); got != [2]int{1200, 2400} {
			t.Fatalf("before their time: %v", got)
		}
		r.publish(happened{Key: "a", N: 1200})
		r.drain(b)
		r.stop(b) // so that the cursors are stored
		r.exec("INSERT INTO bus_cursors (consumer, xid, seq, epoch, seen_at) VALUES ('tests.behind', 0, 0, 1, ?)", r.clock.Now())
		r.clock.Advance(26 * time.Hour)
		prune()
		if got := rows(); got[0] != 1201 {
			t.Fatalf("with a consumer behind: %v", got)
		}
		r.exec("DELETE FROM bus_cursors WHERE consumer = 'tests.behind'")
		r.exec("UPDATE bus_cursors SET seen_at = ?", r.clock.Now())
		prune()
		if got := rows(); got != [2]int{1, 0} {
			t.Errorf("after their time: %v", got)
		}
	})
}

func TestPersonalDataOfADeletedUserIsBlankedWhereverEventsAreKept(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		b := r.start(Consumer{Name: "tests.one", Handlers: []Handler{On(func(context.Context, uow.Tx, happened, event.Envelope) error {
			return errors.New("keep it")
		})}})
		r.publish(happened{Key: "user/1", N: 9007199254740993, Email: "ada@example.org"}, happened{Key: "user/2", Email: "bob@example.org"})
		r.drain(b)
		if err := r.outbox.BlankPersonal(r.ctx(), []string{"user/1"}, nil); err == nil {
			t.Error("blanked outside a unit of work")
		}
		err := r.unit.Do(r.ctx(), func(ctx context.Context, _ uow.Tx) error {
			return r.outbox.BlankPersonal(ctx, []string{"user/1", "user/3"}, nil)
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"bus_outbox", "bus_deliveries"} {
			if n := r.count("SELECT count(*) FROM " + table + " WHERE payload LIKE '%ada@%'"); n != 0 {
				t.Errorf("the address is still in %s", table)
			}
			if n := r.count("SELECT count(*) FROM " + table + " WHERE payload LIKE '%bob@%'"); n != 1 {
				t.Errorf("somebody else's address is gone from %s", table)
			}
			if n := r.count("SELECT count(*) FROM " + table + " WHERE payload LIKE '%9007199254740993%'"); n != 1 {
				t.Errorf("a number changed in %s", table)
			}
		}
	})
}

// The index has no events of threads, which are nearly all.
func TestPersonalDataIsFoundByTheIndexOfKeys(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		var facts []event.Event
		for i := range 2_000 {
			facts = append(facts, happened{Key: fmt.Sprintf("thread/%d", i)})
		}
		r.publish(append(facts, happened{Key: "user/1", Email: "ada@example.org"})...)
		r.exec("ANALYZE")
		plan := strings.Join(dbtest.Plan(t, r.db.Reader(), r.db.Postgres(), withKeys(r.db.DB, "bus_outbox", "seq", []string{"user/1"}, 0).String()), "\n")
		if !strings.Contains(plan, "bus_outbox_key") {
			t.Error(plan)
		}
		err := r.unit.Do(r.ctx(), func(ctx context.Context, _ uow.Tx) error {
			return r.outbox.BlankPersonal(ctx, []string{"user/1", "thread/1"}, nil)
		})
		if err == nil {
			t.Error("events of a thread were looked for")
		}
	})
}

func TestBlankingLeavesEverythingElse(t *testing.T) {
	blank := map[string]bool{"email": true, "full_name": true}
	in := `{"email":"a","id":12345678901234567890,"list":[{"full_name":"b","x":"email"}],"email_count":1,"deep":{"email":["c"],"full_name":""}}`
	out, changed, err := blankPayload(in, blank)
	if err != nil || !changed {
		t.Fatal(changed, err)
	}
	want := `{"deep":{"email":["c"],"full_name":""},"email":"","email_count":1,"id":12345678901234567890,"list":[{"full_name":"","x":"email"}]}`
	if diff := cmp.Diff(want, out); diff != "" {
		t.Error(diff)
	}
}

func FuzzBlankedPayloadsStayJSON(f *testing.F) {
	f.Add(`{"email":"a"}`)
	f.Add(`[1,{"email":{"email":"x"}}]`)
	f.Add(`{"email":"a"`)
	blank := map[string]bool{"email": true}
	f.Fuzz(func(t *testing.T, in string) {
		out, _, err := blankPayload(in, blank)
		if err != nil {
			return
		}
		if _, changed, err := blankPayload(out, blank); changed || err != nil {
			t.Errorf("%q became %q: changes again %v, %v", in, out, changed, err)
		}
	})
}

func TestTooLargeOrNamelessEventsAreRefusedWithTheirUnit(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		for _, fact := range []event.Event{happened{Key: "a", Email: strings.Repeat("x", maxPayload)}, happened{Key: strings.Repeat("k", 300)}} {
			err := r.unit.Do(r.ctx(), func(_ context.Context, tx uow.Tx) error { tx.Publish(fact); return nil })
			if err == nil || !strings.Contains(err.Error(), "tests.happened.v1") {
				t.Errorf("%v", err)
			}
		}
		var many []event.Event
		for i := range 450 {
			many = append(many, happened{Key: "a", N: i})
		}
		r.publish(many...)
		if n := r.count("SELECT count(*) FROM bus_outbox"); n != 450 {
			t.Errorf("%d events", n)
		}
	})
}

func TestWrongConsumersAreRefusedAllAtOnce(t *testing.T) {
	h := On(func(context.Context, uow.Tx, happened, event.Envelope) error { return nil })
	for want, list := range map[string][]Consumer{
		"two consumers are named a.b": {{Name: "a.b", Handlers: []Handler{h}}, {Name: "a.b", Handlers: []Handler{h}}},
		"two handlers of tests":       {{Name: "a.b", Handlers: []Handler{h, h}}},
		`name "usage" is not like`:    {{Name: "usage", Handlers: []Handler{h}}},
		"a.b has no handlers":         {{Name: "a.b"}},
		"not made with On":            {{Name: "a.b", Handlers: []Handler{{Event: "x.y.v1"}}}},
		"is not between 0 and 64":     {{Name: "a.b", Handlers: []Handler{h}, Concurrency: 65}},
	} {
		if err := check(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q, got %v", want, err)
		}
	}
}

func TestInlineHandsCommittedEventsToConsumersOnce(t *testing.T) {
	db := memory.New(clock.NewFixed(time.Now()))
	var seen, loose list
	deliver := Inline(db,
		Consumer{Name: "tests.one", Handlers: []Handler{
			On(func(_ context.Context, tx uow.Tx, h happened, e event.Envelope) error {
				if h.N == 1 {
					return errors.New("refused")
				}
				tx.Publish(followed{N: h.N})
				return nil
			}),
			On(func(_ context.Context, _ uow.Tx, f followed, _ event.Envelope) error { seen.add("%d", f.N); return nil }),
		}},
		Consumer{Name: "tests.cache", PerProcess: true, Handlers: []Handler{
			On(func(_ context.Context, _ uow.Tx, h happened, _ event.Envelope) error {
				loose.add("%d", h.N)
				return nil
			})}})
	db.Deliver(deliver)
	publish := func(n int) error {
		return db.Do(context.Background(), func(_ context.Context, tx uow.Tx) error { tx.Publish(happened{Key: "a", N: n}); return nil })
	}
	if err := publish(5); err != nil {
		t.Fatal(err)
	}
	if err := publish(1); err == nil || !strings.Contains(err.Error(), "tests.one") {
		t.Errorf("a failing consumer: %v", err)
	}
	payload, err := json.Marshal(happened{Key: "a", N: 7})
	if err != nil {
		t.Fatal(err)
	}
	e := event.Envelope{ID: "same", Name: happened{}.EventName(), Key: "a", Payload: payload}
	for range 2 {
		if err := deliver(context.Background(), e); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]string{"5", "7"}, seen.all()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"5", "7"}, loose.all()); diff != "" {
		t.Error(diff)
	}
}

func TestMetricsTellOutcomesLagAndDeath(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		registry := prometheus.NewRegistry()
		b, err := New(Config{DB: r.db, Outbox: r.outbox, Unit: r.unit, Clock: r.clock, Log: r.log, Registerer: registry, tune: quick(),
			Consumers: []Consumer{{Name: "tests.one", Handlers: []Handler{On(func(_ context.Context, _ uow.Tx, h happened, _ event.Envelope) error {
				if h.N == 0 {
					return errors.New("poison")
				}
				return nil
			})}}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Start(r.ctx()); err != nil {
			t.Fatal(err)
		}
		defer r.stop(b)
		r.publish(happened{Key: "a", N: 0}, happened{Key: "a", N: 1}, happened{Key: "b", N: 2})
		r.drain(b)
		families, err := registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]float64{}
		for _, f := range families {
			for _, m := range f.GetMetric() {
				name := f.GetName()
				for _, l := range m.GetLabel() {
					name += " " + l.GetValue()
				}
				got[name] = m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
		delete(got, "parley_bus_lag_seconds tests.one") // the cursor may not be stored yet
		want := map[string]float64{
			"parley_bus_events_total tests.one behind": 1, "parley_bus_events_total tests.one handled": 1,
			"parley_bus_events_total tests.one postponed": 1, "parley_bus_waiting tests.one": 2, "parley_bus_dead tests.one": 0,
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
		if err := b.Healthy(r.ctx()); err != nil {
			t.Error(err)
		}
	})
}
