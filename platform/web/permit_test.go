package web_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/memory"
	"parley/platform/memory/keys"
	"parley/platform/web"
	"parley/platform/webtest"
)

// shelf decides about books by what a test says.
type shelf struct {
	refuse map[int64]error
	asked  []any
}

func (s *shelf) decider(resource actor.Resource) access.Decider {
	return access.Decider{Resource: resource, May: func(_ context.Context, _ actor.Actor, id int64, do access.Action) error {
		s.asked = append(s.asked, string(resource), id, string(do))
		return s.refuse[id]
	}}
}

type lendRequest struct {
	BookID int64 `path:"book_id"`
	UserID int64 `query:"user_id"`
	Body   struct {
		Kind    string  `json:"kind,omitempty" enum:"box,room"`
		Place   *int64  `json:"place,omitempty"`
		ToAll   bool    `json:"to_all,omitempty"`
		Readers []int64 `json:"readers,omitempty"`
	} `required:"false"`
}

// Whoever sends a request again must still have what its policy needs.
func TestAStoredAnswerIsForWhoeverStillHasWhatThePolicyNeeds(t *testing.T) {
	book := web.On("book", "book_id", web.Edit)
	for name, c := range map[string]struct {
		policy web.Policy
		query  string
		body   string
		asked  string // of whom is asked what
	}{
		"a path parameter":              {book, "", `{}`, "[book 5 edit]"},
		"two needs, in order":           {book.And(web.On("box", "place", web.View)), "", `{"place":6}`, "[book 5 edit box 6 view]"},
		"a field that was not sent":     {book.And(web.On("box", "place", web.View).IfSent()), "", `{}`, "[book 5 edit]"},
		"a switch that is off":          {book.And(web.On("book", "book_id", web.Manage).When("to_all", true)), "", `{"to_all":false}`, "[book 5 edit]"},
		"a switch that is on":           {book.And(web.On("book", "book_id", web.Manage).When("to_all", true)), "", `{"to_all":true}`, "[book 5 edit book 5 manage]"},
		"a text that is another":        {book.And(web.On("book", "book_id", web.Manage).When("kind", "box")), "", `{"kind":"room"}`, "[book 5 edit]"},
		"a text that is it":             {book.And(web.On("book", "book_id", web.Manage).When("kind", "box")), "", `{"kind":"box"}`, "[book 5 edit book 5 manage]"},
		"the caller's own id":           {book.ForSelf("user_id", web.View), "?user_id=7", `{}`, "[book 5 view]"},
		"another id":                    {book.ForSelf("user_id", web.View), "?user_id=8", `{}`, "[book 5 edit]"},
		"a kind that the body names":    {web.OnKind("kind", "place", web.Manage), "", `{"kind":"room","place":6}`, "[room 6 manage]"},
		"the one of its kind":           {web.OnKind("kind", "place", web.Manage), "", `{"kind":"room"}`, "[room 0 manage]"},
		"a level that does not need it": {web.On("box", "place", web.Edit).OrLevel(actor.ApplicationAdmin), "", `{"place":6}`, "[box 6 view]"},
		"a level that is enough":        {web.On("box", "place", web.Edit).OrLevel(actor.ApplicationAdmin), "", `{}`, "[]"},
		"a list of people":              {book.And(web.On("person", "readers", web.View)), "", `{"readers":[1,2]}`, "[book 5 edit]"},
	} {
		t.Run(name, func(t *testing.T) {
			s := &shelf{refuse: map[int64]error{}}
			lend := func(context.Context, lendRequest) (thingView, error) { return thingView{}, nil }
			memory := keys.New(memory.New(clock.System{}))
			who := &actor.Actor{UserID: 7, OrganizationID: 1, Level: actor.ApplicationAdmin}
			server, err := web.New(web.Config{
				Routes: []web.Route{web.POST("/api/book/{book_id}", "Lend", lend, c.policy)}, Authenticator: standing{who}, Idempotency: memory,
				Deciders: []access.Decider{s.decider("book"), s.decider("box"), s.decider("room"), s.decider("person")}, Log: slog.New(slog.DiscardHandler),
			})
			if err != nil {
				t.Fatal(err)
			}
			client := webtest.New(t, server).As("token").With("Idempotency-Key", "k")
			send := func() webtest.Answer { return client.Do("POST", "/api/book/5"+c.query, c.body) }
			if send().Want(200); len(s.asked) != 0 {
				t.Errorf("the first request asked %v", s.asked)
			}
			if send().Want(200); words(s.asked) != c.asked {
				t.Errorf("asked %v, want %s", s.asked, c.asked)
			}
			if len(s.asked) > 0 {
				s.refuse[s.asked[len(s.asked)-2].(int64)] = errors.Join(web.ErrNotFound)
				send().Refused(404, "not_found")
			} else {
				who.Level = actor.User
				send().Refused(403, "forbidden")
			}
		})
	}
}

func TestANeedMayBeMetByAnotherOne(t *testing.T) {
	lend := func(context.Context, lendRequest) (thingView, error) { return thingView{}, nil }
	p := web.On("book", "book_id", web.Edit).OrOn(web.On("box", "place", web.Manage).When("to_all", false))
	for body, want := range map[string]int{
		`{"place":6,"to_all":false}`: 200,
		`{"place":6,"to_all":true}`:  404, // it is about another value
		`{"place":6}`:                404,
		`{"place":7,"to_all":false}`: 404, // nor may the caller manage that box
		`{"to_all":false}`:           404,
	} {
		s := &shelf{refuse: map[int64]error{}}
		server, err := web.New(web.Config{
			Routes: []web.Route{web.POST("/api/book/{book_id}", "Lend", lend, p)}, Authenticator: standing{&actor.Actor{UserID: 7, OrganizationID: 1}},
			Idempotency: keys.New(memory.New(clock.System{})), Deciders: []access.Decider{s.decider("book"), s.decider("box")}, Log: slog.New(slog.DiscardHandler),
		})
		if err != nil {
			t.Fatal(err)
		}
		client := webtest.New(t, server).As("token").With("Idempotency-Key", "k")
		client.Do("POST", "/api/book/5", body).Want(200)
		s.refuse[5], s.refuse[7] = web.ErrNotFound, web.ErrForbidden
		client.Do("POST", "/api/book/5", body).Want(want)
	}
	if got, want := p.Needs()[0].String(), "edit on the book (or manage on the box when to_all is false)"; got != want {
		t.Errorf("it reads %q, want %q", got, want)
	}
}

// standing is one caller, who may change.
type standing struct{ who *actor.Actor }

// Authenticate implements web.Authenticator.
func (s standing) Authenticate(context.Context, web.Credentials) (actor.Actor, error) {
	return *s.who, nil
}

func words(values []any) string {
	out := make([]string, len(values))
	for i, v := range values {
		switch v := v.(type) {
		case string:
			out[i] = v
		case int64:
			out[i] = string(rune('0' + v))
		}
	}
	return "[" + strings.Join(out, " ") + "]"
}

func TestTheServerRefusesPoliciesThatNobodyCouldCheck(t *testing.T) {
	lend := func(context.Context, lendRequest) (thingView, error) { return thingView{}, nil }
	s := &shelf{}
	for want, p := range map[string]web.Policy{
		`"shelf_id"`:               web.On("book", "shelf_id", web.View),
		`"sender_id"`:              web.On("book", "book_id", web.View).ForSelf("sender_id", web.View),
		`the resource "crate"`:     web.On("book", "book_id", web.View).OrOn(web.On("crate", "place", web.View)),
		`"loud"`:                   web.On("book", "book_id", web.View).When("loud", true),
		`"sort"`:                   web.OnKind("sort", "place", web.View),
		`"rank"`:                   web.User().LevelFor("rank", true, actor.GlobalAdmin),
		`the resource "newspaper"`: web.On("newspaper", "book_id", web.View),
		"compares":                 web.On("book", "book_id", web.View).When("kind", actor.Resource("box")),
		"which is a actor.Level":   web.User().LevelFor("kind", actor.GlobalAdmin, actor.GlobalAdmin),
		"which is a actor.Role":    web.User().UnrestrictedKeyOnlyForValue("kind", actor.Admin),
		`the resource "magazine"`:  web.User().Lists("magazine"),
	} {
		for _, r := range []web.Route{
			web.POST("/api/book/{book_id}", "Lend", lend, p), web.PUT("/api/book/{book_id}", "Lend", lend, p), web.POST("/api/book/{book_id}", "Lend", lend, p, web.IdempotentByHandler()),
		} {
			_, err := web.New(web.Config{Routes: []web.Route{r}, Authenticator: people, Deciders: []access.Decider{s.decider("book")}, Log: slog.New(slog.DiscardHandler)})
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("got %v, want … %s …", err, want)
			}
		}
	}
	_, err := web.New(web.Config{Authenticator: people, Deciders: []access.Decider{s.decider("book"), s.decider("book")}, Log: slog.New(slog.DiscardHandler)})
	if err == nil || !strings.Contains(err.Error(), "two modules decide about the resource book") {
		t.Errorf("two deciders: %v", err)
	}
}

// What a DELETE deleted is gone when its request is sent again; all else that
// its policy needs is asked for as ever.
func TestTheAnswerOfADeletionIsForWhoeverDeleted(t *testing.T) {
	s := &shelf{refuse: map[int64]error{}}
	drop := func(_ context.Context, r lendRequest) (thingView, error) {
		s.refuse[r.BookID] = web.ErrNotFound
		return thingView{ID: r.BookID}, nil
	}
	policy := web.On("box", "place", web.View).And(web.On("book", "book_id", web.Delete))
	server, err := web.New(web.Config{
		Routes: []web.Route{
			web.DELETE("/api/book/{book_id}", "Drop", drop, policy, web.Toggles()), web.POST("/api/book/{book_id}/move", "Move", drop, policy),
		},
		Authenticator: people, Idempotency: keys.New(memory.New(clock.System{})), Deciders: []access.Decider{s.decider("book"), s.decider("box")}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	client := webtest.New(t, server).As("user")
	send := func() webtest.Answer {
		return client.With("Idempotency-Key", "k").Do("DELETE", "/api/book/5", `{"place":6}`)
	}
	for range 2 {
		if got := send().Want(200).ID(); got != 5 {
			t.Errorf("deleted %d", got)
		}
	}
	s.refuse[5] = web.ErrForbidden
	send().Refused(403, "forbidden")
	s.refuse[5], s.refuse[6] = web.ErrNotFound, web.ErrNotFound
	send().Refused(404, "not_found")
	s.refuse[6] = nil // what another request than a DELETE did not find was not its own to remove
	client.With("Idempotency-Key", "l").Do("POST", "/api/book/7/move", `{"place":6}`).Want(200)
	client.With("Idempotency-Key", "l").Do("POST", "/api/book/7/move", `{"place":6}`).Refused(404, "not_found")
}

func TestAToggleHonoursTheKeyOfARepeatedRequest(t *testing.T) {
	on := false
	flip := func(context.Context, nothing) (bool, error) { on = !on; return on, nil }
	server, err := web.New(web.Config{
		Routes:        []web.Route{web.PUT("/api/lamp", "Flip", flip, web.User(), web.Toggles())},
		Authenticator: people, Idempotency: keys.New(memory.New(clock.System{})), Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	c := webtest.New(t, server).As("user")
	for range 3 {
		if c.With("Idempotency-Key", "k").Do("PUT", "/api/lamp", nil).Want(200); !on {
			t.Fatal("flipped again")
		}
	}
	if c.Do("PUT", "/api/lamp", nil).Want(200); on {
		t.Error("without a key it is flipped each time")
	}
}
