package consumer_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"parley/modules/chat/internal/adapters/consumer"
	"parley/modules/chat/internal/adapters/memstore"
	"parley/modules/chat/internal/core"
	"parley/modules/users"
	"parley/platform/bus"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/memory"
)

func TestADeletedUsersThreadsGoHoweverOftenItIsTold(t *testing.T) {
	ctx := context.Background()
	fixed := clock.NewFixed(time.Unix(0, 0))
	db := memory.New(fixed)
	store := memstore.New(db)
	service := core.New(ctx, core.Parts{Unit: db, Store: store, Clock: fixed, Log: slog.New(slog.DiscardHandler)})
	deliver := bus.Inline(db, consumer.Consumers(service)...)
	var threads []core.Thread
	for _, user := range []int64{7, 8} {
		thread, err := store.AddThread(ctx, core.Thread{UserID: user, AgentID: 3})
		if err != nil {
			t.Fatal(err)
		}
		threads = append(threads, thread)
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
}
