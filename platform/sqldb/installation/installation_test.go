package installation_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"

	"parley/platform/kernel/uow"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
	"parley/platform/sqldb/installation"
)

// directory is a place of files in memory.
type directory struct{ owner string }

func (d *directory) Owner(context.Context) (string, error) { return d.owner, nil }
func (d *directory) SetOwner(_ context.Context, id string) error {
	d.owner = id
	return nil
}

func keys(of ...string) [][]byte {
	var out [][]byte
	for _, k := range of {
		out = append(out, []byte(strings.Repeat(k, 32)))
	}
	return out
}

func TestAProcessWithAnotherKeyOrOtherFilesIsNotLetIn(t *testing.T) {
	dbtest.Stores(t, installation.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		db, _ := open(t)
		ctx, shared := t.Context(), &directory{}
		enter := func(files installation.Mark, of ...string) error {
			return installation.Enter(ctx, db, keys(of...), files)
		}
		for _, step := range []struct {
			what  string
			files installation.Mark
			keys  []string
			want  error
		}{
			{"the first process", shared, []string{"a"}, nil},
			{"a second one", shared, []string{"a"}, nil},
			{"another key", shared, []string{"b"}, installation.ErrKey},
			{"an empty directory", &directory{}, []string{"a"}, installation.ErrFiles},
			{"the directory of another installation", &directory{owner: "other"}, []string{"a"}, installation.ErrFiles},
			{"a new key in front of the old one", shared, []string{"b", "a"}, nil},
			{"the new key alone", shared, []string{"b"}, nil},
			{"the old key alone", shared, []string{"a"}, installation.ErrKey},
		} {
			if err := enter(step.files, step.keys...); !errors.Is(err, step.want) {
				t.Errorf("%s: %v, want %v", step.what, err, step.want)
			}
		}
		if err := errors.Join(installation.ForgetKey(ctx, db), installation.ForgetFiles(ctx, db)); err != nil {
			t.Fatal(err)
		}
		if err := enter(&directory{}, "c"); err != nil {
			t.Errorf("after both were forgotten: %v", err)
		}
	})
}

func TestProcessesThatStartAtOnceAgreeOnTheInstallation(t *testing.T) {
	dbtest.Stores(t, installation.Migrations, func(t *testing.T, open func(t *testing.T) (*sqldb.DB, uow.Unit)) {
		db, _ := open(t)
		var all sync.WaitGroup
		marks := make([]directory, 6)
		for i := range marks {
			all.Go(func() {
				// The directory is another one for each: who is second is refused.
				_ = installation.Enter(t.Context(), db, keys("a"), &marks[i])
			})
		}
		all.Wait()
		owners := map[string]bool{}
		for _, m := range marks {
			if m.owner != "" {
				owners[m.owner] = true
			}
		}
		if len(owners) != 1 {
			t.Errorf("the ids %v", owners)
		}
	})
}

func TestHealthReadsARowAndAfterAFailedWriteWritesOne(t *testing.T) {
	db := dbtest.SQLite(t, installation.Migrations())
	ctx := t.Context()
	if err := installation.Healthy(ctx, db); err == nil {
		t.Error("healthy without an id")
	}
	if err := installation.Enter(ctx, db, keys("a"), &directory{}); err != nil {
		t.Fatal(err)
	}
	if err := installation.Healthy(ctx, db); err != nil {
		t.Fatal(err)
	}
	// The one connection that writes may make the database no larger.
	full := func(pages int) {
		t.Helper()
		if _, err := db.ExecContext(ctx, "PRAGMA max_page_count = ?", pages); err != nil {
			t.Fatal(err)
		}
	}
	write := func() error {
		return db.Within(ctx, func(ctx context.Context) error {
			_, err := db.On(ctx).NewRaw("CREATE TABLE more_" + strings.Repeat("x", 20) + " AS SELECT hex(zeroblob(100000)) AS filling").Exec(ctx)
			return err
		})
	}
	full(1)
	if err := write(); !sqldb.Unavailable(err) || db.WriteFailure() == nil {
		t.Fatalf("a full disk is %v, noted as %v", err, db.WriteFailure())
	}
	full(1 << 20)
	if err := installation.Healthy(ctx, db); err != nil || db.WriteFailure() != nil {
		t.Errorf("with space again: %v, %v", err, db.WriteFailure())
	}
	if err := write(); err != nil {
		t.Error(err)
	}
}
