package core_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"parley/modules/chat"
	"parley/modules/notifications"
	"parley/modules/notifications/internal/adapters/memstore"
	"parley/modules/notifications/internal/adapters/webhook"
	"parley/modules/notifications/internal/core"
	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/kernel/page"
	"parley/platform/kernel/seal"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
	"parley/platform/work"
	workstore "parley/platform/work/memstore"
)

var loopback = netip.MustParsePrefix("127.0.0.1/32")

// boss is the global admin of organization 1.
var boss = actor.Actor{UserID: 1, OrganizationID: 1, Email: "boss@example.com", Level: actor.GlobalAdmin}

type admins struct{ users.Directory }

func (admins) GlobalAdmins(_ context.Context, org int64) ([]users.User, error) {
	return []users.User{{ID: org * 10, OrganizationID: org}, {ID: org*10 + 1, OrganizationID: org}}, nil
}

// hooks are webhooks in memory that send to real servers.
type hooks struct {
	*core.Webhooks
	t      testing.TB
	ctx    context.Context
	clock  *clock.Fixed
	db     *memory.DB
	inbox  *memstore.Store
	queue  *work.Queue
	runner *work.Runner
}

func newHooks(t testing.TB) *hooks {
	c := clock.NewFixed(time.Now())
	db := memory.New(c)
	queue := work.NewQueue(workstore.New(db), nil, c)
	sealer, err := seal.New("webhooks", []byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	s := &hooks{t: t, ctx: t.Context(), clock: c, db: db, inbox: memstore.New(db), queue: queue}
	s.Webhooks = core.NewWebhooks(core.WebhookDeps{
		Unit: db, Store: memstore.NewWebhooks(db), Inbox: core.New(core.Deps{Unit: db, Store: s.inbox, Users: admins{}, Clock: c, InboxLimit: 1000}), Queue: queue, Sender: webhook.New(c, loopback), Sealer: sealer,
		Clock: c, Log: slog.New(slog.DiscardHandler), Retention: 30 * 24 * time.Hour,
		Events: []event.Event{
			users.OrganizationChanged{}, users.UserCreated{}, users.UserChanged{}, users.EmailChanged{}, chat.RunCompleted{}, notifications.WebhookDisabled{},
		},
	})
	s.runner, err = work.NewRunner(work.Config{Queue: queue, Kinds: s.WorkKinds(), Owner: "me", Log: slog.New(slog.DiscardHandler)})
	s.must(err)
	return s
}

func (s *hooks) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// start sends from now on, with the times of production.
func (s *hooks) start() {
	s.must(s.runner.Start(s.ctx))
	s.t.Cleanup(func() {
		if err := s.runner.Stop(context.WithoutCancel(s.ctx)); err != nil {
			s.t.Error(err)
		}
	})
}

// drain sends what is due.
func (s *hooks) drain() {
	s.t.Helper()
	_, err := s.runner.Drain(s.ctx)
	s.must(err)
}

// hook makes a webhook of every kind for a receiver.
func (s *hooks) hook(r *receiver) core.Webhook {
	s.t.Helper()
	secret, w, err := s.Create(s.ctx, boss, r.URL, s.Kinds())
	s.must(err)
	r.trust(secret)
	return w
}

// happen commits events of organization 1 and tells the webhooks of them.
func (s *hooks) happen(facts ...event.Event) []event.Envelope {
	s.t.Helper()
	sealed, err := event.Seal(s.clock.Now(), facts)
	s.must(err)
	s.tell(sealed...)
	return sealed
}

func (s *hooks) tell(events ...event.Envelope) {
	s.t.Helper()
	s.must(s.db.Do(s.ctx, func(ctx context.Context, tx uow.Tx) error { return s.Happened(ctx, tx, events) }))
}

// ran is a run of a thread of organization 1.
func ran(thread int64, run string) chat.RunCompleted {
	return chat.RunCompleted{Run: chat.Run{OrganizationID: 1, ThreadID: thread, RunID: run}}
}

func (s *hooks) log(w core.Webhook) []core.Delivery {
	s.t.Helper()
	p, err := s.Deliveries(s.ctx, boss, w.ID, page.Request{Size: page.MaxSize})
	s.must(err)
	slices.Reverse(p.Items)
	return p.Items
}

func (s *hooks) get(w core.Webhook) core.Webhook {
	s.t.Helper()
	out, err := s.Get(s.ctx, boss, w.ID)
	s.must(err)
	return out
}

// message is what a receiver got.
type message struct {
	ID     string
	Header http.Header
	Raw    []byte
	Event  struct {
		SpecVersion, ID, Source, Type, Subject, Time, DataContentType string

		Data map[string]any
	}
}

// run is the id of the run that the message is about.
func (m message) run() string {
	run, _ := m.Event.Data["run_id"].(string)
	return run
}

// receiver is a real server that checks what it gets.
type receiver struct {
	*httptest.Server
	t       testing.TB
	mu      sync.Mutex
	secrets []string
	got     []message
	arrived chan message
	handle  func(w http.ResponseWriter, r *http.Request, m message)
}

// receive starts a receiver. handle may be nil, which answers 200.
func receive(t testing.TB, handle func(w http.ResponseWriter, r *http.Request, m message)) *receiver {
	t.Helper()
	r := &receiver{t: t, arrived: make(chan message, 10_000), handle: handle}
	r.Server = httptest.NewServer(r)
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) trust(secrets ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secrets = secrets
}

// ServeHTTP implements http.Handler.
func (r *receiver) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	m := message{ID: q.Header.Get("webhook-id"), Header: q.Header}
	var err error
	if m.Raw, err = io.ReadAll(q.Body); err != nil {
		return // broken off
	}
	r.mu.Lock()
	secrets := slices.Clone(r.secrets)
	r.got = append(r.got, m)
	handle := r.handle
	r.mu.Unlock()
	if err := json.Unmarshal(m.Raw, &m.Event); err != nil || m.Event.ID != m.ID || q.Method != http.MethodPost {
		r.t.Errorf("%s %s: %v, the event %q in a message %q", q.Method, m.Raw, err, m.Event.ID, m.ID)
	}
	for _, secret := range secrets {
		by, err := standard.NewWebhook(secret)
		if err == nil {
			err = by.VerifyIgnoringTimestamp(m.Raw, q.Header) // the scene has a clock of its own
		}
		if err != nil {
			r.t.Errorf("the signature %q: %v", q.Header.Get("webhook-signature"), err)
		}
	}
	r.arrived <- m
	if handle != nil {
		handle(w, q, m)
	}
}

// messages are those that arrived since the last call.
func (r *receiver) messages() (out []message) {
	for {
		select {
		case m := <-r.arrived:
			out = append(out, m)
		default:
			return out
		}
	}
}

// answer changes what the receiver does.
func (r *receiver) answer(handle func(w http.ResponseWriter, r *http.Request, m message)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.handle = handle
}

// with answers a status.
func with(status int) func(http.ResponseWriter, *http.Request, message) {
	return func(w http.ResponseWriter, _ *http.Request, _ message) { w.WriteHeader(status) }
}

// runs are the ids of the runs in messages.
func runs(ms []message) []string {
	out := []string{}
	for _, m := range ms {
		out = append(out, m.run())
	}
	return out
}

// receiveAt starts a receiver where another one was.
func receiveAt(t testing.TB, address string) *receiver {
	t.Helper()
	r := &receiver{t: t, arrived: make(chan message, 10_000)}
	r.Server = httptest.NewUnstartedServer(r)
	l, err := net.Listen("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	r.Listener = l
	r.Start()
	t.Cleanup(r.Close)
	return r
}

// restart makes another process take the place of one that has stopped.
func (s *hooks) restart() {
	s.t.Helper()
	var err error
	s.runner, err = work.NewRunner(work.Config{Queue: s.queue, Kinds: s.WorkKinds(), Owner: "another", Log: slog.New(slog.DiscardHandler)})
	s.must(err)
}

// disabled are the facts of webhooks that were switched off.
func (s *hooks) disabled() []notifications.WebhookDisabled {
	var out []notifications.WebhookDisabled
	for _, e := range s.db.Published() {
		if d, ok := e.(notifications.WebhookDisabled); ok {
			out = append(out, d)
		}
	}
	return out
}
