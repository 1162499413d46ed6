package consumer_test

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"parley/modules/corpora/internal/adapters/consumer"
	"parley/modules/corpora/internal/adapters/memstore"
	"parley/modules/corpora/internal/core"
	"parley/modules/users"
	"parley/platform/bus"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
)

func TestTheSameDeletionTwicePassesCorporaOnce(t *testing.T) {
	ctx := t.Context()
	now := clock.NewFixed(time.Unix(0, 0))
	db := memory.New(now)
	s := core.New(core.Deps{Unit: db, Store: memstore.New(db), Clock: now, Log: slog.New(slog.DiscardHandler)})
	jo, al := actor.Actor{UserID: 11, OrganizationID: 1}, actor.Actor{UserID: 12, OrganizationID: 1}
	for _, who := range []actor.Actor{jo, al} {
		if _, err := s.CreateCorpus(ctx, who, core.NewCorpus{Name: "Guides"}); err != nil {
			t.Fatal(err)
		}
	}
	// Two consumers that don't know of each other, as after a lost inbox.
	once, again := bus.Inline(db, consumer.Consumers(s)...), bus.Inline(db, consumer.Consumers(s)...)
	db.Deliver(func(ctx context.Context, e event.Envelope) error {
		if err := once(ctx, e); err != nil {
			return err
		}
		return again(ctx, e)
	})
	err := db.Do(ctx, func(_ context.Context, tx uow.Tx) error {
		tx.Publish(users.UserDeleted{OrganizationID: 1, UserID: 11, DeletedBy: 12})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	found, err := s.Corpora(ctx, al, page.Request{})
	if err != nil || len(found.Items) != 2 || found.Items[0].Name != "Guides (1)" || found.Items[1].Name != "Guides" {
		t.Errorf("%+v, %v", found.Items, err)
	}
}

func TestTheNamesOfTheConsumersStay(t *testing.T) {
	var names []string
	for _, c := range consumer.Consumers(core.New(core.Deps{})) {
		names = append(names, c.Name)
	}
	if !slices.Equal(names, []string{"corpora.ownership", "corpora.cleanup"}) {
		t.Errorf("%v: their places in the stream are kept by name", names)
	}
}
