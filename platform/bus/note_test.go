package bus

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
	"parley/platform/sqldb/dbtest"
)

// meanwhile is a consumer of which something is done while it handles its first
// batch of new events, after the event that makes it ready. On SQLite it is done
// just before: while a unit of work is under way, nobody else can write.
func (r *rig) meanwhile(do func()) Consumer {
	var once sync.Once
	first := func(n int) {
		if n > 1 {
			once.Do(do)
		}
	}
	c := Consumer{Name: "tests.one", Handlers: []Handler{OnMany(func(ctx context.Context, _ uow.Tx, facts []Fact[happened]) error {
		for _, f := range facts {
			if err := r.effect(ctx, "tests.one", f.Event); err != nil {
				return err
			}
		}
		if r.db.Postgres() {
			first(len(facts))
		}
		return nil
	})}}
	if !r.db.Postgres() {
		c.Wants = func(_ context.Context, list []event.Envelope) ([]bool, error) {
			first(len(list))
			return slices.Repeat([]bool{true}, len(list)), nil
		}
	}
	return c
}

func TestABatchOfNewEventsWhoseConsumerWasTakenOverChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		took := 0
		consumer := r.meanwhile(func() {
			took++
			r.exec("UPDATE bus_cursors SET epoch = epoch + 1")
		})
		b := r.start(consumer)
		r.publish(happened{Key: "a", N: 0})
		r.drain(b)
		r.publish(numbered("a", 1, 199)...)
		r.drain(b)
		r.stop(b)
		r.drain(r.start(consumer)) // gets what was handled in vain
		if n, differ := r.effects("tests.one"), r.count("SELECT count(*) FROM (SELECT DISTINCT n FROM tests_effects) AS d"); n != 200 || differ != 200 || took != 1 {
			t.Errorf("%d effects, %d of them differ; it was taken over %d times", n, differ, took)
		}
	})
}

func TestABatchOfNewEventsThatTurnOutToBeHandledChangesNothing(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		b := r.start(r.meanwhile(func() {
			r.exec("INSERT INTO bus_inbox (consumer, event_id) SELECT 'tests.one', id FROM bus_outbox WHERE TRUE ON CONFLICT DO NOTHING")
		}))
		r.publish(happened{Key: "a", N: 0})
		r.drain(b)
		r.publish(numbered("a", 1, 9)...)
		r.drain(b)
		if n := r.effects("tests.one"); n != 1 {
			t.Errorf("%d effects", n)
		}
		if n := r.count("SELECT count(*) FROM bus_inbox"); n != 10 {
			t.Errorf("%d inbox rows", n)
		}
	})
}

func TestNewEventsAreNotedWithTheirCommit(t *testing.T) {
	r := newRig(t, dbtest.Postgres(t, Migrations()))
	b := r.start(r.bulkRecorder("tests.one"))
	r.publish(happened{Key: "a", N: 0})
	r.drain(b)
	var texts list
	dbtest.Hook(r.db, func(_ context.Context, query string) any {
		texts.add("%s", query)
		return nil
	}, func(any) {})
	r.publish(numbered("a", 1, 99)...)
	r.drain(b)
	noted := false
	for _, text := range texts.all() {
		noted = noted || strings.Contains(text, "INSERT INTO bus_inbox") && strings.HasSuffix(text, "COMMIT")
	}
	if got := r.effects("tests.one"); got != 100 || !noted {
		t.Errorf("%d effects of %q", got, texts.all())
	}
}

func TestALongBatchOfNewEventsNotesWhatIsDone(t *testing.T) {
	each(t, func(t *testing.T, r *rig) {
		b := r.start(Consumer{Name: "tests.one", Handlers: []Handler{On(func(ctx context.Context, _ uow.Tx, h happened, _ event.Envelope) error {
			if h.N == 1 || h.N == 2 {
				<-time.After(batchTime)
			}
			return r.effect(ctx, "tests.one", h)
		})}})
		r.publish(happened{Key: "a", N: 0})
		r.drain(b)
		r.publish(numbered("a", 1, 9)...)
		r.drain(b)
		var want []string
		for n := range 10 {
			want = append(want, fmt.Sprint("a", n))
		}
		if diff := cmp.Diff(want, r.order("tests.one")); diff != "" {
			t.Error(diff)
		}
		if n := r.count("SELECT count(*) FROM bus_inbox"); n != 10 {
			t.Errorf("%d inbox rows", n)
		}
	})
}
