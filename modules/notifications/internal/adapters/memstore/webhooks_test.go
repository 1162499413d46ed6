package memstore_test

import (
	"testing"
	"time"

	"parley/modules/notifications/internal/adapters/memstore"
	"parley/modules/notifications/internal/core"
	"parley/modules/notifications/internal/core/coretest"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
)

func TestWebhookStore(t *testing.T) {
	coretest.TestWebhookStore(t, func(*testing.T) (core.WebhookStore, uow.Unit) {
		db := memory.New(clock.NewFixed(time.Unix(0, 0)))
		return memstore.NewWebhooks(db), db
	})
}
