package main_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"parley/platform/webtest"
)

// posted is a message that a receiver got.
type posted struct {
	id, kind, subject, body string
}

// outsider is a program outside that gets the events of webhooks.
type outsider struct {
	*httptest.Server
	mu     sync.Mutex
	secret string
	got    []posted
	// answer may be nil, which is 200.
	answer func(ctx context.Context, p posted) int
}

func newOutsider(t *testing.T) *outsider {
	t.Helper()
	o := &outsider{}
	o.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		var e struct{ ID, Type, Subject string }
		if err != nil || json.Unmarshal(body, &e) != nil {
			return
		}
		p := posted{r.Header.Get("webhook-id"), e.Type, e.Subject, string(body)}
		o.mu.Lock()
		secret, answer := o.secret, o.answer
		o.got = append(o.got, p)
		o.mu.Unlock()
		if verifier, err := standard.NewWebhook(secret); err != nil || verifier.Verify(body, r.Header) != nil {
			t.Errorf("a wrong signature: %v %s", r.Header, body)
		}
		if answer != nil {
			if status := answer(r.Context(), p); status != 0 {
				w.WriteHeader(status)
			}
		}
	}))
	t.Cleanup(o.Close)
	return o
}

// does changes what the outsider answers.
func (o *outsider) does(answer func(ctx context.Context, p posted) int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.answer = answer
}

// of are the messages about a subject.
func (o *outsider) of(subject string) (out []posted) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, p := range o.got {
		if p.subject == subject {
			out = append(out, p)
		}
	}
	return out
}

// A message that is with its receiver when the server is killed comes again
// under the same id, and what is behind it comes after it.
func TestAWebhookSurvivesTheDeathOfTheServer(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		s := newServer(t, kind, "PARLEY_WEBHOOK_NETWORKS=127.0.0.1")
		s.start()
		c := s.admin()
		o, quiet := newOutsider(t), newOutsider(t)
		kinds := []string{"users.user_created.v1", "users.user_changed.v1", "users.user_deleted.v1", "notifications.webhook_disabled.v1"}
		hook := func(o *outsider) int64 {
			var made struct {
				ID     int64
				Secret string
			}
			o.mu.Lock() // a message may come before the secret is known
			defer o.mu.Unlock()
			c.Do("POST", "/api/webhook", map[string]any{"url": o.URL, "kinds": kinds}).Want(201).Data(&made)
			o.secret = made.Secret
			return made.ID
		}
		id := hook(o)
		hook(quiet)
		arrived := make(chan struct{}, 10)
		// The webhook may still get that the admin was made.
		o.does(func(ctx context.Context, p posted) int {
			if p.subject == "user/1" {
				return http.StatusOK
			}
			arrived <- struct{}{}
			<-ctx.Done() // it dies before it knows
			return 0
		})
		user := c.Do("POST", "/api/user", `{"email":"jo@example.com","first_name":"Josephine"}`).Want(201).ID()
		subject := fmt.Sprintf("user/%d", user)
		c.Do("PUT", fmt.Sprintf("/api/user/%d", user), `{"is_staff":true}`).Want(200)
		<-arrived
		s.kill()
		o.does(nil)
		s.start()
		eventually(t, func() string {
			if got := o.of(subject); len(got) < 3 {
				return fmt.Sprintf("arrived: %+v", got)
			}
			return ""
		})
		got := o.of(subject)
		if got[0] != got[1] || got[1].kind != "users.user_created.v1" || got[2].kind != "users.user_changed.v1" || got[1].id == got[2].id {
			t.Errorf("arrived: %+v", got)
		}
		// The other receiver got it all meanwhile.
		eventually(t, func() string {
			if got := quiet.of(subject); len(got) < 2 || got[0].id != o.of(subject)[0].id {
				return fmt.Sprintf("arrived there: %+v", got)
			}
			return ""
		})

		c = s.admin()
		log := fmt.Sprintf("/api/webhook/%d/delivery", id)
		type delivery struct {
			ID             int64
			Subject, State string
		}
		var deliveries []delivery
		eventually(t, func() string {
			c.Do("GET", log, nil).Want(200).Data(&deliveries)
			deliveries = slices.DeleteFunc(deliveries, func(d delivery) bool { return d.Subject != subject })
			if len(deliveries) != 2 || deliveries[0].State != "delivered" || deliveries[1].State != "delivered" {
				return fmt.Sprintf("the log is %+v", deliveries)
			}
			return ""
		})
		c.Do("POST", fmt.Sprintf("%s/%d/replay", log, deliveries[1].ID), nil).Want(201)
		eventually(t, func() string {
			if got := o.of(subject); len(got) != 4 || got[3] != got[0] {
				return fmt.Sprintf("arrived: %+v", got)
			}
			return ""
		})

		// 410 switches it off; the admins and the other webhook are told.
		o.does(func(context.Context, posted) int { return http.StatusGone })
		c.Do("DELETE", fmt.Sprintf("/api/user/%d", user), nil).Want(200)
		eventually(t, func() string {
			var hook struct {
				IsEnabled bool   `json:"is_enabled"`
				Reason    string `json:"disabled_reason"`
			}
			c.Do("GET", fmt.Sprintf("/api/webhook/%d", id), nil).Want(200).Data(&hook)
			var told []struct{ Kind string }
			c.Do("GET", "/api/notification", nil).Want(200).Data(&told)
			if hook.IsEnabled || hook.Reason != "The receiver answered 410 Gone." || len(told) != 1 || told[0].Kind != "webhook_disabled" {
				return fmt.Sprintf("%+v, told %+v", hook, told)
			}
			if got := quiet.of(fmt.Sprintf("webhook/%d", id)); len(got) != 1 || len(quiet.of(subject)) < 3 || got[0].kind != "notifications.webhook_disabled.v1" {
				return fmt.Sprintf("the other webhook got %+v", got)
			}
			return ""
		})
		// Whatever came twice to the other one has one id.
		ids := map[string]bool{}
		for _, p := range quiet.of(subject) {
			ids[p.id] = true
		}
		if len(ids) != 3 {
			t.Errorf("the other webhook got %+v", quiet.of(subject))
		}
		c.Do("DELETE", fmt.Sprintf("/api/webhook/%d", id), nil).Want(200)
		c.Do("GET", log, nil).Refused(404, "notifications.webhook_not_found")
	})
}

// What the AsyncAPI document says is delivered is what webhooks can be made of,
// kind by kind; what it says comes of a test is not.
func TestTheAsyncAPIDocumentSaysOfWhichKindsAWebhookCanBeMade(t *testing.T) {
	s := newServer(t, "sqlite", "PARLEY_WEBHOOK_NETWORKS=127.0.0.1")
	s.start()
	c := s.admin()
	var document struct {
		Operations map[string]struct {
			Messages []struct {
				Ref string `json:"$ref"`
			}
		}
		Components struct{ Messages map[string]any }
	}
	c.Do("GET", "/asyncapi.json", nil).Want(http.StatusOK).JSON(&document)
	kinds := func(operation string) (out []string) {
		for _, m := range document.Operations[operation].Messages {
			out = append(out, strings.TrimPrefix(m.Ref, "#/channels/webhook/messages/"))
		}
		return out
	}
	delivered, test := kinds("deliver"), kinds("test")
	if len(test) != 1 || len(delivered) < 20 || len(delivered)+len(test) != len(document.Components.Messages) || len(document.Operations) != 2 {
		t.Errorf("of %d kinds %d are delivered, and a test sends %v", len(document.Components.Messages), len(delivered), test)
	}
	create := func(kinds []string) webtest.Answer {
		return c.Do("POST", "/api/webhook", map[string]any{"url": "http://127.0.0.1:9/", "kinds": kinds})
	}
	create(delivered).Want(http.StatusCreated)
	create(test).Refused(http.StatusUnprocessableEntity, "notifications.webhook_kinds")
}
