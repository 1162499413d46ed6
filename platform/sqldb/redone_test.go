package sqldb_test

import (
	"context"
	"testing"

	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
)

// waitsForDisk is true unless the transaction itself has set that it does not.
const waitsForDisk = "SELECT source <> 'session' FROM pg_settings WHERE name = 'synchronous_commit'"

func TestOnlyATransactionThatIsDoneAgainDoesNotWaitForTheDisk(t *testing.T) {
	db := dbtest.Postgres(t)
	db.SetMaxOpenConns(1) // one sets it, and the next must not find it set
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE seen (waits BOOLEAN NOT NULL)"); err != nil {
		t.Fatal(err)
	}
	firsts := map[string]func(ctx context.Context) error{
		"a statement": func(ctx context.Context) error {
			_, err := db.On(ctx).NewRaw("INSERT INTO seen " + waitsForDisk).Exec(ctx)
			return err
		},
		"a message of several": func(ctx context.Context) error {
			s := db.NewScript()
			s.Add(db.On(ctx).NewRaw("INSERT INTO seen " + waitsForDisk))
			s.Add(db.On(ctx).NewRaw("SELECT 1"))
			return s.Exec(ctx)
		},
		"the message that commits": func(ctx context.Context) error {
			s := db.NewScript()
			s.Add(db.On(ctx).NewRaw("INSERT INTO seen " + waitsForDisk))
			return s.PutOff(ctx)
		},
	}
	for name, first := range firsts {
		for _, redone := range []bool{true, false} {
			ctx := t.Context()
			if redone {
				ctx = sqldb.Redone(ctx)
			}
			if err := db.Within(ctx, first); err != nil {
				t.Fatal(err)
			}
			var waits []bool
			if err := db.NewRaw("DELETE FROM seen RETURNING waits").Scan(t.Context(), &waits); err != nil {
				t.Fatal(err)
			}
			if len(waits) != 1 || waits[0] == redone {
				t.Errorf("a transaction that begins with %s, done again %v: waits for the disk %v", name, redone, waits)
			}
		}
	}
}
