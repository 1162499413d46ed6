package consumer_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"parley/modules/chat"
	"parley/modules/notifications/internal/adapters/sqlstore"
	"parley/modules/notifications/internal/adapters/webhook"
	"parley/modules/notifications/internal/core"
	"parley/platform/bus"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/kernel/seal"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
	"parley/platform/work"
	workstore "parley/platform/work/sqlstore"
)

// hooks are webhooks in a database that send to real servers.
type hooks struct {
	*core.Webhooks
	unit   uow.Unit
	runner *work.Runner
}

var hooksTables = []migrate.Set{bus.Migrations(), sqlstore.Migrations(), workstore.Migrations()}

func newHooks(t testing.TB, db *sqldb.DB, sender core.Sender) *hooks {
	t.Helper()
	h := &hooks{unit: sqldb.NewUnit(db, bus.NewOutbox(db), clock.System{})}
	sealer, err := seal.New("webhooks", []byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	queue := work.NewQueue(workstore.New(db), nil, clock.System{})
	h.Webhooks = core.NewWebhooks(core.WebhookDeps{
		Unit: h.unit, Store: sqlstore.NewWebhooks(db), Queue: queue, Sender: sender, Sealer: sealer, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler),
		Events: []event.Event{chat.RunCompleted{}},
	})
	h.runner, err = work.NewRunner(work.Config{Queue: queue, Kinds: h.WorkKinds(), Owner: "me", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (h *hooks) hook(t testing.TB, org int64, url string) {
	t.Helper()
	if _, _, err := h.Create(t.Context(), actor.Actor{UserID: 1, OrganizationID: org, Level: actor.GlobalAdmin}, url, h.Kinds()); err != nil {
		t.Fatal(err)
	}
}

// happen stores n events of an organization, each of a thread of its own, for its webhooks.
func (h *hooks) happen(t testing.TB, org int64, n int) {
	t.Helper()
	for from := 0; from < n; from += 100 {
		var facts []event.Event
		for i := from; i < min(n, from+100); i++ {
			facts = append(facts, chat.RunCompleted{Run: chat.Run{OrganizationID: org, ThreadID: int64(i), RunID: fmt.Sprint(i)}})
		}
		sealed, err := event.Seal(time.Now(), facts)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.unit.Do(t.Context(), func(ctx context.Context, tx uow.Tx) error { return h.Happened(ctx, tx, sealed) }); err != nil {
			t.Fatal(err)
		}
	}
}

// accepts takes every message.
type accepts struct{ core.Sender }

// Check implements core.Sender.
func (accepts) Check(context.Context, string) string { return "" }

// Send implements core.Sender.
func (accepts) Send(context.Context, string, map[string]string, []byte) (core.Answer, error) {
	return core.Answer{Status: 204}, nil
}

// What a delivery costs does not depend on how many wait.
func TestADeliveryCostsTheSameStatementsHoweverManyWait(t *testing.T) {
	dbtest.Each(t, hooksTables, func(t *testing.T, db *sqldb.DB) {
		h := newHooks(t, db, accepts{})
		var statements atomic.Int64
		dbtest.Hook(db, func(context.Context, string) any { statements.Add(1); return nil }, func(any) {})
		cost := func(org int64, n int) int64 {
			h.hook(t, org, "https://example.com")
			h.happen(t, org, n)
			statements.Store(0)
			if _, err := h.runner.Drain(t.Context()); err != nil {
				t.Fatal(err)
			}
			return statements.Load()
		}
		one, few, many := cost(1, 1), cost(2, 20), cost(3, 320)
		a, b := float64(few-one)/19, float64(many-few)/300
		t.Logf("statements: %d of one, %.1f of each further one of 20, %.1f of 320", one, a, b)
		// BEGIN, the lock of the webhook, the webhook, the hold of the job, the
		// delivery twice, the webhook twice, the next one, COMMIT; and what is due
		// and the webhook before, for up to four at once.
		if b > 14 || b > 1.2*a {
			t.Errorf("each of 320 costs %.1f statements, each of 20 %.1f", b, a)
		}
	})
}

// BenchmarkDeliveries is how many messages a local receiver gets in a second,
// alone, beside one that answers nothing, and beside one that is not there, of
// another organization. They take turns, and the ratio is to the rate alone.
//
//	go test ./modules/notifications/internal/adapters/consumer -run '^$' -bench Deliveries -benchtime 1x
func BenchmarkDeliveries(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { deliveries(b, func() *sqldb.DB { return dbtest.SQLite(b, hooksTables...) }) })
	b.Run("postgres", func(b *testing.B) { deliveries(b, func() *sqldb.DB { return dbtest.Postgres(b, hooksTables...) }) })
}

func deliveries(b *testing.B, open func() *sqldb.DB) {
	const messages, rounds = 1_000, 3
	hangs := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err == nil { // else the server does not see that the client hangs up
			<-r.Context().Done()
		}
	}))
	b.Cleanup(hangs.Close)
	gone := httptest.NewServer(nil)
	gone.Close()
	rates := map[string]float64{}
	for b.Loop() {
		for range rounds {
			for _, beside := range []string{"", hangs.URL, gone.URL} {
				rates[beside] += rate(b, open(), beside, messages) / rounds
			}
		}
	}
	n := float64(b.N)
	b.ReportMetric(rates[""]/n, "deliveries/s")
	b.ReportMetric(rates[hangs.URL]/rates[""], "beside-one-that-hangs")
	b.ReportMetric(rates[gone.URL]/rates[""], "beside-one-that-is-gone")
	b.ReportMetric(0, "ns/op")
}

func rate(b *testing.B, db *sqldb.DB, beside string, messages int) float64 {
	b.Helper()
	var got atomic.Int64
	all := make(chan struct{})
	alive := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		if got.Add(1) == int64(messages) {
			close(all)
		}
	}))
	defer alive.Close()
	h := newHooks(b, db, webhook.New(clock.System{}, netip.MustParsePrefix("127.0.0.1/32")))
	h.hook(b, 1, alive.URL)
	h.happen(b, 1, messages)
	if beside != "" {
		h.hook(b, 2, beside)
		h.happen(b, 2, messages)
	}
	began := time.Now()
	if err := h.runner.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	<-all
	took := time.Since(began)
	if err := h.runner.Stop(context.WithoutCancel(b.Context())); err != nil && !strings.Contains(err.Error(), net.ErrClosed.Error()) {
		b.Fatal(err)
	}
	return float64(messages) / took.Seconds()
}
