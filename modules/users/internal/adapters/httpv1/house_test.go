package httpv1_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"parley/modules/users/internal/adapters/auditor"
	"parley/modules/users/internal/adapters/consumer"
	"parley/modules/users/internal/adapters/httpv1"
	"parley/modules/users/internal/adapters/memstore"
	"parley/modules/users/internal/adapters/token"
	"parley/modules/users/internal/core"
	"parley/platform/auditlog"
	"parley/platform/bus"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
	"parley/platform/memory/keys"
	"parley/platform/web"
	"parley/platform/webtest"
	"parley/platform/work"
	workstore "parley/platform/work/memstore"
)

// plain is a hasher that takes no time.
type plain struct{}

func (plain) Hash(_ context.Context, p string) (string, error)     { return "hash:" + p, nil }
func (plain) Matches(_ context.Context, h, p string) (bool, error) { return h == "hash:"+p, nil }

type noHistory struct{}

func (noHistory) BlankPersonal(context.Context, []string) error { return nil }

// teams decides about teams: whoever holds a role sees one, and its admins
// and global admins administer it.
var teams = access.Decider{Resource: actor.Team, May: func(_ context.Context, who actor.Actor, id int64, do access.Action) error {
	role := who.Holds(actor.Team, id)
	switch {
	case role == actor.NoRole && !who.IsGlobalAdmin():
		return apperr.New(apperr.NotFound, "projects.team_not_found", "There is no such team.")
	case do != access.View && role != actor.Admin && !who.IsGlobalAdmin():
		return apperr.New(apperr.Forbidden, "projects.not_team_admin", "Only the team's admins do this.")
	}
	return nil
}}

// house is the module behind the real edge: organization 1 with a global
// admin, and organization 2 with another.
type house struct {
	t *testing.T
	webtest.Client
	db      *memory.DB
	clock   *clock.Fixed
	service *core.Service
	admin   int64
	queue   *work.Queue
	handler http.Handler
}

const password = "correct horse"

func newHouse(t *testing.T, change ...func(*core.Deps)) *house {
	t.Helper()
	at := clock.NewFixed(time.Date(2024, 10, 2, 0, 2, 24, 378434000, time.UTC))
	db := memory.New(at)
	return houseOn(t, at, db, auditlog.Unit(db), memstore.New(db), change...)
}

func houseOn(t *testing.T, at *clock.Fixed, db *memory.DB, unit uow.Unit, store core.Store, change ...func(*core.Deps)) *house {
	t.Helper()
	tokens, err := token.New([]byte(strings.Repeat("k", 32)))
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, db: db, clock: at}
	parts := core.Deps{Unit: unit, Store: store, Hasher: plain{}, Tokens: tokens, History: noHistory{}, Clock: at}
	if db != nil {
		h.queue = work.NewQueue(workstore.New(db), nil, at)
		parts.Queue = h.queue
	}
	for _, c := range change {
		c(&parts)
	}
	h.service = core.New(parts)
	h.service.Decided([]access.Decider{teams})
	if db != nil {
		db.Deliver(bus.Inline(db, consumer.Consumers(h.service)...))
	}
	api := httpv1.New(h.service)
	s, err := web.New(web.Config{Routes: api.Routes(), Authenticator: api, Auditor: auditor.New(h.service), Idempotency: keys.New(memory.New(at)), Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	h.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.RemoteAddr = "192.0.2.7:4711"
		s.ServeHTTP(w, r)
	})
	h.Client = webtest.New(t, h.handler).CheckedAgainst(s)
	if db != nil {
		h.Client = h.Watching(db)
	}
	for i, email := range []string{"admin@example.com", "boss@other.org"} {
		_, admin, err := h.service.CreateOrganization(t.Context(), fmt.Sprintf("Org %d", i+1), email, password)
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			h.admin = admin.ID
		}
	}
	return h
}

// as signs in.
func (h *house) as(email string) webtest.Client { h.t.Helper(); return h.As(h.token(email)) }

func (h *house) token(email string) string {
	h.t.Helper()
	var tokens struct {
		Token string `json:"ejento_access_token"`
	}
	h.Do("POST", "/api/login/access-token", url.Values{"username": {email}, "password": {password}}).Want(200).JSON(&tokens)
	return tokens.Token
}

// What is told of a user, where the fields are tested elsewhere.
const (
	userMade      = webtest.Named("users.user_created.v1")
	userChanged   = webtest.Named("users.user_changed.v1")
	accessChanged = webtest.Named("users.access_changed.v1")
	roleChanged   = webtest.Named("users.role_changed.v1")
)

// telling expects events of a client's requests, but in a house on a database, which
// keeps no list of them.
func (h *house) telling(c webtest.Client, events ...event.Event) webtest.Client {
	if h.db == nil {
		return c
	}
	return c.Expecting(events...)
}

// add makes a user who can sign in; more is put into the body.
func (h *house) add(email string, more ...string) int64 {
	h.t.Helper()
	body := map[string]any{"email": email}
	if email != "" {
		body["password"] = password
	}
	for _, flag := range more {
		body[flag] = true
	}
	return h.telling(h.as("admin@example.com"), userMade).Do("POST", "/api/user", body).Want(201).ID()
}
