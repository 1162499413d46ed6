package httpv1

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/modules/chat"
	"parley/modules/notifications/internal/adapters/memstore"
	"parley/modules/notifications/internal/core"
	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/kernel/seal"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
	"parley/platform/webtest"
	"parley/platform/work"
	workstore "parley/platform/work/memstore"
)

// receivers are outside: those of hooks.example.org can be called, and take all.
type receivers struct{}

// Check implements core.Sender.
func (receivers) Check(_ context.Context, url string) string {
	if !strings.HasPrefix(url, "https://hooks.example.org/") {
		return "The address is not public."
	}
	return ""
}

// Send implements core.Sender.
func (receivers) Send(context.Context, string, map[string]string, []byte) (core.Answer, error) {
	return core.Answer{Status: 204, Body: "taken"}, nil
}

// hooks is the API of the webhooks of organization 1, of which boss is a global
// admin, as far is of organization 2.
type hooks struct {
	webtest.Client
	t       *testing.T
	db      *memory.DB
	service *core.Webhooks
	clock   *clock.Fixed
}

func newHooks(t *testing.T) hooks {
	t.Helper()
	h := hooks{t: t, clock: clock.NewFixed(time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC))}
	h.db = memory.New(h.clock)
	sealer, err := seal.New("webhooks", []byte("0123456789abcdef0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	h.service = core.NewWebhooks(core.WebhookDeps{
		Unit: h.db, Store: memstore.NewWebhooks(h.db), Queue: work.NewQueue(workstore.New(h.db), nil, h.clock), Sender: receivers{}, Sealer: sealer,
		Clock: h.clock, Log: slog.New(slog.DiscardHandler), Events: []event.Event{users.UserCreated{}, chat.RunCompleted{}},
	})
	h.Client = webtest.Serve(t, webtest.Actors{
		"boss": {UserID: 1, OrganizationID: 1, Email: "boss@example.com", Level: actor.GlobalAdmin},
		"al":   {UserID: 8, OrganizationID: 1, Email: "al@example.com", Level: actor.ApplicationAdmin},
		"far":  {UserID: 9, OrganizationID: 2, Email: "far@example.com", Level: actor.GlobalAdmin},
	}, NewWebhooks(h.service).Routes()).Watching(h.db)
	return h
}

// happen tells the webhooks that a user of organization 1 was made.
func (h hooks) happen() {
	h.t.Helper()
	sealed, err := event.Seal(h.clock.Now(), []event.Event{users.UserCreated{UserID: 5, OrganizationID: 1}})
	if err != nil {
		h.t.Fatal(err)
	}
	if err := h.db.Do(h.t.Context(), func(ctx context.Context, tx uow.Tx) error { return h.service.Happened(ctx, tx, sealed) }); err != nil {
		h.t.Fatal(err)
	}
}

const (
	hookPath = "/api/webhook/1"
	hookBody = `{"url":"https://hooks.example.org/a","kinds":["users.user_created.v1"]}`
)

// Webhooks publish nothing when an admin makes, changes or tests them: an event is
// what the server does to one, which is to switch it off.
func TestWebhooksByScenario(t *testing.T) {
	h := newHooks(t)
	for _, s := range []webtest.Scenario{
		{Method: "POST", Path: "/api/webhook", Body: hookBody, Status: 401, Code: "unauthenticated"},
		{Who: "al", Method: "POST", Path: "/api/webhook", Body: hookBody, Status: 403, Code: "forbidden"},
		{Who: "boss", Method: "POST", Path: "/api/webhook", Status: 400, Code: "malformed_request"},
		{Who: "boss", Method: "POST", Path: "/api/webhook", Body: `{"url":"https://hooks.example.org/a"}`, Status: 400, Code: "malformed_request"},
		{Who: "boss", Method: "POST", Path: "/api/webhook", Body: `{"url":"https://hooks.example.org/a","kinds":[]}`, Status: 422, Code: "unacceptable_value"},
		{Who: "boss", Method: "POST", Path: "/api/webhook", Body: `{"url":"https://hooks.example.org/a","kinds":["food.eaten.v1"]}`, Status: 422, Code: "notifications.webhook_kinds"},
		{Who: "boss", Method: "POST", Path: "/api/webhook", Body: `{"url":"http://10.0.0.1/","kinds":["users.user_created.v1"]}`, Status: 422, Code: "notifications.webhook_url"},
		{Who: "boss", Method: "POST", Path: "/api/webhook", Body: `{"url":"https://hooks.example.org/a","kinds":["users.user_created.v1"],"secret":"mine"}`, Status: 400, Code: "malformed_request"},
		{Who: "boss", Method: "POST", Path: "/api/webhook", Body: hookBody, Status: 201},

		{Who: "boss", Method: "GET", Path: "/api/webhook", Status: 200},
		{Who: "al", Method: "GET", Path: "/api/webhook", Status: 403, Code: "forbidden"},
		{Who: "boss", Method: "GET", Path: hookPath, Status: 200},
		{Who: "al", Method: "GET", Path: hookPath, Status: 404, Code: "notifications.webhook_not_found"},
		{Who: "far", Method: "GET", Path: hookPath, Status: 404, Code: "notifications.webhook_not_found"},
		{Who: "boss", Method: "GET", Path: "/api/webhook/2", Status: 404, Code: "notifications.webhook_not_found"},

		{Method: "PUT", Path: hookPath, Body: `{"is_enabled":false}`, Status: 401, Code: "unauthenticated"},
		{Who: "al", Method: "PUT", Path: hookPath, Body: `{"is_enabled":false}`, Status: 404, Code: "notifications.webhook_not_found"},
		{Who: "far", Method: "PUT", Path: hookPath, Body: `{"is_enabled":false}`, Status: 404, Code: "notifications.webhook_not_found"},
		{Who: "boss", Method: "PUT", Path: hookPath, Body: `{"url":"https://10.0.0.1/"}`, Status: 422, Code: "notifications.webhook_url"},
		{Who: "boss", Method: "PUT", Path: hookPath, Body: `{"kinds":["food.eaten.v1"]}`, Status: 422, Code: "notifications.webhook_kinds"},
		{Who: "boss", Method: "PUT", Path: hookPath, Body: `{"id":7}`, Status: 400, Code: "malformed_request"},
		{Who: "boss", Method: "PUT", Path: hookPath, Body: `{"url":"https://hooks.example.org/b","kinds":["chat.run_completed.v1","users.user_created.v1"]}`, Status: 200},

		{Method: "POST", Path: hookPath + "/secret", Status: 401, Code: "unauthenticated"},
		{Who: "al", Method: "POST", Path: hookPath + "/secret", Status: 404, Code: "notifications.webhook_not_found"},
		{Who: "far", Method: "POST", Path: hookPath + "/secret", Status: 404, Code: "notifications.webhook_not_found"},
		{Who: "boss", Method: "POST", Path: hookPath + "/secret", Status: 201},

		{Method: "POST", Path: hookPath + "/test", Status: 401, Code: "unauthenticated"},
		{Who: "al", Method: "POST", Path: hookPath + "/test", Status: 404, Code: "notifications.webhook_not_found"},
		{Who: "far", Method: "POST", Path: hookPath + "/test", Status: 404, Code: "notifications.webhook_not_found"},
		{Who: "boss", Method: "POST", Path: hookPath + "/test", Status: 201}, // delivery 1

		{Who: "boss", Method: "GET", Path: hookPath + "/delivery", Status: 200},
		{Who: "al", Method: "GET", Path: hookPath + "/delivery", Status: 404, Code: "notifications.webhook_not_found"},
		{Who: "far", Method: "GET", Path: hookPath + "/delivery", Status: 404, Code: "notifications.webhook_not_found"},
		{Method: "POST", Path: hookPath + "/delivery/1/replay", Status: 401, Code: "unauthenticated"},
		{Who: "al", Method: "POST", Path: hookPath + "/delivery/1/replay", Status: 404, Code: "notifications.webhook_not_found"},
		{Who: "far", Method: "POST", Path: hookPath + "/delivery/1/replay", Status: 404, Code: "notifications.webhook_not_found"},
		{Who: "boss", Method: "POST", Path: hookPath + "/delivery/99/replay", Status: 404, Code: "notifications.delivery_not_found"},
		{Who: "boss", Method: "POST", Path: hookPath + "/delivery/1/replay", Status: 201},

		{Who: "boss", Method: "PUT", Path: hookPath, Body: `{"is_enabled":false}`, Status: 200}, // by an admin, of which no event tells
		{Who: "boss", Method: "POST", Path: hookPath + "/delivery/1/replay", Status: 409, Code: "notifications.webhook_disabled"},
		{Who: "boss", Method: "POST", Path: hookPath + "/test", Status: 201}, // a test is sent all the same
		{Who: "boss", Method: "PUT", Path: hookPath, Body: `{"is_enabled":true}`, Status: 200},

		{Method: "DELETE", Path: hookPath, Status: 401, Code: "unauthenticated"},
		{Who: "al", Method: "DELETE", Path: hookPath, Status: 404, Code: "notifications.webhook_not_found"},
		{Who: "far", Method: "DELETE", Path: hookPath, Status: 404, Code: "notifications.webhook_not_found"},
		{Who: "boss", Method: "DELETE", Path: hookPath, Status: 200},
		{Who: "boss", Method: "DELETE", Path: hookPath, Status: 404, Code: "notifications.webhook_not_found"},
		{Who: "boss", Method: "GET", Path: hookPath + "/delivery", Status: 404, Code: "notifications.webhook_not_found"},
	} {
		h.Play(s)
	}
}

func TestASecretIsShownOnceAndAWebhookWithoutIt(t *testing.T) {
	h := newHooks(t)
	boss := h.As("boss")
	const shown = `"id":1,"url":"https://hooks.example.org/a","kinds":["users.user_created.v1"],"is_enabled":true,"disabled_on":null,"disabled_reason":"",` +
		`"old_secret_expires_on":%s,"pending_count":0,"created_by":"boss@example.com","created_on":"2026-05-20T12:00:00.000000Z","modified_by":%q,"modified_on":"2026-05-20T12:00:00.000000Z"`
	whole, rotated := fmt.Sprintf(shown, "null", ""), fmt.Sprintf(shown, `"2026-05-21T12:00:00.000000Z"`, "boss@example.com")
	var secrets []string
	for _, c := range []struct{ method, path, body, message, data string }{
		{"POST", "/api/webhook", hookBody, "Webhook created successfully.", whole},
		{"GET", hookPath, "", "Webhook retrieved successfully.", whole},
		{"POST", hookPath + "/secret", "", "Webhook secret rotated successfully.", rotated},
		{"DELETE", hookPath, "", "Webhook deleted successfully.", rotated},
	} {
		var body any
		if c.body != "" {
			body = c.body
		}
		answer := boss.Do(c.method, c.path, body)
		var got struct{ Secret string }
		answer.Data(&got)
		want := `{"success":true,"message":"` + c.message + `","data":{` + c.data + `}}`
		if got.Secret != "" {
			secrets = append(secrets, got.Secret)
			want = strings.TrimSuffix(want, "}}") + `,"secret":"` + got.Secret + `"}}`
		}
		if diff := cmp.Diff(want, strings.TrimSpace(string(answer.Body))); diff != "" {
			t.Errorf("%s %s: %s", c.method, c.path, diff)
		}
	}
	if len(secrets) != 2 || secrets[0] == secrets[1] {
		t.Errorf("the secrets that were shown are %q", secrets)
	}
}

func TestADeliveryLogShowsTestsEventsAndReplays(t *testing.T) {
	h := newHooks(t)
	boss := h.As("boss")
	boss.Do("POST", "/api/webhook", hookBody).Want(201)
	boss.Do("POST", hookPath+"/test", nil).Want(201)
	h.happen()
	boss.Do("POST", hookPath+"/delivery/2/replay", nil).Want(201)
	type delivery struct {
		ID, Webhook          int64
		Kind, Subject, State string
		AttemptCount         int    `json:"attempt_count"`
		ReplayOf             *int64 `json:"replay_of"`
		Response             *struct{ Status int }
	}
	var log []struct {
		delivery
		Request struct{ Body string }
	}
	boss.Do("GET", hookPath+"/delivery", nil).Want(200).Data(&log)
	two := int64(2)
	want := []delivery{
		{ID: 3, Webhook: 1, Kind: "users.user_created.v1", Subject: "user/5", State: "waiting", ReplayOf: &two},
		{ID: 2, Webhook: 1, Kind: "users.user_created.v1", Subject: "user/5", State: "ready"},
		{ID: 1, Webhook: 1, Kind: "notifications.webhook_test.v1", Subject: "webhook/1", State: "delivered", AttemptCount: 1, Response: &struct{ Status int }{204}},
	}
	var got []delivery
	for _, d := range log {
		if !strings.Contains(d.Request.Body, `"type":"`+d.Kind+`"`) {
			t.Errorf("delivery %d is %s", d.ID, d.Request.Body)
		}
		got = append(got, d.delivery)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var hook struct {
		Pending int `json:"pending_count"`
	}
	boss.Do("GET", hookPath, nil).Want(200).Data(&hook)
	if hook.Pending != 2 {
		t.Errorf("%d deliveries wait", hook.Pending)
	}
}

func TestAnOrganizationHasAtMostTwentyWebhooks(t *testing.T) {
	h := newHooks(t)
	for range 20 {
		h.As("boss").Do("POST", "/api/webhook", hookBody).Want(201)
	}
	h.As("boss").Do("POST", "/api/webhook", hookBody).Refused(409, "notifications.too_many_webhooks")
	h.As("far").Do("POST", "/api/webhook", hookBody).Want(201)
}
