// Package installation keeps what all processes of an installation share: its
// id, the fingerprint of its secret key, and that its files have their place.
// A process with another key or other files is kept from starting, and
// readiness is told by reading and, after a failed write, writing here.
package installation

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/uptrace/bun"

	"parley/platform/kernel/id"
	"parley/platform/migrate"
	"parley/platform/sqldb"
)

//go:embed migrations/*.sql
var files embed.FS

// Migrations are the package's table.
func Migrations() migrate.Set { return migrate.Set{Module: "installation", Files: files} }

// The errors of a process that does not belong to the installation.
var (
	ErrKey = errors.New("the secret key is not the one that this database was used with: sessions and stored secrets depend on it. " +
		"Set the old key again; to change it, put the new one in front of the old one in PARLEY_SECRET_KEY, with a comma. " +
		"If the old key is lost, run \"parley installation forget-key\"")
	ErrFiles = errors.New("this directory of files is not the one that this database was used with, so documents would be missing. " +
		"Set PARLEY_DATA_DIR to the directory that all processes share. If the files are lost, run \"parley installation forget-files\"")
)

// The facts.
const (
	idFact    = "id"
	keyFact   = "key"   // fingerprint of the key that signs
	filesFact = "files" // "marked", once the directory has its mark
	probeFact = "probe" // rewritten to see whether writing works
)

type factRow struct {
	bun.BaseModel `bun:"table:installation_facts,alias:f"`
	Name          string `bun:",pk"`
	Value         string
}

// Mark is where files keep the id of the installation that they belong to.
type Mark interface {
	// Owner answers the id, "" when there is none.
	Owner(ctx context.Context) (string, error)
	// SetOwner keeps the id.
	SetOwner(ctx context.Context, id string) error
}

// Enter makes a process part of the installation, or answers ErrKey or
// ErrFiles. keys are the secret keys, the one that signs first. The first
// process of an installation decides.
func Enter(ctx context.Context, db *sqldb.DB, keys [][]byte, files Mark) error {
	return db.Within(ctx, func(ctx context.Context) error {
		facts, err := read(ctx, db)
		if err != nil {
			return err
		}
		if facts[idFact] == "" {
			// Two first processes at once: one waits here for the other's commit.
			if err := put(ctx, db, idFact, id.New(), "DO NOTHING"); err != nil {
				return err
			}
			if facts, err = read(ctx, db); err != nil {
				return err
			}
		}
		if err := checkKey(ctx, db, facts[keyFact], keys); err != nil {
			return err
		}
		return checkFiles(ctx, db, facts, files)
	})
}

func checkKey(ctx context.Context, db *sqldb.DB, known string, keys [][]byte) error {
	var prints []string
	for _, k := range keys {
		prints = append(prints, fingerprint(k))
	}
	switch {
	case len(prints) == 0 || known == prints[0]:
		return nil
	case known != "" && !slices.Contains(prints, known):
		return ErrKey
	}
	return put(ctx, db, keyFact, prints[0], "(name) DO UPDATE SET value = EXCLUDED.value")
}

func checkFiles(ctx context.Context, db *sqldb.DB, facts map[string]string, files Mark) error {
	owner, err := files.Owner(ctx)
	if err != nil {
		return err
	}
	switch {
	case owner == facts[idFact]:
		return nil
	case owner != "" || facts[filesFact] != "":
		return ErrFiles
	}
	if err := files.SetOwner(ctx, facts[idFact]); err != nil {
		return err
	}
	return put(ctx, db, filesFact, "marked", "(name) DO UPDATE SET value = EXCLUDED.value")
}

// fingerprint tells keys apart and gives nothing of them away.
func fingerprint(key []byte) string {
	h := hmac.New(sha256.New, key)
	h.Write([]byte("the fingerprint of a secret key of parley"))
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// ForgetKey lets the next process decide about the secret key.
func ForgetKey(ctx context.Context, db *sqldb.DB) error { return forget(ctx, db, keyFact) }

// ForgetFiles lets the next process decide about the files; directories keep
// the mark that they have.
func ForgetFiles(ctx context.Context, db *sqldb.DB) error { return forget(ctx, db, filesFact) }

func forget(ctx context.Context, db *sqldb.DB, name string) error {
	if _, err := db.On(ctx).NewDelete().Model((*factRow)(nil)).Where("name = ?", name).Exec(ctx); err != nil {
		return fmt.Errorf("forgetting the %s of the installation: %w", name, err)
	}
	return nil
}

// Healthy reads a row that is always there, and when the last write failed,
// writes one.
func Healthy(ctx context.Context, db *sqldb.DB) error {
	facts, err := read(ctx, db)
	if err != nil {
		return err
	}
	if facts[idFact] == "" {
		return errors.New("the database has lost the id of the installation")
	}
	if db.WriteFailure() == nil {
		return nil
	}
	return db.Within(ctx, func(ctx context.Context) error {
		return put(ctx, db, probeFact, id.New(), "(name) DO UPDATE SET value = EXCLUDED.value")
	})
}

func read(ctx context.Context, db *sqldb.DB) (map[string]string, error) {
	var rows []factRow
	if err := db.On(ctx).NewSelect().Model(&rows).Scan(ctx); err != nil {
		return nil, fmt.Errorf("reading about the installation: %w", err)
	}
	out := make(map[string]string, len(rows))
	for _, r := range rows {
		out[r.Name] = r.Value
	}
	return out, nil
}

func put(ctx context.Context, db *sqldb.DB, name, value, onConflict string) error {
	row := factRow{Name: name, Value: value}
	if _, err := db.On(ctx).NewInsert().Model(&row).On("CONFLICT " + strings.TrimSpace(onConflict)).Exec(ctx); err != nil {
		return fmt.Errorf("noting the %s of the installation: %w", name, err)
	}
	return nil
}
