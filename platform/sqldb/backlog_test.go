package sqldb_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/fstest"

	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

func TestABacklogIsHandedOutOnce(t *testing.T) {
	files := fstest.MapFS{
		"1_things.tx.up.sql":   files["1_things.tx.up.sql"],
		"1_things.tx.down.sql": files["1_things.tx.down.sql"],
		"2_untold.tx.up.sql": {Data: []byte(`CREATE TABLE test_untold (name TEXT PRIMARY KEY, last_id BIGINT NOT NULL, until_id BIGINT NOT NULL);
--bun:split
INSERT INTO test_untold SELECT 'thing', 0, 5;`)},
		"2_untold.tx.down.sql": {Data: []byte(`DROP TABLE test_untold;`)},
	}
	dbtest.Each(t, []migrate.Set{{Module: "test", Files: files}}, func(t *testing.T, db *sqldb.DB) {
		unit := sqldb.NewUnit(db, &dbtest.Outbox{}, clock.NewFixed(now))
		table := things(db)
		for _, name := range []string{"a", "b", "c", "d", "e", "younger"} {
			if _, err := table.Add(t.Context(), thing{Name: name}); err != nil {
				t.Fatal(err)
			}
		}
		backlog := sqldb.Backlog[thing, thingRow]{Of: table, Notes: "test_untold", Name: "thing", ID: func(v thing) int64 { return v.ID }}
		boom := errors.New("boom")
		next := func(fails error) (names []string, more bool) {
			t.Helper()
			err := unit.Do(t.Context(), func(ctx context.Context, _ uow.Tx) error {
				values, m, err := backlog.Next(ctx, 2)
				for _, v := range values {
					names = append(names, v.Name)
				}
				more = m
				return errors.Join(err, fails)
			})
			if !errors.Is(err, fails) {
				t.Fatal(err)
			}
			return names, more
		}
		for _, step := range []struct {
			fails error
			want  []string
			more  bool
		}{{boom, []string{"a", "b"}, true}, {nil, []string{"a", "b"}, true}, {nil, []string{"c", "d"}, true}, {boom, []string{"e"}, false}, {nil, []string{"e"}, false}, {nil, nil, false}} {
			if names, more := next(step.fails); !slices.Equal(names, step.want) || more != step.more {
				t.Errorf("got %v, more %t, want %v", names, more, step.want)
			}
		}
		if _, _, err := backlog.Next(t.Context(), 2); err == nil {
			t.Error("handed out without a unit")
		}
	})
}
