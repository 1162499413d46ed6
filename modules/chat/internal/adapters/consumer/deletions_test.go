package consumer_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/modules/chat"
	"parley/modules/chat/internal/adapters/consumer"
	"parley/modules/chat/internal/adapters/memstore"
	"parley/modules/chat/internal/core"
	"parley/platform/bus"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/memory"
)

func TestAnAnswerThatWasDeletedElsewhereEndsHere(t *testing.T) {
	for name, c := range map[string]struct {
		fact event.Event
		ends []int64
	}{
		"its thread":     {chat.ThreadDeleted{ThreadID: 1, OrganizationID: 1, UserID: 7}, []int64{1}},
		"itself":         {chat.ResponseDeleted{AgentResponseID: 2, ThreadID: 2, OrganizationID: 1, UserID: 7}, []int64{2}},
		"another thread": {chat.ThreadDeleted{ThreadID: 9, OrganizationID: 1, UserID: 7}, nil},
		"another answer": {chat.ResponseDeleted{AgentResponseID: 9, ThreadID: 1, OrganizationID: 1, UserID: 7}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx := context.Background()
				db := memory.New(clock.System{})
				service := core.New(core.Deps{
					Unit: db, Store: memstore.New(db), Agents: &catalog{}, Askers: askers{}, Corpora: library{}, Models: core.Models{{Model: silent{}}}, Clock: clock.System{},
					Log: slog.New(slog.DiscardHandler), Owner: "process-a",
				})
				service.Open(ctx)
				for range 2 {
					if _, err := service.Ask(ctx, actor.Actor{UserID: 7, OrganizationID: 1}, core.Ask{AgentID: 3, UserQuery: "What is green?"}); err != nil {
						t.Fatal(err)
					}
				}
				synctest.Wait()
				envelopes, err := event.Seal(time.Now(), []event.Event{c.fact})
				if err != nil {
					t.Fatal(err)
				}
				deliver := bus.Inline(db, consumer.Consumers(service)...)
				for range 2 { // as events come
					if err := deliver(ctx, envelopes[0]); err != nil {
						t.Fatal(err)
					}
					synctest.Wait()
				}
				var ended []int64
				for _, e := range db.Published() {
					if e, ok := e.(chat.RunFailed); ok && e.State == "cancelled" {
						ended = append(ended, e.AgentResponseID)
					}
				}
				if diff := cmp.Diff(c.ends, ended); diff != "" {
					t.Error(diff)
				}
				if err := service.Close(ctx); err != nil {
					t.Error(err)
				}
			})
		})
	}
}
