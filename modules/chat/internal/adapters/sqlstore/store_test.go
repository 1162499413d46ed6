package sqlstore_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"parley/modules/chat"
	"parley/modules/chat/internal/adapters/sqlstore"
	"parley/modules/chat/internal/core"
	"parley/modules/chat/internal/core/coretest"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

func TestStore(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		coretest.TestStore(t, func(t *testing.T) coretest.Subject {
			db, unit := open(t)
			return coretest.Subject{Store: sqlstore.New(db), Unit: unit, Ledger: ledger(db)}
		})
	})
}

// counting counts the batches that are written, and those of them that expect no
// part to be refused.
type counting struct {
	core.Store
	all, expecting *atomic.Int64
}

func (c counting) Write(ctx context.Context, b core.Batch) (core.Written, error) {
	c.all.Add(1)
	if b.Expecting {
		c.expecting.Add(1)
	}
	return c.Store.Write(ctx, b)
}

func TestAStoreThatExpectsNoRefusalWritesTheSame(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { writesTheSame(t, dbtest.SQLite) })
	t.Run("postgres", func(t *testing.T) { writesTheSame(t, dbtest.Postgres) })
}

func writesTheSame(t *testing.T, open func(testing.TB, ...migrate.Set) *sqldb.DB) {
	t.Helper()
	var all, expecting atomic.Int64
	t.Run("store", func(t *testing.T) {
		coretest.TestStore(t, func(t *testing.T) coretest.Subject {
			db := open(t, sqlstore.Migrations())
			store := sqlstore.New(db)
			return coretest.Subject{
				Store: counting{store, &all, &expecting}, Unit: sqldb.NewUnit(db, nowhere{}, clock.System{}), Ledger: ledger(db),
				Expect: func(ctx context.Context, questions int, at time.Time) {
					if err := store.Stock(ctx, questions, at); err != nil {
						t.Error(err)
					}
				},
			}
		})
	})
	if again := all.Load() - expecting.Load(); again == 0 || again > expecting.Load()/2 {
		t.Errorf("of %d batches %d were written again", expecting.Load(), again)
	}
}

func ledger(db *sqldb.DB) func(ctx context.Context, run int64) ([]core.Metered, error) {
	return func(ctx context.Context, run int64) ([]core.Metered, error) {
		var rows []struct {
			chat.Usage
			Raw sql.NullString
		}
		err := db.On(ctx).NewSelect().TableExpr("chat_ledger").
			Column("purpose", "model", "fresh_input", "cached_input", "output", "reasoning", "cost_nano", "usage_source", "cost", "cost_source", "raw").
			Where("run_id = ?", run).OrderExpr("id").Scan(ctx, &rows)
		var out []core.Metered
		for _, r := range rows {
			m := core.Metered{Usage: r.Usage}
			if r.Raw.Valid {
				m.Raw = json.RawMessage(r.Raw.String)
			}
			out = append(out, m)
		}
		return out, err
	}
}

func TestTheTablesGoAndComeBack(t *testing.T) {
	set := sqlstore.Migrations()
	sets := []migrate.Set{set}
	dbtest.Each(t, sets, func(t *testing.T, db *sqldb.DB) {
		m := migrate.New(db, sets, slog.New(slog.DiscardHandler))
		if err := m.Down(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := sqlstore.New(db).Owners(t.Context()); err == nil {
			t.Error("the tables are still there")
		}
		if err := m.Up(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := sqlstore.New(db).Owners(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
