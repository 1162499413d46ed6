package consumer_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/modules/agents"
	"parley/modules/chat"
	"parley/modules/chat/internal/adapters/consumer"
	"parley/modules/chat/internal/adapters/memstore"
	"parley/modules/chat/internal/core"
	"parley/modules/corpora"
	"parley/modules/projects"
	"parley/modules/users"
	"parley/platform/bus"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/memory"
)

func TestADeletedUsersThreadsGoHoweverOftenItIsTold(t *testing.T) {
	ctx := context.Background()
	fixed := clock.NewFixed(time.Unix(0, 0))
	db := memory.New(fixed)
	store := memstore.New(db)
	service := core.New(core.Deps{Unit: db, Store: store, Askers: askers{}, Clock: fixed, Log: slog.New(slog.DiscardHandler)})
	deliver := bus.Inline(db, consumer.Consumers(service)...)
	var threads []core.Thread
	for _, user := range []int64{7, 8} {
		thread, err := store.AddThread(ctx, core.Thread{UserID: user, AgentID: 3})
		if err != nil {
			t.Fatal(err)
		}
		threads = append(threads, thread)
	}
	var grants []core.Grant
	for _, of := range [][2]int64{{1, 7}, {7, 8}} {
		g, err := store.AddGrant(ctx, core.Grant{GrantedTo: of[0], UserID: &of[1], ExpiresOn: fixed.Now().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		grants = append(grants, g)
	}
	for range 2 { // two envelopes, as after a restore
		envelopes, err := event.Seal(fixed.Now(), []event.Event{users.UserDeleted{UserID: 7}})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // and each of them twice
			if err := deliver(ctx, envelopes[0]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := store.Thread(ctx, 7, threads[0].ID); !errors.Is(err, core.ErrNotFound) {
		t.Errorf("the thread of the deleted user: %v", err)
	}
	if _, err := store.Thread(ctx, 8, threads[1].ID); err != nil {
		t.Errorf("the thread of another user: %v", err)
	}
	if _, err := store.Grant(ctx, 0, grants[0].ID); !errors.Is(err, core.ErrGrantNotFound) {
		t.Errorf("the grant on the deleted user: %v", err)
	}
	if g, err := store.Grant(ctx, 0, grants[1].ID); err != nil || g.Live(fixed.Now()) {
		t.Errorf("the grant that the deleted user made: %+v, %v", g, err)
	}
}

// catalog is an agent that user 7 loses, and counts how often it is asked who
// has not.
type catalog struct {
	agents.Catalog
	lost  atomic.Bool
	asked atomic.Int64
}

func (c *catalog) Run(_ context.Context, _ actor.Actor, id int64) (agents.Runnable, error) {
	return agents.Runnable{ID: id, OrganizationID: 1, ProjectID: 4}, nil
}

func (c *catalog) Forget(int64, int64) {}

func (c *catalog) Runners(_ context.Context, _, _ int64, asked []int64) ([]int64, error) {
	c.asked.Add(1)
	var may []int64
	for _, user := range asked {
		if user != 7 || !c.lost.Load() {
			may = append(may, user)
		}
	}
	return may, nil
}

// askers are whoever is asked for.
type askers struct{ core.Askers }

func (askers) Actor(_ context.Context, organizationID, userID int64) (actor.Actor, error) {
	return actor.Actor{UserID: userID, OrganizationID: organizationID}, nil
}

func (askers) Forget(...int64) {}

type library struct{ corpora.Retriever }

func (library) Retrieve(context.Context, actor.Actor, corpora.Scope, string, int) (corpora.Retrieval, error) {
	return corpora.Retrieval{}, nil
}

// silent is a model that never answers.
type silent struct{}

func (silent) Name() string { return "silent" }

func (silent) Answer(ctx context.Context, _ core.Prompt, _ func(string) error) (core.Completion, error) {
	<-ctx.Done()
	return core.Completion{}, ctx.Err()
}

func TestWhatTakesAnAgentAwayEndsRunsOnceHoweverOftenItIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		fact event.Event
		ends bool
	}{
		"a narrower agent":                 {agents.AgentUpdated{AgentID: 3, OrganizationID: 1, Narrowed: true}, true},
		"a changed agent":                  {agents.AgentUpdated{AgentID: 3, OrganizationID: 1}, false},
		"another agent":                    {agents.AgentUpdated{AgentID: 99, OrganizationID: 1, Narrowed: true}, false},
		"a deleted agent":                  {agents.AgentDeleted{AgentID: 3, OrganizationID: 1}, true},
		"a role":                           {users.AccessChanged{UserID: 7, OrganizationID: 1, What: "permission"}, true},
		"a flag":                           {users.AccessChanged{UserID: 7, OrganizationID: 1, What: "flags"}, true},
		"a suspension":                     {users.AccessChanged{UserID: 7, OrganizationID: 1, What: "suspension"}, true},
		"an ended session":                 {users.AccessChanged{UserID: 7, OrganizationID: 1, What: "session"}, false},
		"a revoked key":                    {users.AccessChanged{UserID: 7, OrganizationID: 1, What: "api_key"}, false},
		"a role of somebody without a run": {users.AccessChanged{UserID: 9, OrganizationID: 1, What: "permission"}, false},
		"a deleted user":                   {users.UserDeleted{UserID: 7, OrganizationID: 1}, true},
		"a project that leaves its team":   {projects.ProjectMoved{ProjectID: 5, OrganizationID: 1, FromTeamID: 2}, true},
		"a project that had no team":       {projects.ProjectMoved{ProjectID: 4, OrganizationID: 1, TeamID: 2}, false},
		"another organization's project":   {projects.ProjectMoved{ProjectID: 6, OrganizationID: 2, FromTeamID: 3}, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := context.Background()
				db := memory.New(clock.System{})
				of := &catalog{}
				service := core.New(core.Deps{
					Unit: db, Store: memstore.New(db), Agents: of, Askers: askers{}, Corpora: library{}, Models: core.Models{{Model: silent{}}}, Clock: clock.System{}, Log: slog.New(slog.DiscardHandler), Owner: "process-a",
				})
				service.Open(ctx)
				for _, user := range []int64{7, 8} {
					if _, err := service.Ask(ctx, actor.Actor{UserID: user, OrganizationID: 1}, core.Ask{AgentID: 3, UserQuery: "What is green?"}); err != nil {
						t.Fatal(err)
					}
				}
				synctest.Wait()
				of.lost.Store(true)
				of.asked.Store(0)
				deliver := bus.Inline(db, consumer.Consumers(service)...)
				for range 2 { // two envelopes, as after a restore
					envelopes, err := event.Seal(time.Now(), []event.Event{c.fact})
					if err != nil {
						t.Fatal(err)
					}
					for range 2 { // and each of them twice
						if err := deliver(ctx, envelopes[0]); err != nil {
							t.Fatal(err)
						}
						synctest.Wait()
					}
				}
				var ended []int64
				for _, e := range db.Published() {
					if e, ok := e.(chat.RunFailed); ok && e.State == "cancelled" {
						ended = append(ended, e.UserID)
					}
				}
				var want []int64
				if c.ends {
					want = []int64{7}
				}
				if diff := cmp.Diff(want, ended); diff != "" || (of.asked.Load() > 0) != c.ends {
					t.Errorf("asked %d times; %s", of.asked.Load(), diff)
				}
				if err := service.Close(ctx); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
