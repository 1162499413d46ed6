package core_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/modules/notifications"
	"parley/modules/notifications/internal/core"
	"parley/modules/users"
	"parley/platform/kernel/event"
	"parley/platform/kernel/page"
)

func same(t testing.TB, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAnEventArrivesSignedAsACloudEvent(t *testing.T) {
	s, r := newHooks(t), receive(t, nil)
	w := s.hook(r)
	sent := s.happen(ran(5, "a"))[0]
	s.drain()
	got := r.messages()
	if len(got) != 1 {
		t.Fatalf("%d messages", len(got))
	}
	m := got[0]
	same(t, []string{sent.ID, "1.0", "/api/organization/1", "chat.run_completed.v1", "thread/5", sent.OccurredAt.Format("2006-01-02T15:04:05.000000Z"), "application/json"},
		[]string{m.Event.ID, m.Event.SpecVersion, m.Event.Source, m.Event.Type, m.Event.Subject, m.Event.Time, m.Event.DataContentType})
	same(t, "application/cloudevents+json; charset=utf-8", m.Header.Get("Content-Type"))
	same(t, "a", m.run())
	d := s.log(w)[0]
	same(t, []any{core.DeliveryDelivered, int64(1), int64(200), "", string(m.Raw)}, []any{d.State, d.Attempts, d.Status, d.Error, d.Body})
	same(t, int64(0), s.get(w).Pending)
}

func TestOnlyTheOrganizationsEventsOfTheChosenKindsLeave(t *testing.T) {
	s, r := newHooks(t), receive(t, nil)
	secret, w, err := s.Create(s.ctx, boss, r.URL, []string{"chat.run_completed.v1", "chat.run_completed.v1"})
	s.must(err)
	r.trust(secret)
	same(t, []string{"chat.run_completed.v1"}, w.Kinds)
	other := ran(5, "of another organization")
	other.OrganizationID = 2
	s.happen(other, users.OrganizationChanged{OrganizationID: 1}, ran(5, "mine"))
	s.drain()
	same(t, []string{"mine"}, runs(r.messages()))
}

func TestNoPersonalDataLeaves(t *testing.T) {
	s, r := newHooks(t), receive(t, nil)
	s.hook(r)
	s.happen(
		users.UserCreated{UserID: 9007199254740993, OrganizationID: 1, Email: "jo@example.com", FirstName: "Josephine", LastName: "Doe", IsStaff: true},
		users.UserChanged{UserID: 7, OrganizationID: 1, Email: "jo@example.com", FirstName: "Josephine", LastName: "Doe"},
		users.EmailChanged{UserID: 7, OrganizationID: 1, Email: "jo@example.com", OldEmail: "jd@example.com"},
	)
	s.drain()
	got := r.messages()
	if len(got) != 3 {
		t.Fatalf("%d messages", len(got))
	}
	for _, m := range got {
		for _, secret := range []string{"example.com", "Josephine", "Doe", `email":`, `name":`} {
			if strings.Contains(string(m.Raw), secret) {
				t.Errorf("%s has %s", m.Raw, secret)
			}
		}
	}
	// What is left is as it was, ids to the last digit.
	if !slices.ContainsFunc(got, func(m message) bool {
		return strings.Contains(string(m.Raw), `"is_staff":true`) && strings.Contains(string(m.Raw), `"user_id":9007199254740993`)
	}) {
		t.Error("the rest of the event is lost")
	}
}

func TestTheSameEventTwiceIsOneDelivery(t *testing.T) {
	s, r := newHooks(t), receive(t, nil)
	w := s.hook(r)
	sent := s.happen(ran(5, "a"), ran(5, "b"))
	s.tell(sent...)
	s.drain()
	s.tell(sent...)
	s.drain()
	same(t, []string{"a", "b"}, runs(r.messages()))
	same(t, 2, len(s.log(w)))
}

// A subject of which something fails waits; others don't.
func TestAFailureHoldsUpItsSubjectAlone(t *testing.T) {
	s, r := newHooks(t), receive(t, nil)
	w := s.hook(r)
	r.answer(func(w http.ResponseWriter, _ *http.Request, m message) {
		if m.run() == "5a" {
			w.WriteHeader(500)
		}
	})
	s.happen(ran(5, "5a"), ran(5, "5b"), ran(6, "6a"), ran(6, "6b"))
	s.drain()
	got := runs(r.messages())
	slices.Sort(got)
	same(t, []string{"5a", "6a", "6b"}, got)
	s.happen(ran(5, "5c"), ran(7, "7a"))
	s.drain()
	same(t, []string{"7a"}, runs(r.messages()))
	r.answer(nil)
	s.clock.Advance(10 * time.Second) // the first pause, and the second of the retry
	s.drain()
	same(t, []string{"5a", "5b", "5c"}, runs(r.messages()))
	var states []string
	for _, d := range s.log(w) {
		states = append(states, fmt.Sprint(d.State, d.Attempts))
	}
	same(t, []string{"delivered2", "delivered1", "delivered1", "delivered1", "delivered1", "delivered1"}, states)
	same(t, int64(0), s.get(w).Pending)
}

func TestManyEventsOfManySubjectsArriveInOrderPerSubject(t *testing.T) {
	s, r := newHooks(t), receive(t, nil)
	s.hook(r)
	var facts []event.Event
	for i := range 200 {
		facts = append(facts, ran(int64(i%10), fmt.Sprintf("%03d", i)))
	}
	for part := range slices.Chunk(facts, 30) {
		s.happen(part...)
	}
	s.drain()
	last := map[string]string{}
	got := r.messages()
	for _, m := range got {
		if m.run() <= last[m.Event.Subject] {
			t.Errorf("%s came after %s", m.run(), last[m.Event.Subject])
		}
		last[m.Event.Subject] = m.run()
	}
	same(t, 200, len(got))
}

// How receivers behave, on the wire.
func TestWhatAReceiverDoesIsKeptInTheLog(t *testing.T) {
	elsewhere := receive(t, nil)
	for name, c := range map[string]struct {
		handle func(w http.ResponseWriter, r *http.Request, m message)
		state  core.DeliveryState
		status int64
		answer string
		reason string
	}{
		"a failure": {func(w http.ResponseWriter, _ *http.Request, _ message) {
			w.WriteHeader(500)
			_, _ = io.WriteString(w, "ouch\x00\xff")
		}, core.DeliveryReady, 500, "ouch\ufffd", "The receiver answered 500."},
		"a huge answer": {func(w http.ResponseWriter, _ *http.Request, _ message) {
			for range 1_000 {
				if _, err := io.WriteString(w, strings.Repeat("x", 10_000)); err != nil {
					return
				}
			}
		}, core.DeliveryDelivered, 200, strings.Repeat("x", 4096), ""},
		"a redirect to a private address": {func(w http.ResponseWriter, r *http.Request, _ message) {
			http.Redirect(w, r, elsewhere.URL, http.StatusTemporaryRedirect)
		}, core.DeliveryReady, 307, "", "The receiver answered 307."},
		"closing in mid-answer": {func(w http.ResponseWriter, _ *http.Request, _ message) {
			w.Header().Set("Content-Length", "100")
			_, _ = io.WriteString(w, "begin")
			w.(http.Flusher).Flush()
			panic(http.ErrAbortHandler)
		}, core.DeliveryReady, 200, "begin", "The receiver closed the connection before its answer was whole."},
		"closing without an answer": {func(http.ResponseWriter, *http.Request, message) { panic(http.ErrAbortHandler) },
			core.DeliveryReady, 0, "", "The receiver closed the connection before its answer was whole."},
		"any success": {with(299), core.DeliveryDelivered, 299, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			s, r := newHooks(t), receive(t, c.handle)
			w := s.hook(r)
			s.happen(ran(5, "a"))
			s.drain()
			d := s.log(w)[0]
			same(t, []any{c.state, int64(1), c.status, c.answer, c.reason}, []any{d.State, d.Attempts, d.Status, d.Answer, d.Error})
		})
	}
	same(t, 0, len(elsewhere.messages()))
}

func TestAReceiverThatIsDownGetsItsEventsWhenItIsBack(t *testing.T) {
	s, r := newHooks(t), receive(t, nil)
	w := s.hook(r)
	address := r.Listener.Addr().String()
	r.Close()
	s.happen(ran(5, "a"))
	s.drain()
	same(t, "The receiver took no connection.", s.log(w)[0].Error)
	again := receiveAt(t, address)
	s.clock.Advance(10 * time.Second)
	s.drain()
	same(t, []string{"a"}, runs(again.messages()))
}

// The pauses grow to an hour, and none is shorter than the receiver asked for.
func TestPausesGrowAndRetryAfterIsObeyed(t *testing.T) {
	s, r := newHooks(t), receive(t, with(503))
	w := s.hook(r)
	s.happen(ran(5, "a"))
	var pauses []time.Duration
	for range 8 {
		s.drain()
		d := s.log(w)[0]
		pauses = append(pauses, d.DueOn.Sub(s.clock.Now()))
		s.clock.Advance(d.DueOn.Sub(s.clock.Now()) + time.Second)
	}
	for i, middle := range []time.Duration{5 * time.Second, 20 * time.Second, 80 * time.Second, 320 * time.Second, 1280 * time.Second, time.Hour, time.Hour, time.Hour} {
		if pauses[i] < middle/2 || pauses[i] > middle*3/2 {
			t.Errorf("pause %d is %v, about %v was meant", i+1, pauses[i], middle)
		}
	}
	for text, want := range map[string]time.Duration{
		"36000": 10 * time.Hour, "999999999": 24 * time.Hour, s.clock.Now().Add(5 * time.Hour).UTC().Format(http.TimeFormat): 5*time.Hour - time.Second,
	} {
		s, r := newHooks(t), receive(t, func(w http.ResponseWriter, _ *http.Request, _ message) {
			w.Header().Set("Retry-After", text)
			w.WriteHeader(429)
		})
		w := s.hook(r)
		s.happen(ran(5, "a"))
		s.drain()
		if got := s.log(w)[0].DueOn.Sub(s.clock.Now()); got < want-2*time.Hour && text[0] != '9' || got < want && text == "36000" || got > 24*time.Hour {
			t.Errorf("after %s it is tried in %v", text, got)
		}
		s.clock.Advance(time.Hour)
		s.drain()
		same(t, 1, len(r.messages()))
	}
}

func TestAWebhookIsSwitchedOffAfterADayOfFailures(t *testing.T) {
	s, r := newHooks(t), receive(t, with(500))
	w := s.hook(r)
	quiet := receive(t, nil)
	healthy := s.hook(quiet)
	s.happen(ran(5, "a"), ran(5, "b"))
	began := s.clock.Now()
	for s.get(w).IsEnabled {
		if s.clock.Now().Sub(began) > 27*time.Hour {
			t.Fatal("it is still on")
		}
		s.drain()
		s.clock.Advance(10 * time.Minute)
	}
	if took := s.clock.Now().Sub(began); took < 24*time.Hour {
		t.Errorf("it was switched off after %v", took)
	}
	const reason = "A delivery failed for a day. The last attempt: The receiver answered 500."
	off := s.get(w)
	same(t, []any{reason, int64(0)}, []any{off.DisabledReason, off.Pending})
	same(t, []notifications.WebhookDisabled{{OrganizationID: 1, WebhookID: w.ID, URL: r.URL, Reason: reason}}, s.disabled())
	for _, admin := range []int64{10, 11} {
		told, _, err := s.inbox.Page(s.ctx, admin, nil, page.Request{})
		s.must(err)
		if len(told.Items) != 1 || told.Items[0].Kind != core.KindWebhookDisabled || !strings.Contains(told.Items[0].Message, reason) {
			t.Errorf("admin %d was told %+v", admin, told.Items)
		}
	}
	for _, d := range s.log(w) {
		same(t, core.DeliveryFailed, d.State)
	}
	// It gets nothing more, and the other one everything.
	r.messages()
	s.happen(ran(5, "c"))
	s.clock.Advance(2 * time.Hour)
	s.drain()
	same(t, 0, len(r.messages()))
	same(t, []string{"a", "b", "c"}, runs(quiet.messages()))
	same(t, true, s.get(healthy).IsEnabled)
}

func TestGoneSwitchesAWebhookOffAtOnce(t *testing.T) {
	s, r := newHooks(t), receive(t, with(410))
	w := s.hook(r)
	s.happen(ran(5, "a"), ran(6, "b"), ran(5, "c"))
	s.drain()
	off := s.get(w)
	same(t, []any{false, "The receiver answered 410 Gone."}, []any{off.IsEnabled, off.DisabledReason})
	same(t, 1, len(s.disabled()))
	r.answer(nil)
	r.messages()
	on := true
	_, err := s.Edit(s.ctx, boss, w.ID, core.WebhookChange{IsEnabled: &on})
	s.must(err)
	s.drain()
	same(t, 0, len(r.messages())) // what was given up stays so
	s.happen(ran(5, "d"))
	s.drain()
	same(t, []string{"d"}, runs(r.messages()))
}
