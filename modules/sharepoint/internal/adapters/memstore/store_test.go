package memstore_test

import (
	"testing"
	"time"

	"parley/modules/sharepoint/internal/adapters/memstore"
	"parley/modules/sharepoint/internal/core"
	"parley/modules/sharepoint/internal/core/coretest"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
)

func TestStore(t *testing.T) {
	coretest.TestStore(t, func(*testing.T) (core.Store, uow.Unit) {
		db := memory.New(clock.NewFixed(time.Unix(0, 0)))
		return memstore.New(db), db
	})
}
