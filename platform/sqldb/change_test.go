package sqldb_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// manyRows are so many that PostgreSQL gets a change of them as arrays.
const manyRows = 20

func TestAChangeUpdatesEachRowByItsOwnValues(t *testing.T) {
	eachWithKinds(t, func(t *testing.T, db *sqldb.DB, insert func([]everyKind) error) {
		rename := sqldb.NewChange("every_kind", "name = v.column2, at = v.column3::timestamptz", "id = v.column1 AND NOT \"is\"", "id, name")
		clear := sqldb.NewChange("every_kind", "kind = CASE WHEN name = v.column2 THEN 'twice' ELSE v.column2 END", "id = v.column1", "")
		if err := insert(append(kinds(1), kinds(3)...)); err != nil {
			t.Fatal(err)
		}
		at := time.Date(2026, 3, 1, 12, 0, 0, 120_000_000, time.FixedZone("X", 3600))
		for n := range 3 { // also when it is prepared
			changed := map[int64]string{}
			err := db.Within(t.Context(), func(ctx context.Context) error {
				s := db.NewScript()
				s.Change(clear, sqldb.Rows{{1, "x"}, {2, "y"}})
				s.Change(clear, nil)
				if err := s.Exec(ctx); err != nil {
					return err
				}
				rows := sqldb.Rows{{1, "nobody's", at}, {2, "it's 'two' v.column1 ?1 $1", at}, {4, "four", at}, {9, "nine", at}}
				for i := 0; n == 2 && i < manyRows; i++ {
					rows = append(rows, []any{100 + i, "none", at})
				}
				return db.Change(ctx, rename, rows, func(row *sql.Rows) error {
					var id int64
					var name string
					err := row.Scan(&id, &name)
					changed[id] = name
					return err
				})
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(map[int64]string{2: "it's 'two' v.column1 ?1 $1", 4: "four"}, changed); diff != "" {
				t.Error(n, diff)
			}
			var stored []everyKind
			if err := db.NewSelect().Model(&stored).Column("id", "name", "kind", "at").Order("id").Scan(t.Context()); err != nil {
				t.Fatal(err)
			}
			if len(stored) != 4 || stored[0].Kind != "x" || stored[1].Kind != "y" || stored[2].Kind != "k" || !stored[1].At.Equal(at) || stored[0].Name == "nobody's" {
				t.Errorf("%d: %+v", n, stored)
			}
		}
	})
}

func TestRowsOfEveryNumberAreChangedOnceEach(t *testing.T) {
	dbtest.Each(t, nil, func(t *testing.T, db *sqldb.DB) {
		for _, text := range []string{"CREATE TABLE numbers (id BIGINT PRIMARY KEY, n BIGINT)", "INSERT INTO numbers VALUES (0, 0), (99, NULL)"} {
			if _, err := db.ExecContext(t.Context(), text); err != nil {
				t.Fatal(err)
			}
		}
		add := sqldb.NewChange("numbers", "n = n + v.column2", "id = v.column1", "id")
		for many := range 40 {
			if _, err := db.NewRaw("INSERT INTO numbers VALUES (?, 0)", many+1).Exec(t.Context()); err != nil {
				t.Fatal(err)
			}
			rows := make(sqldb.Rows, many)
			for i := range rows {
				rows[i] = []any{i + 1, i + 1}
			}
			told := map[int64]int{}
			err := db.Within(t.Context(), func(ctx context.Context) error {
				return db.Change(ctx, add, rows, func(row *sql.Rows) error {
					var id int64
					err := row.Scan(&id)
					told[id]++
					return err
				})
			})
			if err != nil || len(told) != many {
				t.Fatalf("of %d rows it told of %v: %v", many, told, err)
			}
			var wrong int
			// Row i was changed by each change of i and more rows.
			if err := db.NewRaw("SELECT count(*) FROM numbers WHERE coalesce(n, 0) <> CASE WHEN id BETWEEN 1 AND ? THEN id * (? - id + 1) ELSE 0 END", many, many).Scan(t.Context(), &wrong); err != nil || wrong != 0 {
				t.Fatalf("after %d rows %d are wrong: %v", many, wrong, err)
			}
		}
	})
}

func TestAChangeIsRefusedOutsideOfATransactionAndWithWhatNoDatabaseTakes(t *testing.T) {
	eachWithKinds(t, func(t *testing.T, db *sqldb.DB, insert func([]everyKind) error) {
		rename := sqldb.NewChange("every_kind", "name = v.column2", "id = v.column1", "")
		if err := insert(kinds(1)); err != nil {
			t.Fatal(err)
		}
		if db.Change(t.Context(), rename, sqldb.Rows{{1, "a"}}, nil) == nil {
			t.Error("it ran outside of a transaction")
		}
		change := func(ctx context.Context, rows sqldb.Rows) error {
			return db.Within(ctx, func(ctx context.Context) error { return db.Change(ctx, rename, rows, nil) })
		}
		if err := change(t.Context(), sqldb.Rows{{2, "b"}, {1, "a\x00b"}}); err == nil {
			t.Error("a NUL was stored")
		}
		if err := change(t.Context(), sqldb.Rows{{1}}); err == nil {
			t.Error("a row without a value was changed")
		}
		gone, leave := context.WithCancel(t.Context())
		err := db.Within(gone, func(ctx context.Context) error {
			leave()
			return db.Change(ctx, rename, sqldb.Rows{{1, "a"}}, nil)
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("for who has gone: %v", err)
		}
		n, err := db.NewSelect().Model((*everyKind)(nil)).Where("name IN ('a', 'b')").Count(t.Context())
		if err != nil || n != 0 {
			t.Errorf("%d rows were changed: %v", n, err)
		}
	})
}

// own is a list that is something else as JSON.
type own []string

func (own) MarshalJSON() ([]byte, error) { return []byte(`"own"`), nil }

// The rows of both databases are compared with what bun writes into an update.
func TestAChangeStoresValuesOfEachKindAsBunDoes(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 120_000_000, time.FixedZone("X", 3600))
	text, whole, is := "it's ü", int64(-7), true
	values := map[string][]any{
		"text": {"a", kind("k"), &text, (*string)(nil), nil, json.RawMessage(`{"a":"it's"}`), json.RawMessage(nil), []string{"a", "b'c"}, []string(nil), own(nil), map[string]int(nil), map[string]int{"a": 1}, struct{ A int }{3}},
		"at":   {at, &at}, "later": {(*time.Time)(nil)},
		"number": {7, int8(7), int32(7), int64(1) << 60, &whole}, "share": {float32(0.5), -0.125}, `"is"`: {true, &is},
	}
	eachWithKinds(t, func(t *testing.T, db *sqldb.DB, insert func([]everyKind) error) {
		if err := insert(kinds(1)); err != nil {
			t.Fatal(err)
		}
		for column, all := range values {
			cast := ""
			if column == "at" || column == "later" {
				cast = "::timestamptz"
			}
			change := sqldb.NewChange("every_kind", column+" = v.column2"+cast, "id = v.column1", "")
			stored := func(id int64) (out string) {
				t.Helper()
				var kindOf string
				typeOf := "typeof"
				if db.Postgres() {
					typeOf = "pg_typeof"
				}
				err := db.NewRaw("SELECT coalesce(CAST("+column+" AS TEXT), 'NULL'), CAST("+typeOf+"("+column+") AS TEXT) FROM every_kind WHERE id = ?", id).Scan(t.Context(), &out, &kindOf)
				if err != nil {
					t.Fatal(err)
				}
				return out + " as " + kindOf
			}
			for _, value := range all {
				if db.Postgres() && value == nil && column != "text" {
					continue
				}
				if _, err := db.NewRaw("UPDATE every_kind SET "+column+" = ? WHERE id = 2", value).Exec(t.Context()); err != nil {
					t.Fatal(err)
				}
				want := stored(2)
				for _, n := range []int{1, manyRows} {
					err := db.Within(t.Context(), func(ctx context.Context) error {
						return db.Change(ctx, change, slices.Repeat(sqldb.Rows{{1, value}}, n), nil)
					})
					if err != nil {
						t.Fatalf("%s = %T: %v", column, value, err)
					}
					if got := stored(1); got != want {
						t.Errorf("%s = %T in %d rows: it stored %s, and bun %s", column, value, n, got, want)
					}
				}
			}
		}
	})
}

func TestAChangeRefusesValuesThatItCannotStoreAsBunDoes(t *testing.T) {
	eachWithKinds(t, func(t *testing.T, db *sqldb.DB, insert func([]everyKind) error) {
		if err := insert(kinds(1)); err != nil {
			t.Fatal(err)
		}
		rename := sqldb.NewChange("every_kind", "name = v.column2", "id = v.column1", "")
		nul := "a\x00b"
		change := func(value any) error {
			return db.Within(t.Context(), func(ctx context.Context) error {
				return db.Change(ctx, rename, sqldb.Rows{{1, value}}, nil)
			})
		}
		for _, value := range []any{kind(nul), &nul} {
			if change(value) == nil {
				t.Errorf("a NUL in a %T was stored", value)
			}
		}
		for _, value := range []any{sql.NullString{String: "a", Valid: true}, []byte("a"), uint64(1), make(chan int)} {
			if err := change(value); err == nil || !strings.Contains(err.Error(), "takes no values of type") {
				t.Errorf("%T: %v", value, err)
			}
		}
	})
}

// PostgreSQL doesn't plan a kept statement again because its table has grown.
func TestAPlanOfAChangeIsMadeAnewAfterAWhile(t *testing.T) {
	db := dbtest.Postgres(t)
	db.SetMaxOpenConns(1) // which then has all that is prepared
	if _, err := db.ExecContext(t.Context(), `CREATE TABLE one (id BIGINT PRIMARY KEY, n BIGINT NOT NULL); INSERT INTO one VALUES (1, 0)`); err != nil {
		t.Fatal(err)
	}
	count := sqldb.NewChange("one", "n = n + v.column2", "id = v.column1", "n")
	most, names := 0, map[string]bool{}
	for i := range 200 {
		err := db.Within(t.Context(), func(ctx context.Context) error {
			for _, n := range []int{1, 2, 2} {
				told := 0
				err := db.Change(ctx, count, slices.Repeat(sqldb.Rows{{1, 1}}, n), func(row *sql.Rows) error {
					told++
					return row.Scan(new(int64))
				})
				if err != nil || told != n {
					t.Errorf("a change of %d rows told of %d: %v", n, told, err)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(i, err)
		}
		var kept []struct {
			Name string
			Uses int
		}
		if err := db.NewRaw("SELECT name, generic_plans + custom_plans AS uses FROM pg_prepared_statements WHERE statement LIKE 'UPDATE one%'").Scan(t.Context(), &kept); err != nil {
			t.Fatal(err)
		}
		if len(kept) != 1 {
			t.Fatalf("after %d changes it is kept as %+v", 5*(i+1), kept)
		}
		most, names[kept[0].Name] = max(most, kept[0].Uses), true
	}
	if most > sqldb.RenewAfter || len(names) != 4 {
		t.Errorf("of 1,000 changes up to %d had one plan, and %d plans were made", most, len(names))
	}
	var n int
	if err := db.NewRaw("SELECT n FROM one").Scan(t.Context(), &n); err != nil || n != 1000 {
		t.Errorf("%d were counted: %v", n, err)
	}
}

func TestAChangeOfAllRowsFailsWithItsTransactionWhereOneIsMissing(t *testing.T) {
	dbtest.Each(t, nil, func(t *testing.T, db *sqldb.DB) {
		for _, text := range []string{
			"CREATE TABLE numbers (id BIGINT PRIMARY KEY, n BIGINT)",
			"WITH RECURSIVE s (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < 40) INSERT INTO numbers SELECT i, 0 FROM s",
		} {
			if _, err := db.ExecContext(t.Context(), text); err != nil {
				t.Fatal(err)
			}
		}
		add := sqldb.NewChange("numbers", "n = n + v.column2", "id = v.column1", "1")
		for _, many := range []int{1, 3, manyRows} {
			for _, missing := range []bool{false, true, false} {
				rows := make(sqldb.Rows, many)
				for i := range rows {
					rows[i] = []any{i + 1, 1}
				}
				if missing {
					rows[many-1][0] = 99
				}
				before := sumOf(t, db)
				err := db.Within(t.Context(), func(ctx context.Context) error {
					s := db.NewScript()
					s.ChangeAll(add, nil)
					s.ChangeAll(add, rows)
					return s.Exec(ctx)
				})
				changed := sumOf(t, db) - before
				if missing && (err == nil || changed != 0) || !missing && (err != nil || changed != many) {
					t.Errorf("of %d rows %d were changed, with one missing: %v: %v", many, changed, missing, err)
				}
			}
		}
	})
}

func sumOf(t *testing.T, db *sqldb.DB) (sum int) {
	t.Helper()
	if err := db.NewRaw("SELECT sum(n) FROM numbers").Scan(t.Context(), &sum); err != nil {
		t.Fatal(err)
	}
	return sum
}
