package sqlstore_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"log/slog"
	"testing"

	"parley/modules/chat"
	"parley/modules/chat/internal/adapters/sqlstore"
	"parley/modules/chat/internal/core"
	"parley/modules/chat/internal/core/coretest"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

func TestStore(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		coretest.TestStore(t, func(t *testing.T) coretest.Subject {
			db, unit := open(t)
			return coretest.Subject{Store: sqlstore.New(db), Unit: unit, Ledger: func(ctx context.Context, run int64) ([]core.Metered, error) {
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
			}}
		})
	})
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
