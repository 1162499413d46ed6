package memstore_test

import (
	"testing"
	"time"

	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
	"parley/platform/work"
	"parley/platform/work/memstore"
	"parley/platform/work/worktest"
)

func TestStore(t *testing.T) {
	worktest.TestStore(t, func(*testing.T) (work.Store, uow.Unit) {
		db := memory.New(clock.NewFixed(time.Unix(0, 0)))
		return memstore.New(db), db
	})
}
