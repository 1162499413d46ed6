package sqldb_test

import (
	"context"
	"database/sql"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/platform/sqldb"
)

func TestWhatIsAskedTogetherIsAnsweredApartAndInOrder(t *testing.T) {
	eachWithKinds(t, func(t *testing.T, db *sqldb.DB, insert func([]everyKind) error) {
		if err := insert(append(kinds(1), kinds(3)...)); err != nil {
			t.Fatal(err)
		}
		rename := sqldb.NewChange("every_kind", "name = v.column2", "id = v.column1", "id, name")
		quiet := sqldb.NewChange("every_kind", "kind = v.column2", "id = v.column1", "")
		number := sqldb.NewChange("every_kind", "kind = v.column2", "id = v.column1", "id")
		names := db.Stmt("SELECT id, name FROM every_kind WHERE id >= $1 AND id <= $2 ORDER BY id")
		for round := range 3 { // also when they are prepared
			var got []string
			into := func(what string) func(*sql.Rows) error {
				return func(row *sql.Rows) error {
					var id int64
					var name string
					err := row.Scan(&id, &name)
					got = append(got, what+" "+name)
					return err
				}
			}
			err := db.Within(t.Context(), func(ctx context.Context) error {
				a := db.NewAsks()
				a.Change(rename, sqldb.Rows{{1, "one"}, {9, "nobody"}, {2, "two"}}, into("renamed"))
				a.Change(quiet, sqldb.Rows{{1, "q"}, {2, "q"}}, nil)
				a.Change(rename, sqldb.Rows{{8, "nobody"}}, into("none"))
				a.Change(rename, nil, into("never"))
				a.Change(rename, sqldb.Rows{{3, "three"}}, nil) // nobody reads what it answers
				a.Change(number, sqldb.Rows{{3, "q"}}, nil)
				a.Read(names, into("read"), 1, 2)
				a.Read(names, into("none"), 50, 60)
				a.Change(rename, sqldb.Rows{{4, "four"}}, into("then"))
				a.Read(names, into("again"), 4, 4)
				return a.Run(ctx)
			})
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"renamed one", "renamed two", "read one", "read two", "then four", "again four"}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(round, diff)
			}
		}
	})
}

func TestNothingStaysOfWhatIsAskedTogetherWhenOneFails(t *testing.T) {
	eachWithKinds(t, func(t *testing.T, db *sqldb.DB, insert func([]everyKind) error) {
		if err := insert(kinds(1)); err != nil {
			t.Fatal(err)
		}
		rename := sqldb.NewChange("every_kind", "name = v.column2", "id = v.column1", "id")
		renumber := sqldb.NewChange("every_kind", "id = v.column2", "id = v.column1", "id")
		any := func(*sql.Rows) error { return nil }
		both := func(ctx context.Context) error {
			a := db.NewAsks()
			a.Change(rename, sqldb.Rows{{1, "one"}}, any)
			a.Change(renumber, sqldb.Rows{{1, 2}}, any) // there is a 2
			a.Change(rename, sqldb.Rows{{2, "two"}}, any)
			return a.Run(ctx)
		}
		if both(t.Context()) == nil {
			t.Error("they ran outside of a transaction")
		}
		if err := db.Within(t.Context(), both); !sqldb.IsUnique(err) {
			t.Errorf("two of one number: %v", err)
		}
		n, err := db.NewSelect().Model((*everyKind)(nil)).Where("name IN ('one', 'two')").Count(t.Context())
		if err != nil || n != 0 {
			t.Errorf("%d rows were changed: %v", n, err)
		}
		if err := db.Within(t.Context(), db.NewAsks().Run); err != nil {
			t.Errorf("nothing was asked: %v", err)
		}
	})
}

func TestAnInsertTellsWhichRowsItWrote(t *testing.T) {
	eachWithKinds(t, func(t *testing.T, db *sqldb.DB, insert func([]everyKind) error) {
		for round := range 3 { // also when it is prepared
			first := int64(100 * round)
			if err := insert(kinds(first + 3)); err != nil { // two of those that follow
				t.Fatal(err)
			}
			var rows []everyKind
			var want []int64
			for id := first; id < first+22; id += 2 { // as many as take several statements
				rows = append(rows, kinds(id)...)
			}
			for _, r := range rows {
				if r.ID != first+3 && r.ID != first+4 {
					want = append(want, r.ID)
				}
			}
			rows = append(rows, rows[0]) // comes twice
			var got []int64
			id := func(row *sql.Rows) error {
				var id int64
				err := row.Scan(&id)
				got = append(got, id)
				return err
			}
			ctx, n := sqldb.CountQueries(t.Context())
			err := db.Within(ctx, func(ctx context.Context) error {
				a := db.NewAsks()
				a.Insert(sqldb.Insert{Rows: &rows, OnConflict: "DO NOTHING", Returning: "id"}, id)
				a.Insert(sqldb.Insert{Rows: &[]everyKind{}, Returning: "id"}, id)
				return a.Run(ctx)
			})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(round, diff)
			}
			if n.Load() > 4 { // begin and commit among them, and once what columns there are
				t.Errorf("%d statements", n.Load())
			}
		}
	})
}
