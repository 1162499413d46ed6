package main

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"go.uber.org/fx"

	"parley/modules/users/usersfx"
	"parley/platform/webtest"
)

// ground is one organization in which resources are created, with those who act in
// it. The two organizations of the matrix are two grounds of one program.
type ground struct {
	t       *testing.T
	house   house
	domain  string
	clients map[string]webtest.Client
	ids     map[string]int64 // of the people
	// Who makes what: the own organization's people, or the other's global
	// admin in every part.
	chief, deputy, owner, reader string
	made                         *int
}

const password = "password of everybody"

// grounds makes both organizations with all actors, in a program that runs
// until the test ends.
func grounds(t *testing.T, more ...fx.Option) (own, other *ground) {
	t.Helper()
	var setup usersfx.Setup
	app, h := built(t, profileAll, append(more, fx.Populate(&setup))...)
	if err := app.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := app.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("stopping: %v", err)
		}
	})
	made := 0
	own = &ground{t: t, house: h, domain: "own.example", clients: map[string]webtest.Client{anonymous: webtest.New(t, h.Server.Handler)}, ids: map[string]int64{}, chief: globalAdmin, deputy: "deputy", owner: admin, reader: member, made: &made}
	other = &ground{t: t, house: h, domain: "other.example", clients: own.clients, ids: own.ids, chief: foreignAdmin, deputy: "foreign deputy", owner: foreignAdmin, reader: foreignAdmin, made: &made}
	for _, g := range []*ground{own, other} {
		_, boss, err := setup.CreateOrganization(t.Context(), g.chief, "boss@"+g.domain, password)
		if err != nil {
			t.Fatal(err)
		}
		g.ids[g.chief], g.clients[g.chief] = boss.ID, g.signIn("boss@"+g.domain)
		g.join(g.deputy, map[string]any{"is_superuser": true})
	}
	for _, who := range []string{suspended, stranger, member, admin} {
		own.join(who, nil)
	}
	own.join(appAdmin, map[string]any{"is_staff": true})
	// The suspended user acts by a key: a session would be void for the end of
	// all sessions, too.
	own.clients[suspended] = own.key(suspended, map[string]any{"name": "was made in better times", "scope": "all"})
	own.by(globalAdmin).Do("PUT", fmt.Sprintf("/api/user/%d", own.ids[suspended]), map[string]any{"is_active": false}).Want(200)
	for who, scope := range map[string]map[string]any{
		readOnlyKey: {"name": "reads", "scope": "read_only"},
		agentKey:    {"name": "agents", "scope": "restricted", "groups": map[string]string{"agent": "read"}},
		userKey:     {"name": "users", "scope": "restricted", "groups": map[string]string{"user": "write"}},
	} {
		own.ids[who], own.clients[who] = own.ids[globalAdmin], own.key(globalAdmin, scope)
	}
	return own, other
}

func (g *ground) by(who string) webtest.Client {
	g.t.Helper()
	c, ok := g.clients[who]
	if !ok {
		g.t.Fatalf("nobody is %s", who)
	}
	return c
}

func (g *ground) signIn(email string) webtest.Client {
	g.t.Helper()
	var tokens struct {
		Token string `json:"ejento_access_token"`
	}
	g.by(anonymous).Do("POST", "/api/login/access-token", url.Values{"username": {email}, "password": {password}}).Want(200).JSON(&tokens)
	return g.by(anonymous).As(tokens.Token)
}

// key answers a client that sends a new key of an actor.
func (g *ground) key(who string, body map[string]any) webtest.Client {
	g.t.Helper()
	var key struct{ Key string }
	g.by(who).Do("POST", "/api/api-key", body).Want(201).Data(&key)
	return g.by(anonymous).With("Ocp-Apim-Subscription-Key", key.Key)
}

// join makes an actor.
func (g *ground) join(who string, more map[string]any) {
	g.t.Helper()
	email := strings.ReplaceAll(who, " ", "-") + "@" + g.domain
	g.ids[who] = g.person(map[string]any{"email": email, "password": password}, more)
	g.clients[who] = g.signIn(email)
}

func (g *ground) person(fields, more map[string]any) int64 {
	g.t.Helper()
	for name, value := range more {
		fields[name] = value
	}
	return g.by(g.chief).Do("POST", "/api/user", fields).Want(201).ID()
}

// settle waits until what happened has had its effects.
func (g *ground) settle() {
	g.t.Helper()
	if err := g.house.Bus.Drain(g.t.Context()); err != nil {
		g.t.Fatal(err)
	}
}

// name is one that nothing has yet.
func (g *ground) name() string {
	*g.made++
	return fmt.Sprintf("n%d", *g.made)
}
