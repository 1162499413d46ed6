package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"parley/platform/blob"
	"parley/platform/config"
	"parley/platform/kernel/clock"
	"parley/platform/sqldb/installation"
)

// enter makes this process one of the installation's, and removes what killed
// uploads left behind.
func (b *base) enter(ctx context.Context) error {
	key, err := b.config.Key()
	if err != nil {
		return err
	}
	var keys [][]byte
	for k := range bytes.SplitSeq(key, []byte(",")) {
		keys = append(keys, bytes.TrimSpace(k))
	}
	files, err := blob.NewDir(filepath.Join(b.config.DataDir, filesDir))
	if err != nil {
		return err
	}
	if err := installation.Enter(ctx, b.db, keys, files); err != nil {
		return err
	}
	// Other processes may be in the middle of an upload, which takes an hour
	// at most. With SQLite there are none.
	before := clock.System{}.Now()
	if b.db.Postgres() {
		before = before.Add(-2 * time.Hour)
	}
	swept, err := files.Sweep(ctx, before)
	if swept > 0 {
		b.log.InfoContext(ctx, "removed unfinished uploads", "files", swept)
	}
	return err
}

// errDatabaseGone answers a data directory that has files and no database.
var errDatabaseGone = errors.New("the database is missing, but the files of documents are there: " +
	"restore the database from a backup, or choose an empty data directory")

// databaseThere refuses a data directory that has lost its SQLite database: a
// new one would know none of the files.
func databaseThere(c config.Config) error {
	path := filepath.Join(c.DataDir, databaseFile)
	if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	files, err := os.ReadDir(filepath.Join(c.DataDir, filesDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("looking for files: %w", err)
	}
	if len(files) > 0 {
		return fmt.Errorf("%s: %w", path, errDatabaseGone)
	}
	return nil
}

type installationCmd struct {
	ForgetKey   forgetKey   `cmd:"" help:"Let the next start decide about the secret key: the old one is lost."`
	ForgetFiles forgetFiles `cmd:"" help:"Let the next start decide about the directory of files: the old one is lost."`
}

type forgetKey struct{}

// Run forgets the secret key.
func (forgetKey) Run(ctx context.Context) error {
	return withExisting(ctx, false, func(b *base) error {
		if err := installation.ForgetKey(ctx, b.db); err != nil {
			return err
		}
		fmt.Println("The next process that starts decides about the secret key. Everybody has to sign in again.")
		return nil
	})
}

type forgetFiles struct{}

// Run lets the database accept another directory of files at the next start.
func (forgetFiles) Run(ctx context.Context) error {
	return withExisting(ctx, false, func(b *base) error {
		if err := installation.ForgetFiles(ctx, b.db); err != nil {
			return err
		}
		fmt.Println("The next process that starts decides about the directory of files.")
		return nil
	})
}
