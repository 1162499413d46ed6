package httpv1_test

import (
	"context"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"parley/modules/agents"
	"parley/modules/chat/internal/adapters/httpv1"
	"parley/modules/chat/internal/adapters/memstore"
	"parley/modules/chat/internal/core"
	"parley/modules/corpora"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/clock"
	"parley/platform/memory"
	"parley/platform/webtest"
)

// catalog has agent 3, which everybody sees and jo administers when he may,
// until it is lost.
type catalog struct {
	admin bool
	lost  atomic.Bool
}

func (c *catalog) Forget(int64, int64) {}

func (c *catalog) Run(ctx context.Context, who actor.Actor, id int64) (agents.Runnable, error) {
	return c.View(ctx, who, id)
}

func (c *catalog) View(_ context.Context, _ actor.Actor, id int64) (agents.Runnable, error) {
	if id != 3 {
		return agents.Runnable{}, apperr.New(apperr.NotFound, "agents.not_found", "There is no such agent.")
	}
	return agents.Runnable{ID: 3, OrganizationID: 1, AgentType: "QnA", Version: 2, PrefixPrompt: "You are kind.", Instructions: []string{"Be brief."}, Admin: c.admin}, nil
}

func (c *catalog) Administers(ctx context.Context, who actor.Actor, id int64) (bool, error) {
	_, err := c.View(ctx, who, id)
	return c.admin, err
}

func (c *catalog) Runners(_ context.Context, _, _ int64, users []int64) ([]int64, error) {
	if c.lost.Load() {
		return nil, nil
	}
	return users, nil
}

// askers are whoever is asked for.
type askers struct{}

func (a askers) Actor(ctx context.Context, organizationID, userID int64) (actor.Actor, error) {
	level, err := a.Level(ctx, organizationID, userID)
	return actor.Actor{UserID: userID, OrganizationID: organizationID, Level: level}, err
}

func (askers) Forget(...int64) {}

// Level is that of ann, who is a global admin, and of everybody else there is.
func (askers) Level(_ context.Context, _, userID int64) (actor.Level, error) {
	switch userID {
	case 8:
		return actor.GlobalAdmin, nil
	case 404:
		return actor.User, apperr.New(apperr.NotFound, "users.not_found", "There is no such user.")
	}
	return actor.User, nil
}

func (askers) GlobalAdminIDs(context.Context, int64) ([]int64, error) { return []int64{8}, nil }

type library struct{}

func (library) Usable(_ context.Context, _ actor.Actor, s corpora.Scope) ([]int64, error) {
	if slices.Contains(s.Only, 66) {
		return nil, corpora.OutsideScope{CorpusIDs: []int64{66}}
	}
	return []int64{5}, nil
}

func (library) Retrieve(context.Context, actor.Actor, corpora.Scope, string, int) (corpora.Retrieval, error) {
	page := 4
	return corpora.Retrieval{Considered: 2, CorpusIDs: []int64{5}, Passages: []corpora.Passage{
		{ChunkID: 21, DocumentID: 11, CorpusID: 5, Title: "Guide", URL: "/api/document/11/content", Text: "The warp coil is green.", Page: &page, Score: 1.5},
	}}, nil
}

func (library) Readable(_ context.Context, _ actor.Actor, _ int64, documents []int64) ([]int64, error) {
	return documents, nil
}

type script func(ctx context.Context, emit func(string) error) (core.Completion, error)

func (script) Name() string { return "m-1" }

func (m script) Answer(ctx context.Context, _ core.Prompt, emit func(string) error) (core.Completion, error) {
	return m(ctx, emit)
}

// says emits the pieces, a second apart.
func says(pieces ...string) script {
	return func(_ context.Context, emit func(string) error) (core.Completion, error) {
		out := core.Completion{Model: "m-1", FollowUps: []string{"And blue?"}, Usage: core.Usage{FreshInput: 100, CachedInput: 20, Output: 10, Reasoning: 5, Reported: true}}
		for i, piece := range pieces {
			if i > 0 {
				time.Sleep(time.Second)
			}
			if err := emit(piece); err != nil {
				return out, err
			}
			out.Text += piece
		}
		return out, nil
	}
}

func hangs(ctx context.Context, emit func(string) error) (core.Completion, error) {
	if err := emit("Half an"); err != nil {
		return core.Completion{}, err
	}
	<-ctx.Done()
	return core.Completion{Text: "Half an"}, ctx.Err()
}

func breaks(_ context.Context, emit func(string) error) (core.Completion, error) {
	if err := emit("Half an"); err != nil {
		return core.Completion{}, err
	}
	return core.Completion{Text: "Half an"}, core.ErrModelFailed.WithMessage("The model server broke off in the middle.")
}

// scene is the API over a chat in memory.
type scene struct {
	t       *testing.T
	db      *memory.DB
	service *core.Service
	catalog *catalog
	jo, ann webtest.Client
	nobody  webtest.Client
}

func open(t *testing.T, model core.Model) *scene {
	t.Helper()
	db := memory.New(clock.System{})
	s := &scene{t: t, db: db, catalog: &catalog{}}
	s.service = core.New(core.Deps{
		Places: core.Places{UserRunning: 50, UserOpen: 100},
		Unit:   db, Store: memstore.New(db), Agents: s.catalog, Askers: askers{}, Corpora: library{}, Models: core.Models{{Model: model}}, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), Owner: "process-a",
	})
	s.service.Open(context.Background())
	t.Cleanup(func() {
		if err := s.service.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	people := webtest.Actors{
		"jo":  {UserID: 7, OrganizationID: 1, Email: "jo@example.com"},
		"ann": {UserID: 8, OrganizationID: 1, Email: "ann@example.com", Level: actor.GlobalAdmin},
	}
	s.nobody = webtest.Serve(t, people, httpv1.New(s.service).Routes()).Watching(s.db)
	s.jo, s.ann = s.nobody.As("jo"), s.nobody.As("ann")
	return s
}

// What a run publishes. What these events say of it is tested with the use cases.
const (
	threadMade = webtest.Named("chat.thread_created.v1")
	completed  = webtest.Named("chat.run_completed.v1")
	failed     = webtest.Named("chat.run_failed.v1")
)

// play runs a test in fake time, without a network.
func play(t *testing.T, model core.Model, test func(s *scene)) {
	synctest.Test(t, func(t *testing.T) { test(open(t, model)) })
}

const (
	runPath = "/api/agent/3/response"
	ask     = `{"user_query":"What is green?"}`
)
