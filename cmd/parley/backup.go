package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"parley/modules/corpora/corporafx"
	"parley/platform/blob"
	"parley/platform/config"
	"parley/platform/sqldb"
)

// A backup is a folder that looks like a data directory, and has what
// sha256sum reads beside it.
const (
	dumpFile = "parley.dump" // PostgreSQL, as pg_dump writes it
	sumsFile = "SHA256SUMS"
)

// kept are the parts of a data directory that are not the database, in the
// order in which they are copied: after the database, so that every file that
// it names is there.
var kept = []string{filesDir, "sharepoint", "secret.key", "demo.json"}

type backupCmd struct {
	Folder string `arg:"" help:"Folder to write to; it must not exist, or be empty."`
}

// Run copies the database and the files, also of a running server, and checks
// that the copy can be restored.
func (k backupCmd) Run(ctx context.Context) error {
	if err := emptyFolder(k.Folder); err != nil {
		return err
	}
	return withExisting(ctx, false, func(b *base) error {
		if err := b.runner().Check(ctx); err != nil {
			return err
		}
		var err error
		if b.db.Postgres() {
			err = dump(ctx, b.config.DatabaseURL, filepath.Join(k.Folder, dumpFile))
		} else {
			_, err = b.db.ExecContext(ctx, "VACUUM INTO ?", filepath.Join(k.Folder, databaseFile))
		}
		if err != nil {
			return fmt.Errorf("copying the database: %w", err)
		}
		for _, name := range kept {
			if err := copyTree(ctx, filepath.Join(b.config.DataDir, name), filepath.Join(k.Folder, name)); err != nil {
				return fmt.Errorf("copying %s: %w", name, err)
			}
		}
		if err := writeSums(ctx, k.Folder); err != nil {
			return err
		}
		documents, err := k.check(ctx, b)
		if err != nil {
			return fmt.Errorf("the backup in %s can't be restored: %w", k.Folder, err)
		}
		fmt.Printf("Backed up to %s. It was restored to check it: the database is whole, and the files of its %d documents are there.\n", k.Folder, documents)
		if b.config.SecretKey != "" {
			fmt.Println("The secret key is in PARLEY_SECRET_KEY and not in the backup: keep it, too.")
		}
		return nil
	})
}

// check restores the backup beside everything else, and opens it with this
// program.
func (k backupCmd) check(ctx context.Context, b *base) (documents int, err error) {
	if err := checkSums(ctx, k.Folder); err != nil {
		return 0, err
	}
	at := sqldb.Config{}
	if b.db.Postgres() {
		scratch, drop, err := scratchDatabase(ctx, b)
		if err != nil {
			return 0, err
		}
		defer func() { err = errors.Join(err, drop()) }()
		if err := undump(ctx, filepath.Join(k.Folder, dumpFile), scratch); err != nil {
			return 0, err
		}
		at.URL = scratch
	} else {
		dir, err := os.MkdirTemp("", "parley-backup-")
		if err != nil {
			return 0, fmt.Errorf("making a scratch directory: %w", err)
		}
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
		at.File = filepath.Join(dir, databaseFile)
		if err := copyTree(ctx, filepath.Join(k.Folder, databaseFile), at.File); err != nil {
			return 0, err
		}
	}
	return opens(ctx, b, at, k.Folder)
}

// opens checks that a database is whole and of this version, and that the
// files of its documents are in a folder.
func opens(ctx context.Context, b *base, at sqldb.Config, folder string) (documents int, err error) {
	db, err := sqldb.Open(ctx, at)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	if !db.Postgres() {
		var said string
		if err := db.NewRaw("PRAGMA integrity_check(1)").Scan(ctx, &said); err != nil {
			return 0, fmt.Errorf("checking the database: %w", err)
		}
		if said != "ok" {
			return 0, fmt.Errorf("the database is damaged: %s", said)
		}
	}
	copied := &base{config: b.config, log: b.log, db: db}
	if err := copied.runner().Check(ctx); err != nil {
		return 0, err
	}
	files, err := blob.NewDir(filepath.Join(folder, filesDir))
	if err != nil {
		return 0, err
	}
	return corporafx.CheckFiles(ctx, db, files)
}

// emptyFolder makes the folder when it is missing, for its owner alone.
func emptyFolder(path string) error {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return fmt.Errorf("making the folder: %w", err)
	}
	found, err := os.ReadDir(path)
	if err != nil {
		return fmt.Errorf("reading the folder: %w", err)
	}
	if len(found) > 0 {
		return fmt.Errorf("%s is not empty", path)
	}
	return nil
}

// copyTree copies a file or a folder; one that is missing is no error. What an
// upload has not finished stays behind.
func copyTree(ctx context.Context, from, to string) error {
	return filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil // was never there, or was deleted meanwhile
		case err != nil:
			return err
		case ctx.Err() != nil:
			return ctx.Err()
		}
		rest, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rest)
		switch {
		case e.IsDir():
			return os.MkdirAll(target, 0o700)
		case !e.Type().IsRegular() || strings.HasSuffix(path, ".part"):
			return nil
		}
		err = copyFile(path, target)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
}

func copyFile(from, to string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	target, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	if _, err = io.Copy(target, source); err == nil {
		err = target.Sync()
	}
	return errors.Join(err, target.Close())
}

// writeSums writes the sums of all files of a folder, as sha256sum does.
func writeSums(ctx context.Context, folder string) error {
	out, err := os.OpenFile(filepath.Join(folder, sumsFile), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("writing the sums: %w", err)
	}
	w := bufio.NewWriter(out)
	err = eachFile(ctx, folder, func(name, sum string) error {
		_, err := fmt.Fprintf(w, "%s  %s\n", sum, name)
		return err
	})
	if err = errors.Join(err, w.Flush(), out.Sync(), out.Close()); err != nil {
		return fmt.Errorf("writing the sums: %w", err)
	}
	return nil
}

// eachFile names the files of a folder, but for the sums, with theirs.
func eachFile(ctx context.Context, folder string, do func(name, sum string) error) error {
	return filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || e.Name() == sumsFile {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		sum, err := sumOf(path)
		if err != nil {
			return err
		}
		return do(filepath.ToSlash(name), sum)
	})
}

func sumOf(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// checkSums compares a folder with its sums: nothing changed, nothing missing.
func checkSums(ctx context.Context, folder string) error {
	raw, err := os.ReadFile(filepath.Join(folder, sumsFile))
	if err != nil {
		return fmt.Errorf("reading the sums: %w", err)
	}
	want := map[string]string{}
	for line := range strings.Lines(string(raw)) {
		sum, name, ok := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if !ok {
			return fmt.Errorf("%s has a line that is none of sha256sum's: %q", sumsFile, line)
		}
		want[name] = sum
	}
	err = eachFile(ctx, folder, func(name, sum string) error {
		if expected, known := want[name]; known && expected != sum {
			return fmt.Errorf("%s is not what was backed up", name)
		}
		delete(want, name)
		return nil
	})
	if err != nil {
		return err
	}
	for name := range want {
		return fmt.Errorf("%s is missing", name)
	}
	return nil
}

type restoreCmd struct {
	Folder string `arg:"" type:"existingdir" help:"Folder that parley backup wrote."`
}

// Run puts a backup into an empty data directory, and with PostgreSQL an empty
// database.
func (r restoreCmd) Run(ctx context.Context) error {
	c, err := settings()
	if err != nil {
		return err
	}
	if err := checkSums(ctx, r.Folder); err != nil {
		return err
	}
	if err := emptyFolder(c.DataDir); err != nil {
		return fmt.Errorf("a backup is restored into an empty data directory (PARLEY_DATA_DIR): %w", err)
	}
	if err := r.database(ctx, c); err != nil {
		return fmt.Errorf("restoring the database: %w", err)
	}
	for _, name := range kept {
		if err := copyTree(ctx, filepath.Join(r.Folder, name), filepath.Join(c.DataDir, name)); err != nil {
			return fmt.Errorf("restoring %s: %w", name, err)
		}
	}
	return withExisting(ctx, true, func(b *base) error {
		// A backup of an older version is brought to this one.
		if err := b.runner().Up(ctx); err != nil {
			return err
		}
		files, err := blob.NewDir(filepath.Join(c.DataDir, filesDir))
		if err != nil {
			return err
		}
		documents, err := corporafx.CheckFiles(ctx, b.db, files)
		if err != nil {
			return err
		}
		fmt.Printf("Restored %s: the files of its %d documents are there. Start the server.\n", r.Folder, documents)
		return nil
	})
}

func (r restoreCmd) database(ctx context.Context, c config.Config) error {
	file, name := filepath.Join(r.Folder, databaseFile), databaseFile
	if c.DatabaseURL != "" {
		file, name = filepath.Join(r.Folder, dumpFile), dumpFile
	}
	if _, err := os.Stat(file); errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s has no %s: a backup of SQLite is restored without PARLEY_DATABASE_URL, one of PostgreSQL with it", r.Folder, name)
	} else if err != nil {
		return err
	}
	if c.DatabaseURL == "" {
		return copyTree(ctx, file, filepath.Join(c.DataDir, databaseFile))
	}
	if err := emptyDatabase(ctx, c.DatabaseURL); err != nil {
		return err
	}
	return undump(ctx, file, c.DatabaseURL)
}
