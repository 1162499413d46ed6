package memstore_test

import (
	"testing"
	"time"

	"parley/modules/analytics/internal/adapters/memstore"
	"parley/modules/analytics/internal/core"
	"parley/modules/analytics/internal/core/coretest"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
)

func open(*testing.T) (core.Store, uow.Unit) {
	db := memory.New(clock.NewFixed(time.Unix(0, 0)))
	return memstore.New(db), db
}

func TestStore(t *testing.T)     { coretest.TestStore(t, open) }
func TestFigures(t *testing.T)   { coretest.TestFigures(t, open) }
func TestQuestions(t *testing.T) { coretest.TestQuestions(t, open) }
