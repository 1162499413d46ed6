package sqlstore_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"parley/modules/analytics/internal/adapters/memstore"
	"parley/modules/analytics/internal/adapters/sqlstore"
	"parley/modules/analytics/internal/core"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
	"parley/platform/storetest"
)

// TestWhatIsWronglyStoredIsFoundAndMended damages what is stored in every way that
// a fault of the disk or of an operator could, one at a time.
func TestWhatIsWronglyStoredIsFoundAndMended(t *testing.T) {
	dbtest.Stores(t, sqlstore.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		ctx, check := context.Background(), storetest.New(t)
		db, _ := open(t)
		now := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
		service := core.New(sqlstore.New(db), clock.NewFixed(now))
		check.NoError(service.Record(ctx, many(now, 2000)[:60]...))
		check.NoError(sqlstore.New(db).Seal(ctx, 1, now))
		ask := func() []core.Row {
			rows, err := sqlstore.New(db).Ask(ctx, core.Question{Selection: core.Selection{
				Scope: core.Scope{OrganizationID: 1, All: true}, From: now.AddDate(0, -2, 0), Until: now,
			}, By: core.ByUser, Threads: true, Cuts: []time.Time{now.Add(-9 * time.Hour)}})
			check.NoError(err)
			return rows
		}
		right := ask()
		differing := func() (n int) {
			segments, err := service.Check(ctx, 1, func(core.Difference) { n++ })
			check.NoError(err)
			if segments == 0 {
				t.Error("no segment was compared")
			}
			return n
		}
		check.Equal(0, differing())
		for name, damage := range map[string]string{
			"a face of a quarter": "UPDATE analytics_segments SET data = (SELECT o.data FROM analytics_segments o WHERE o.face = 3 ORDER BY o.level, o.start LIMIT 1) " +
				"WHERE face = 4 AND level = 0 AND start = (SELECT max(start) FROM analytics_segments WHERE level = 0)",
			"a large segment": "UPDATE analytics_segments SET data = (SELECT o.data FROM analytics_segments o WHERE o.face = 1 AND o.level = 0 ORDER BY o.start LIMIT 1) " +
				"WHERE face = 1 AND level = 2",
			"a segment that is not there": "DELETE FROM analytics_segments WHERE level = 2 AND start = (SELECT min(start) FROM analytics_segments WHERE level = 2)",
			"all segments":                "DELETE FROM analytics_segments",
			"a fact that is in none":      "UPDATE analytics_facts SET prompt_tokens = prompt_tokens + 1 WHERE id = (SELECT min(id) FROM analytics_facts WHERE prompt_tokens > 0)",
		} {
			_, err := db.ExecContext(ctx, damage)
			check.NoError(err)
			if differing() == 0 {
				t.Errorf("nothing differs after damage to %s", name)
			}
			_, err = service.Rebuild(ctx, 1, func(core.Difference) {})
			check.NoError(err)
			check.Equal(0, differing())
			if name == "a fact that is in none" {
				_, err := db.ExecContext(ctx, "UPDATE analytics_facts SET prompt_tokens = 900 WHERE prompt_tokens > 900")
				check.NoError(err)
				_, err = service.Rebuild(ctx, 1, func(core.Difference) {})
				check.NoError(err)
			}
			if !check.Equal(right, ask()) {
				t.Errorf("after damage to %s", name)
			}
		}
	})
}

// TestAnUpgradeMakesTheSegmentsAnew counts what was sealed, what came late and
// what is not sealed, with segments that have none of the new faces.
func TestAnUpgradeMakesTheSegmentsAnew(t *testing.T) {
	older := func() migrate.Set { return dbtest.Before(t, sqlstore.Migrations(), "92") }
	dbtest.Stores(t, older, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		ctx, check := context.Background(), storetest.New(t)
		db, _ := open(t)
		now := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
		facts := many(now, 2000)[:60]
		// For the store, which is of now.
		_, err := db.ExecContext(ctx, "ALTER TABLE analytics_segments DROP COLUMN form")
		check.NoError(err)
		_, err = db.ExecContext(ctx, "ALTER TABLE analytics_segments ADD COLUMN form INTEGER NOT NULL DEFAULT 0")
		check.NoError(err)
		service := core.New(sqlstore.New(db), clock.NewFixed(now))
		late := facts[len(facts)-3:] // before all others
		check.NoError(service.Record(ctx, facts[:len(facts)-3]...))
		check.NoError(sqlstore.New(db).Seal(ctx, 1, now.Add(-2*time.Hour)))
		check.NoError(service.Record(ctx, late...))
		_, err = db.ExecContext(ctx, "DELETE FROM analytics_segments WHERE face > 22")
		check.NoError(err)
		check.NoError(migrate.New(db, []migrate.Set{sqlstore.Migrations()}, slog.New(slog.DiscardHandler)).Up(ctx))

		q := core.Question{Selection: core.Selection{Scope: core.Scope{OrganizationID: 1, All: true}, From: now.AddDate(0, -2, 0), Until: now.Add(time.Hour)}, Users: true, Threads: true}
		plain := memstore.New(memory.New(clock.NewFixed(now)))
		check.NoError(core.New(plain, clock.NewFixed(now)).Record(ctx, facts...))
		want, err := plain.Ask(ctx, q)
		check.NoError(err)
		for range 2 {
			got, err := sqlstore.New(db).Ask(ctx, q)
			check.NoError(err)
			check.Equal(want, got)
			check.NoError(sqlstore.New(db).Seal(ctx, 1, now))
		}
		segments, err := sqlstore.New(db).Compare(ctx, 1, false, func(d core.Difference) { t.Errorf("%+v is not the sum of its facts", d) })
		check.NoError(err)
		if segments == 0 {
			t.Error("nothing was sealed anew")
		}
	})
}

// While two versions run, a job that seals may be taken by the one before.
func TestAProcessOfTheVersionBeforeSealsNothing(t *testing.T) {
	dbtest.Each(t, []migrate.Set{sqlstore.Migrations()}, func(t *testing.T, db *sqldb.DB) {
		ctx, data := t.Context(), []byte{0}
		for _, conflict := range []string{"", " ON CONFLICT (organization_id, face, level, start) DO UPDATE SET version = EXCLUDED.version, data = EXCLUDED.data"} {
			if _, err := db.NewRaw("INSERT INTO analytics_segments (organization_id, face, level, start, version, data, form) VALUES (1, 4, 0, 7, 1, ?, 8)"+conflict, data).Exec(ctx); err == nil {
				t.Error("its segment is there")
			}
			if _, err := db.NewRaw("INSERT INTO analytics_segments (organization_id, face, level, start, version, data, form) VALUES (1, 4, 0, 7, 1, ?, 92) ON CONFLICT DO NOTHING", data).Exec(ctx); err != nil {
				t.Fatal(err) // the second time it is in the way of the other
			}
		}
		runner := migrate.New(db, []migrate.Set{sqlstore.Migrations()}, slog.New(slog.DiscardHandler))
		for _, step := range []func(context.Context) error{runner.Down, runner.Up} {
			if err := step(ctx); err != nil {
				t.Fatal(err)
			}
		}
	})
}
