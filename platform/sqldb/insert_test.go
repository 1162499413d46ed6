package sqldb_test

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/uptrace/bun"

	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

type kind string

// everyKind has a field of each kind that models have.
type everyKind struct {
	bun.BaseModel `bun:"table:every_kind"`

	ID     int64
	Name   string
	Kind   kind
	Is     bool
	Number int64
	Share  float64
	At     time.Time
	Later  *time.Time
	Text   *string
	Whole  *int64
	Raw    json.RawMessage
	List   []string
	Part   struct{ A int }
}

// kinds are a row with everything and one with nothing.
func kinds(from int64) []everyKind {
	at := time.Date(2026, 3, 1, 12, 0, 0, 120_000_000, time.FixedZone("X", 3600))
	text, whole := "it's \"ü\" \\ 漢", int64(-7)
	full := everyKind{
		ID: from, Name: text, Kind: "k", Is: true, Number: 1 << 60, Share: -0.125, At: at, Later: &at, Text: &text, Whole: &whole,
		Raw: json.RawMessage(`{"a":"it's"}`), List: []string{"a", "b'c"},
	}
	full.Part.A = 3
	return []everyKind{full, {ID: from + 1, At: at.Add(time.Microsecond)}}
}

func eachWithKinds(t *testing.T, test func(t *testing.T, db *sqldb.DB, insert func(rows []everyKind) error)) {
	dbtest.Each(t, nil, func(t *testing.T, db *sqldb.DB) {
		at := "TEXT"
		if db.Postgres() {
			at = "TIMESTAMPTZ"
		}
		_, err := db.NewRaw(`CREATE TABLE every_kind (id BIGINT PRIMARY KEY, name TEXT, kind TEXT, "is" BOOLEAN, number BIGINT, share DOUBLE PRECISION,
			at ? , later ?, text TEXT, whole BIGINT, raw TEXT, list TEXT, part TEXT)`, bun.Safe(at), bun.Safe(at)).Exec(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		test(t, db, func(rows []everyKind) error {
			return db.Within(t.Context(), func(ctx context.Context) error {
				return db.Insert(ctx, sqldb.Insert{Rows: &rows, OnConflict: "(id) DO NOTHING"})
			})
		})
	})
}

// The rows of bun and of SQLite's prepared inserts are compared as texts: the
// one must store to the letter what the other does.
func TestAPreparedInsertStoresWhatBunStores(t *testing.T) {
	eachWithKinds(t, func(t *testing.T, db *sqldb.DB, insert func([]everyKind) error) {
		stored := func(from int64) (out []string) {
			t.Helper()
			err := db.NewRaw(`SELECT name || '|' || kind || '|' || "is" || '|' || number || '|' || share || '|' || at || '|' || coalesce(CAST(later AS TEXT), '-') || '|' ||
				coalesce(text, '-') || '|' || coalesce(CAST(whole AS TEXT), '-') || '|' || coalesce(raw, '-') || '|' || coalesce(list, '-') || '|' || part
				FROM every_kind WHERE id BETWEEN ? AND ? ORDER BY id`, from, from+1).Scan(t.Context(), &out)
			if err != nil {
				t.Fatal(err)
			}
			return out
		}
		first := kinds(1)
		if _, err := db.NewInsert().Model(&first).Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
		for range 2 { // and again, which conflicts
			if err := insert(kinds(3)); err != nil {
				t.Fatal(err)
			}
		}
		byBun := stored(1)
		if len(byBun) != 2 {
			t.Fatal(byBun)
		}
		if diff := cmp.Diff(byBun, stored(3)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestRowsOfEveryNumberAreStoredOnceEach(t *testing.T) {
	eachWithKinds(t, func(t *testing.T, db *sqldb.DB, insert func([]everyKind) error) {
		from := int64(1)
		for round := range 2 { // also when it is prepared
			for _, n := range []int64{1, 3, 4, 5, 16, 17, 23, 40} {
				rows := make([]everyKind, n)
				for i := range rows {
					rows[i] = kinds(from + int64(i))[0]
				}
				if err := insert(rows); err != nil {
					t.Fatal(err)
				}
				var stored []int64
				err := db.NewSelect().Model((*everyKind)(nil)).Column("id").Where("id >= ?", from).Order("id").Scan(t.Context(), &stored)
				if err != nil || int64(len(stored)) != n || stored[n-1] != from+n-1 {
					t.Fatalf("round %d: of %d rows %d are there: %v", round, n, len(stored), err)
				}
				from += n
			}
		}
	})
}

func TestATextThatNoDatabaseTakesIsRefusedByBothInserts(t *testing.T) {
	eachWithKinds(t, func(t *testing.T, db *sqldb.DB, insert func([]everyKind) error) {
		bad := kinds(1)
		bad[1].Name = "a\x00b"
		if _, err := db.NewInsert().Model(&bad).Exec(t.Context()); err == nil {
			t.Error("bun stored it")
		}
		for range 2 {
			if insert(bad) == nil {
				t.Error("the prepared insert stored it")
			}
		}
		n, err := db.NewSelect().Model((*everyKind)(nil)).Count(t.Context())
		if err != nil || n != 0 {
			t.Errorf("%d rows are there: %v", n, err)
		}
	})
}

func TestAScriptRunsItsStatementsInOrderAndInATransactionOnly(t *testing.T) {
	eachWithKinds(t, func(t *testing.T, db *sqldb.DB, _ func([]everyKind) error) {
		run := func(ctx context.Context) error {
			rows, none := kinds(1), []everyKind{}
			s := db.NewScript()
			s.Insert(sqldb.Insert{Rows: &none})
			s.Insert(sqldb.Insert{Rows: &rows})
			s.Add(db.NewUpdate().Model((*everyKind)(nil)).Set("name = ?", "it’s; -- 'x'").Where("id = 1"))
			s.Add(db.NewDelete().Model((*everyKind)(nil)).Where("id = 2"))
			return s.Exec(ctx)
		}
		if run(t.Context()) == nil {
			t.Error("it ran without a transaction")
		}
		ctx, n := sqldb.CountQueries(t.Context())
		if err := db.Within(ctx, run); err != nil {
			t.Fatal(err)
		}
		var names []string
		if err := db.NewSelect().Model((*everyKind)(nil)).Column("name").Scan(t.Context(), &names); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff([]string{"it’s; -- 'x'"}, names); diff != "" {
			t.Error(diff)
		}
		if n.Load() < 3 {
			t.Errorf("%d statements were counted", n.Load())
		}
	})
}

func TestTimesAreWrittenAsBunWritesThem(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	times := []time.Time{{}, time.Unix(0, 0), time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(10_000, 1, 1, 0, 0, 0, 999_999_999, time.UTC), time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.FixedZone("", -3600))}
	for range 5000 {
		at := time.Unix(random.Int64N(400_000_000_000)-200_000_000_000, random.Int64N(1_000_000_000))
		if random.IntN(2) == 0 {
			at = at.Truncate(time.Duration(math.Pow10(random.IntN(10)))).In(time.FixedZone("X", random.IntN(80_000)-40_000))
		}
		times = append(times, at)
	}
	for _, at := range times {
		if got, want := sqldb.TimeText(at), at.UTC().Format("2006-01-02 15:04:05.999999-07:00"); got != want {
			t.Errorf("%s is written as %s", want, got)
		}
	}
}
