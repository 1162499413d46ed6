package web_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/idempotency"
	"parley/platform/memory"
	"parley/platform/memory/keys"
	"parley/platform/web"
	"parley/platform/webtest"
)

// keyed makes a global admin of everybody whose key has the scope's name.
type keyed map[string]actor.Scope

// Authenticate implements web.Authenticator.
func (k keyed) Authenticate(_ context.Context, c web.Credentials) (actor.Actor, error) {
	scope, ok := k[c.APIKey]
	if !ok {
		return actor.Actor{}, web.ErrUnauthenticated
	}
	return actor.Actor{UserID: 1, OrganizationID: 1, Level: actor.GlobalAdmin, KeyID: 4, Scope: scope}, nil
}

var scopes = keyed{
	"all":     {Kind: actor.ScopeAll},
	"reader":  {Kind: actor.ScopeReadOnly},
	"thing r": {Kind: actor.ScopeRestricted, Groups: map[string]actor.Reach{"odd_thing": actor.Read}},
	"thing w": {Kind: actor.ScopeRestricted, Groups: map[string]actor.Reach{"odd_thing": actor.Write}},
	"other":   {Kind: actor.ScopeRestricted, Groups: map[string]actor.Reach{"odd_thing": actor.NoReach, "chat": actor.Write}},
	"unknown": {Kind: "sometimes"},
}

func TestAKeyReachesAsFarAsItsScope(t *testing.T) {
	routes := web.Group("Odd thing",
		web.GET("/api/odd/{thing_id}", "Get", getThing, web.User()),
		web.POST("/api/odd/{thing_id}", "Post", getThing, web.User()),
		web.DELETE("/api/odd/{thing_id}", "Delete", getThing, web.GlobalAdmin()),
		web.GET("/api/odd/{thing_id}/key", "Keys", getThing, web.User().UnrestrictedKeyOnly()),
	)
	c := webtest.Serve(t, scopes, routes)
	//               GET POST DELETE whole
	for key, want := range map[string][4]int{
		"all":     {200, 200, 200, 200},
		"reader":  {200, 403, 403, 403},
		"thing r": {200, 403, 403, 403},
		"thing w": {200, 200, 200, 403},
		"other":   {403, 403, 403, 403},
		"unknown": {403, 403, 403, 403},
		"none":    {401, 401, 401, 401},
	} {
		k := c.With("Ocp-Apim-Subscription-Key", key)
		for i, call := range [][2]string{{"GET", "/api/odd/1"}, {"POST", "/api/odd/1"}, {"DELETE", "/api/odd/1"}, {"GET", "/api/odd/1/key"}} {
			answer := k.Do(call[0], call[1], nil).Want(want[i])
			if want[i] == 403 && (answer.Code() != "users.key_scope" || !strings.HasSuffix(answer.Message(), ".")) {
				t.Errorf("%s %s with %s: %s", call[0], call[1], key, answer.Body)
			}
		}
	}
	// What the key may do comes before the body is read, and before the object.
	c.With("Ocp-Apim-Subscription-Key", "reader").Do("POST", "/api/odd/1", `{"x":1}`).Refused(403, "users.key_scope")
	c.With("Ocp-Apim-Subscription-Key", "reader").Do("POST", "/api/odd/404", nil).Refused(403, "users.key_scope")
}

func TestTheDocumentNamesBothCredentials(t *testing.T) {
	s, err := web.New(web.Config{Routes: things(), Authenticator: people, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{`"subscription_key": []`, `"in": "header"`, `"name": "Ocp-Apim-Subscription-Key"`, `"scheme": "bearer"`} {
		if !strings.Contains(string(s.OpenAPI()), part) {
			t.Errorf("no %s", part)
		}
	}
}

// lastAnswer keeps what was stored last.
type lastAnswer struct {
	web.Idempotency
	stored []byte
}

// Finish implements web.Idempotency.
func (a *lastAnswer) Finish(ctx context.Context, c idempotency.Claim, done idempotency.Answer) error {
	a.stored = done.Body
	return a.Idempotency.Finish(ctx, c, done)
}

type secretView struct {
	ID  int64  `json:"id"`
	Key string `json:"key,omitempty"`
}

// WithoutSecrets implements web.ShownOnce.
func (v secretView) WithoutSecrets() any { v.Key = ""; return v }

func TestASecretIsNotRepeated(t *testing.T) {
	memory := &lastAnswer{Idempotency: keys.New(memory.New(clock.System{}))}
	make := func(context.Context, nothing) (secretView, error) { return secretView{ID: 1, Key: "sesame"}, nil }
	s, err := web.New(web.Config{
		Routes:        []web.Route{web.POST("/api/secret", "Make Secret", make, web.User(), web.Created(), web.Message("Made."))},
		Authenticator: people, Idempotency: memory, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	c := webtest.New(t, s).As("user").With("Idempotency-Key", "k")
	if got := c.Do("POST", "/api/secret", nil).Want(201); string(got.Body) != `{"success":true,"message":"Made.","data":{"id":1,"key":"sesame"}}` {
		t.Errorf("first: %s", got.Body)
	}
	again := c.Do("POST", "/api/secret", nil).Want(201)
	if strings.TrimSpace(string(again.Body)) != `{"success":true,"message":"Made.","data":{"id":1}}` || again.Header.Get("Idempotency-Replayed") != "true" {
		t.Errorf("again: %s", again.Body)
	}
	if strings.Contains(string(memory.stored), "sesame") {
		t.Error("the secret is stored")
	}
}

func TestAnOptionalFieldIsAbsentNullOrThere(t *testing.T) {
	type request struct {
		Body struct {
			Name web.Optional[string] `json:"name,omitempty" maxLength:"3"`
			Team web.Optional[int64]  `json:"team,omitempty"`
		}
	}
	echo := func(_ context.Context, r request) (map[string]any, error) {
		out := map[string]any{}
		if r.Body.Name.Sent {
			out["name"] = r.Body.Name.Value
		}
		if r.Body.Team.Sent {
			out["team"] = r.Body.Team.Value
		}
		return out, nil
	}
	c := webtest.Serve(t, people, []web.Route{web.PUT("/api/thing", "Put", echo, web.User())}).As("user")
	for body, want := range map[string]string{
		`{}`:                            `{}`,
		`{"name":null,"team":null}`:     `{"name":null,"team":null}`,
		`{"name":"a","team":7}`:         `{"name":"a","team":7}`,
		`{"name":"abcd"}`:               `422`,
		`{"name":1}`:                    `400`,
		`{"team":"x"}`:                  `400`,
		`{"team":1.5}`:                  `400`,
		`{"team":99999999999999999999}`: `422`,
	} {
		answer := c.Do("PUT", "/api/thing", body)
		switch want {
		case "422":
			answer.Want(422)
		case "400":
			answer.Want(400)
		default:
			var got json.RawMessage
			if answer.Want(200).Data(&got); string(got) != want {
				t.Errorf("%s: %s", body, got)
			}
		}
	}
}

// claims keeps what it was asked to claim.
type claims struct {
	web.Idempotency
	seen []idempotency.Claim
}

// Begin implements web.Idempotency.
func (c *claims) Begin(ctx context.Context, claim idempotency.Claim) (*idempotency.Answer, error) {
	c.seen = append(c.seen, claim)
	return c.Idempotency.Begin(ctx, claim)
}

func TestAStoredFingerprintTellsNothingWithoutTheSecret(t *testing.T) {
	body := `{"ids":[1]}`
	of := func(secret string) string {
		memory := &claims{Idempotency: keys.New(memory.New(clock.System{}))}
		s, err := web.New(web.Config{Routes: things(), Authenticator: people, Idempotency: memory, Secret: []byte(secret), Log: slog.New(slog.DiscardHandler)})
		if err != nil {
			t.Fatal(err)
		}
		webtest.New(t, s).As("user").With("Idempotency-Key", "k").Do("POST", "/api/thing", body).Want(201)
		return memory.seen[0].Fingerprint
	}
	first, again := of("one"), of("one")
	if first != again || first == of("two") {
		t.Error("the fingerprint does not go by the secret")
	}
}
