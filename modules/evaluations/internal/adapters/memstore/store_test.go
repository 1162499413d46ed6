package memstore_test

import (
	"testing"
	"time"

	"parley/modules/evaluations/internal/adapters/memstore"
	"parley/modules/evaluations/internal/core"
	"parley/modules/evaluations/internal/core/coretest"
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
