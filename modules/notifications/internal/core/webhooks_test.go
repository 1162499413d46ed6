package core_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"parley/modules/chat"
	"parley/modules/notifications"
	"parley/modules/notifications/internal/core"
	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/event"
	"parley/platform/kernel/page"
)

// others are those who may not know that a webhook exists.
var others = map[string]actor.Actor{
	"an application admin":       {UserID: 2, OrganizationID: 1, Level: actor.ApplicationAdmin},
	"a user":                     {UserID: 3, OrganizationID: 1},
	"an admin elsewhere":         {UserID: 4, OrganizationID: 2, Level: actor.GlobalAdmin},
	"an admin of a team and all": {UserID: 5, OrganizationID: 1, Grants: []actor.Grant{{Resource: actor.Team, ID: 1, Role: actor.Admin}}},
}

func TestAWebhookIsThereForGlobalAdminsAlone(t *testing.T) {
	s, r := newHooks(t), receive(t, nil)
	w := s.hook(r)
	s.happen(ran(5, "a"))
	s.drain()
	d, on := s.log(w)[0], true
	for name, who := range others {
		for call, err := range map[string]error{
			"get":     second(s.Get(s.ctx, who, w.ID)),
			"edit":    second(s.Edit(s.ctx, who, w.ID, core.WebhookChange{IsEnabled: &on})),
			"delete":  second(s.Delete(s.ctx, who, w.ID)),
			"rotate":  third(s.Rotate(s.ctx, who, w.ID)),
			"test":    second(s.Test(s.ctx, who, w.ID)),
			"log":     second(s.Deliveries(s.ctx, who, w.ID, page.Request{})),
			"replay":  second(s.Replay(s.ctx, who, w.ID, d.ID)),
			"decider": s.Decider().May(s.ctx, who, w.ID, "view"),
		} {
			if !errors.Is(err, core.ErrWebhookNotFound) {
				t.Errorf("%s by %s: %v", call, name, err)
			}
		}
	}
	s.drain()
	same(t, 1, len(r.messages()))
}

func second[T any](_ T, err error) error { return err }

func third[T, U any](_ T, _ U, err error) error { return err }

func TestAnUnacceptableWebhookIsRefused(t *testing.T) {
	s := newHooks(t)
	before := net.DefaultResolver
	t.Cleanup(func() { net.DefaultResolver = before })
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, net.ErrClosed }}
	kind := []string{"chat.run_completed.v1"}
	for name, c := range map[string]struct {
		url   string
		kinds []string
		code  string
	}{
		"no URL":                        {"", kind, "notifications.webhook_url"},
		"a relative one":                {"/path", kind, "notifications.webhook_url"},
		"another scheme":                {"ftp://example.com", kind, "notifications.webhook_url"},
		"a password":                    {"https://a:b@example.com", kind, "notifications.webhook_url"},
		"a fragment":                    {"https://example.com/#x", kind, "notifications.webhook_url"},
		"a private address":             {"https://10.0.0.1/", kind, "notifications.webhook_url"},
		"the metadata of a cloud":       {"https://169.254.169.254/latest", kind, "notifications.webhook_url"},
		"a mapped loopback address":     {"https://[::ffff:127.0.0.2]/", kind, "notifications.webhook_url"},
		"http to a public address":      {"http://93.184.216.34/", kind, "notifications.webhook_url"},
		"a long URL":                    {"https://example.com/" + strings.Repeat("x", 2_000), kind, "notifications.webhook_url"},
		"no kinds":                      {"https://example.com/", nil, "notifications.webhook_kinds"},
		"a kind that is none":           {"https://example.com/", []string{"chat.run_completed.v2"}, "notifications.webhook_kinds"},
		"the kind of tests":             {"https://example.com/", []string{notifications.TestKind}, "notifications.webhook_kinds"},
		"too many kinds":                {"https://example.com/", make([]string, 201), "notifications.webhook_kinds"},
		"an address that is acceptable": {"https://93.184.216.34/", kind, ""},
		"a name that nobody knows":      {"https://nowhere.example/", kind, ""},
	} {
		_, _, err := s.Create(s.ctx, boss, c.url, c.kinds)
		if (c.code == "") != (err == nil) || (err != nil && !strings.HasPrefix(err.Error(), c.code+":")) {
			t.Errorf("%s: %v, want %s", name, err, c.code)
		}
	}
	for range 18 {
		_, _, err := s.Create(s.ctx, boss, "https://93.184.216.34/", kind)
		s.must(err)
	}
	if err := third(s.Create(s.ctx, boss, "https://93.184.216.34/", kind)); !errors.Is(err, core.ErrTooManyWebhooks) {
		t.Errorf("the 21st: %v", err)
	}
}

func TestARotationSignsWithBothSecretsForADay(t *testing.T) {
	s, r := newHooks(t), receive(t, nil)
	old, w, err := s.Create(s.ctx, boss, r.URL, []string{"chat.run_completed.v1"})
	s.must(err)
	fresh, w, err := s.Rotate(s.ctx, boss, w.ID)
	s.must(err)
	if old == fresh || !strings.HasPrefix(fresh, "whsec_") {
		t.Fatalf("the secrets are %s and %s", old, fresh)
	}
	valid := func(m message, secret string) bool {
		by, err := standard.NewWebhook(secret)
		s.must(err)
		return by.VerifyIgnoringTimestamp(m.Raw, m.Header) == nil
	}
	send := func() message {
		t.Helper()
		s.happen(ran(5, "a"))
		s.drain()
		got := r.messages()
		if len(got) != 1 {
			t.Fatalf("%d messages", len(got))
		}
		return got[0]
	}
	m := send()
	same(t, []bool{true, true}, []bool{valid(m, old), valid(m, fresh)})
	s.clock.Advance(24 * time.Hour)
	m = send()
	same(t, []bool{false, true}, []bool{valid(m, old), valid(m, fresh)})
	// A second one ends that at once.
	first, _, err := s.Rotate(s.ctx, boss, w.ID)
	s.must(err)
	latest, _, err := s.Rotate(s.ctx, boss, w.ID)
	s.must(err)
	m = send()
	same(t, []bool{false, true, true}, []bool{valid(m, fresh), valid(m, first), valid(m, latest)})
}

func TestASecretIsNotStoredInTheOpen(t *testing.T) {
	s, r := newHooks(t), receive(t, nil)
	secret, w, err := s.Create(s.ctx, boss, r.URL, []string{"chat.run_completed.v1"})
	s.must(err)
	if strings.Contains(string(w.Secret), secret[6:]) || len(w.Secret) == 0 {
		t.Error("the secret is stored as it is")
	}
}

func TestAReplayComesAgainUnderItsIDBehindWhatWaits(t *testing.T) {
	s, r := newHooks(t), receive(t, nil)
	w := s.hook(r)
	sent := s.happen(ran(5, "a"))[0]
	s.drain()
	r.messages()
	r.answer(with(500))
	s.happen(ran(5, "b"))
	s.drain()
	first := s.log(w)[0]
	again, err := s.Replay(s.ctx, boss, w.ID, first.ID)
	s.must(err)
	same(t, []any{first.ID, sent.ID, core.DeliveryWaiting}, []any{again.ReplayOf, again.EventID, again.State})
	same(t, int64(2), s.get(w).Pending)
	r.messages()
	r.answer(nil)
	s.clock.Advance(10 * time.Second)
	s.drain()
	got := r.messages()
	same(t, []string{"b", "a"}, runs(got))
	same(t, []any{sent.ID, first.Body}, []any{got[1].ID, string(got[1].Raw)})
	same(t, int64(0), s.get(w).Pending)

	if err := second(s.Replay(s.ctx, boss, w.ID, 999)); !errors.Is(err, core.ErrDeliveryNotFound) {
		t.Errorf("of nothing: %v", err)
	}
	off := false
	_, err = s.Edit(s.ctx, boss, w.ID, core.WebhookChange{IsEnabled: &off})
	s.must(err)
	if err := second(s.Replay(s.ctx, boss, w.ID, first.ID)); !errors.Is(err, core.ErrWebhookDisabled) {
		t.Errorf("of one that is off: %v", err)
	}
	same(t, int64(0), s.get(w).Pending)
}

func TestATestTellsItsOutcomeAndHasNoConsequences(t *testing.T) {
	s, r := newHooks(t), receive(t, with(410))
	w := s.hook(r)
	off := false
	for _, enabled := range []bool{true, off} {
		_, err := s.Edit(s.ctx, boss, w.ID, core.WebhookChange{IsEnabled: &enabled})
		s.must(err)
		d, err := s.Test(s.ctx, boss, w.ID)
		s.must(err)
		same(t, []any{core.DeliveryFailed, int64(410), notifications.TestKind}, []any{d.State, d.Status, d.Kind})
		same(t, enabled, s.get(w).IsEnabled)
	}
	r.answer(nil)
	d, err := s.Test(s.ctx, boss, w.ID)
	s.must(err)
	same(t, core.DeliveryDelivered, d.State)
	got := r.messages()
	same(t, []any{3, notifications.TestKind, d.EventID}, []any{len(got), got[2].Event.Type, got[2].ID})
	same(t, d, s.log(w)[2])
	s.drain()
	same(t, 0, len(r.messages()))
}

func TestTestsAtATimeAreBounded(t *testing.T) {
	release := make(chan struct{})
	s, r := newHooks(t), receive(t, func(http.ResponseWriter, *http.Request, message) { <-release })
	w := s.hook(r)
	errs := make(chan error, 8)
	for range 8 {
		go func() { errs <- second(s.Test(s.ctx, boss, w.ID)) }()
	}
	for range 8 {
		<-r.arrived
	}
	if err := second(s.Test(s.ctx, boss, w.ID)); !errors.Is(err, core.ErrTestsBusy) {
		t.Errorf("the ninth: %v", err)
	}
	close(release)
	for range 8 {
		s.must(<-errs)
	}
}

func TestSwitchingOffGivesUpWhatWaits(t *testing.T) {
	s, r := newHooks(t), receive(t, nil)
	w := s.hook(r)
	s.happen(ran(5, "a"), ran(5, "b"))
	off := false
	got, err := s.Edit(s.ctx, boss, w.ID, core.WebhookChange{IsEnabled: &off})
	s.must(err)
	same(t, []any{false, "A global admin switched it off.", int64(0)}, []any{got.IsEnabled, got.DisabledReason, got.Pending})
	s.drain()
	same(t, 0, len(r.messages()))
	for _, d := range s.log(w) {
		same(t, []any{core.DeliveryFailed, "The webhook was switched off."}, []any{d.State, d.Error})
	}
	same(t, []event.Event(nil), s.db.Published()) // the server did not do it
}

func TestAWebhookThatIsTooFarBehindIsSwitchedOff(t *testing.T) {
	s, r := newHooks(t), receive(t, with(500))
	w := s.hook(r)
	facts := make([]event.Event, 1_000)
	for i := range facts {
		facts[i] = ran(5, fmt.Sprint(i))
	}
	s.happen(facts...)
	same(t, true, s.get(w).IsEnabled)
	s.behind(w, 100_000)
	s.happen(ran(5, "one more"))
	same(t, []any{false, "More than 100000 deliveries waited for it.", 1}, []any{s.get(w).IsEnabled, s.get(w).DisabledReason, len(s.disabled())})
}

// behind makes so many deliveries of a webhook wait, as far as it knows.
func (s *hooks) behind(w core.Webhook, n int64) {
	s.t.Helper()
	_, err := s.Store.UpdateWebhook(s.ctx, w.OrganizationID, w.ID, func(w *core.Webhook) error { w.Pending = n; return nil })
	s.must(err)
}

func TestOldDeliveriesArePruned(t *testing.T) {
	s, r := newHooks(t), receive(t, nil)
	w := s.hook(r)
	s.must(s.Adopt(s.ctx))
	s.must(s.Adopt(s.ctx))
	s.happen(ran(5, "a"))
	s.drain()
	s.clock.Advance(20 * 24 * time.Hour)
	s.happen(ran(5, "b"))
	s.drain()
	same(t, 2, len(s.log(w)))
	s.clock.Advance(11 * 24 * time.Hour)
	s.drain()
	got := s.log(w)
	if len(got) != 1 || !strings.Contains(got[0].Body, `"run_id":"b"`) {
		t.Errorf("what is left is %+v", got)
	}
}

func TestOnlyEventsThatSomeWebhookGetsAreWanted(t *testing.T) {
	s, r := newHooks(t), receive(t, nil)
	all := []event.Event{ran(5, "a"), users.UserCreated{OrganizationID: 1}, chat.RunCompleted{Run: chat.Run{OrganizationID: 2}}}
	wanted := func() []bool {
		t.Helper()
		sealed, err := event.Seal(s.clock.Now(), all)
		s.must(err)
		got, err := s.Wants(s.ctx, sealed)
		s.must(err)
		return got
	}
	same(t, []bool{false, false, false}, wanted())
	_, w, err := s.Create(s.ctx, boss, r.URL, []string{"chat.run_completed.v1"})
	s.must(err)
	same(t, []bool{true, false, false}, wanted())
	off := false
	_, err = s.Edit(s.ctx, boss, w.ID, core.WebhookChange{IsEnabled: &off})
	s.must(err)
	same(t, []bool{false, false, false}, wanted())
}
