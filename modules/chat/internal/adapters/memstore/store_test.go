package memstore_test

import (
	"testing"
	"time"

	"parley/modules/chat/internal/adapters/memstore"
	"parley/modules/chat/internal/core/coretest"
	"parley/platform/kernel/clock"
	"parley/platform/memory"
)

func TestStore(t *testing.T) {
	coretest.TestStore(t, func(*testing.T) coretest.Subject {
		db := memory.New(clock.NewFixed(time.Unix(0, 0)))
		store := memstore.New(db)
		return coretest.Subject{Store: store, Unit: db, Ledger: store.Ledger}
	})
}
