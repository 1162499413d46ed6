package main

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"go.uber.org/fx"

	"parley/modules/users/usersfx"
	"parley/platform/kernel/actor"
	"parley/platform/webtest"
)

// The kinds of actor that the matrix has. What each is to the resources of
// the own organization stands in roles.
const (
	anonymous    = "anonymous"
	suspended    = "suspended"
	stranger     = "stranger"
	member       = "member"
	admin        = "admin"
	appAdmin     = "application admin"
	globalAdmin  = "global admin"
	foreignAdmin = "other organization's global admin"
	readOnlyKey  = "read-only key"  // of the global admin
	agentKey     = "restricted key" // of the global admin; reads agents alone
)

var actors = []string{anonymous, suspended, stranger, member, admin, appAdmin, globalAdmin, foreignAdmin, readOnlyKey, agentKey}

// roles says what actors are to a resource of the own organization: the facts
// of the world below, and not of any route.
func roles(resource, who string) actor.Role {
	switch resource {
	case "team", "project", "agent":
		switch who {
		case member:
			return actor.Member
		case admin, globalAdmin, readOnlyKey, agentKey:
			return actor.Admin
		}
	case "corpus", "document": // the admin owns it and shows it to nobody
		switch who {
		case admin, globalAdmin, readOnlyKey, agentKey:
			return actor.Admin
		}
	case "answer", "thread", "notification": // the admin's own
		if who == admin {
			return actor.Admin
		}
	}
	return actor.NoRole
}

var levels = map[string]actor.Level{appAdmin: actor.ApplicationAdmin, globalAdmin: actor.GlobalAdmin, foreignAdmin: actor.GlobalAdmin, readOnlyKey: actor.GlobalAdmin, agentKey: actor.GlobalAdmin}

// ground is two organizations with people in one program.
type ground struct {
	t       *testing.T
	app     *fx.App
	house   house
	clients map[string]webtest.Client
	ids     map[string]int64 // of the people
	own     ids
	foreign ids
	made    int
}

// ids are one of each resource, by the names of path parameters.
type ids map[string]int64

func newGround(t *testing.T, more ...fx.Option) *ground {
	t.Helper()
	var setup usersfx.Setup
	app, h := built(t, profileAll, append(more, fx.Populate(&setup))...)
	g := &ground{t: t, app: app, house: h, clients: map[string]webtest.Client{anonymous: webtest.New(t, h.Server.Handler)}, ids: map[string]int64{}}
	for who, domain := range map[string]string{globalAdmin: "own.example", foreignAdmin: "other.example"} {
		_, boss, err := setup.CreateOrganization(t.Context(), who, "boss@"+domain, password)
		if err != nil {
			t.Fatal(err)
		}
		g.ids[who], g.clients[who] = boss.ID, g.signIn("boss@"+domain)
	}
	for _, who := range []string{suspended, stranger, member, admin, appAdmin} {
		g.ids[who], g.clients[who] = g.person(strings.ReplaceAll(who, " ", "-"), who == appAdmin)
	}
	g.clients[globalAdmin].Do("PUT", fmt.Sprintf("/api/user/%d", g.ids[suspended]), map[string]any{"is_active": false}).Want(200)
	g.clients[readOnlyKey] = g.key(map[string]any{"name": "reads", "scope": "read_only"})
	g.clients[agentKey] = g.key(map[string]any{"name": "agents", "scope": "restricted", "groups": map[string]string{"agent": "read"}})
	g.own = g.fresh()
	g.foreign = g.freshForeign()
	return g
}

const password = "password of everybody"

func (g *ground) signIn(email string) webtest.Client {
	var tokens struct {
		Token string `json:"ejento_access_token"`
	}
	g.clients[anonymous].Do("POST", "/api/login/access-token", url.Values{"username": {email}, "password": {password}}).Want(200).JSON(&tokens)
	return g.clients[anonymous].As(tokens.Token)
}

func (g *ground) person(name string, staff bool) (int64, webtest.Client) {
	email := name + "@own.example"
	id := g.clients[globalAdmin].Do("POST", "/api/user", map[string]any{"email": email, "password": password, "is_staff": staff}).Want(201).ID()
	return id, g.signIn(email)
}

func (g *ground) key(body map[string]any) webtest.Client {
	var key struct{ Key string }
	g.clients[globalAdmin].Do("POST", "/api/api-key", body).Want(201).Data(&key)
	return g.clients[anonymous].With("Ocp-Apim-Subscription-Key", key.Key)
}

// fresh makes one of each resource in the own organization, with its member
// and its admin.
func (g *ground) fresh() ids {
	g.t.Helper()
	return g.build(g.clients[globalAdmin], g.clients[admin], true)
}

// freshForeign makes one of each in the other organization.
func (g *ground) freshForeign() ids {
	g.t.Helper()
	return g.build(g.clients[foreignAdmin], g.clients[foreignAdmin], false)
}

// somebody makes a user of the actor's organization whom nobody will miss.
func (g *ground) somebody(who string) int64 {
	g.t.Helper()
	boss := g.clients[globalAdmin]
	if who == foreignAdmin {
		boss = g.clients[foreignAdmin]
	}
	g.made++
	return boss.Do("POST", "/api/user", map[string]any{"email": fmt.Sprintf("somebody%d@own.example", g.made)}).Want(201).ID()
}

// build has boss make the team, the project and the agent, and owner the
// corpus, the document, the thread and the answer.
func (g *ground) build(boss, owner webtest.Client, own bool) ids {
	g.t.Helper()
	g.made++
	name := fmt.Sprintf("n%d", g.made)
	at := ids{}
	at["team_id"] = boss.Do("POST", "/api/team", map[string]any{"name": name}).Want(201).ID()
	if own {
		path := fmt.Sprintf("/api/team/%d/user", at["team_id"])
		boss.Do("POST", path, map[string]any{"user_ids": []int64{g.ids[admin]}, "role": "admin"}).Want(200)
		boss.Do("POST", path, map[string]any{"user_ids": []int64{g.ids[member]}, "role": "member"}).Want(200)
	}
	at["project_id"] = boss.Do("POST", "/api/project", map[string]any{"name": name, "team": at["team_id"]}).Want(201).ID()
	at["agent_id"] = boss.Do("POST", "/api/agent", map[string]any{"name": name, "project_id": at["project_id"], "access": "Only team"}).Want(201).ID()
	boss.Do("POST", fmt.Sprintf("/api/agent/%d/alias", at["agent_id"]), map[string]any{}).Want(201)
	at["corpus_id"] = owner.Do("POST", "/api/corpus", map[string]any{"name": name}).Want(201).ID()
	at["document_id"] = owner.Upload(fmt.Sprintf("/api/corpus/%d/document", at["corpus_id"]), map[string]string{"content_type": "text", "source": "text of " + name}).Want(201).ID()
	var answer struct {
		ID     int64 `json:"agent_response_id"`
		Thread int64 `json:"thread_id"`
	}
	owner.Do("POST", fmt.Sprintf("/api/agent/%d/response", at["agent_id"]), map[string]any{"user_query": "What is " + name + "?"}).Want(200).Data(&answer)
	at["agent_response_id"], at["chat_thread_id"] = answer.ID, answer.Thread
	return at
}
