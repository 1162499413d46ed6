package sqldb

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/uptrace/bun"
	"github.com/uptrace/bun/dialect/sqlitedialect"
	_ "modernc.org/sqlite" // the driver named "sqlite"
)

// Config says where the database is and how patient to be with it.
type Config struct {
	// URL is "postgres://…", or empty for SQLite at File. Without an sslmode
	// the certificate and the host name of the server are verified.
	URL string
	// File is the path of the SQLite database; made when missing.
	File string
	// MaxConns bounds the connections to PostgreSQL; 0 means 16.
	MaxConns int
	// StatementTimeout ends a statement on PostgreSQL; 0 means 30 s.
	StatementTimeout time.Duration
	// FullSync makes SQLite wait for the disk on every commit, so that not
	// even a power cut loses one. It costs four fifths of the write rate.
	FullSync bool
	// Log hears of a log of SQLite that can't be copied; nil is nobody.
	Log *slog.Logger
	// checkpoints is nil for the usual ones.
	checkpoints *checkpointing
}

// DB is an open database. Its queries run on the transaction in the context
// when there is one: use On.
type DB struct {
	*bun.DB
	reader   *sql.DB // SQLite only
	views    *bun.DB // whose transactions only read
	postgres bool
	// checkpoints are SQLite's, and main the file that they wait for.
	checkpoints *checkpoints
	main        *os.File
	closeMain   sync.Once
	// inserters are what is known of rows that are written often, by insertKey.
	// There are as many as there are kinds of rows.
	inserters sync.Map
	// statements and commits are what this process has done here.
	statements, commits atomic.Int64
	// writeFailure is why the last transaction could not be written.
	writeFailure atomic.Pointer[error]
}

// Open connects. It does not touch the schema.
func Open(ctx context.Context, c Config) (*DB, error) {
	if c.URL != "" {
		return openPostgres(ctx, c)
	}
	return openSQLite(ctx, c)
}

func openSQLite(ctx context.Context, c Config) (*DB, error) {
	if c.File == "" {
		return nil, errors.New("no database: neither a URL nor a file was given")
	}
	// It holds password hashes, so it is its owner's alone. The files that
	// SQLite adds get the same mode. It is closed after all connections: a
	// process that closes a file loses all locks that it has on it.
	main, err := os.OpenFile(c.File, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("making the database: %w", err)
	}
	sync := "NORMAL"
	if c.FullSync {
		sync = "FULL"
	}
	dsn := "file:" + escapePath(c.File) + "?_timezone=UTC&_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)&_pragma=synchronous(" + sync +
		")&_pragma=foreign_keys(1)&_pragma=temp_store(MEMORY)&_pragma=cache_size(-8000)&_pragma=wal_autocheckpoint(0)"
	how := *cmp.Or(c.checkpoints, &usualCheckpoints)
	writer, err := openKeeping(fmt.Sprintf("%s&_pragma=journal_size_limit(%d)", dsn, 2*how.at*frameSize), "BEGIN IMMEDIATE")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening %s: %w", c.File, err), main.Close())
	}
	writer.SetMaxOpenConns(1)
	if err := writer.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("opening the database %s: %w", c.File, err), writer.Close(), main.Close())
	}
	// What several readers have in common, the system keeps once.
	reader, err := openKeeping(dsn+"&_pragma=query_only(1)&_pragma=cache_size(-2000)", "BEGIN")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening %s to read: %w", c.File, err), writer.Close(), main.Close())
	}
	copier, err := sql.Open("sqlite", dsn+"&_pragma=cache_size(-100)")
	if err != nil {
		return nil, errors.Join(fmt.Errorf("opening %s to copy its log: %w", c.File, err), writer.Close(), reader.Close(), main.Close())
	}
	reader.SetMaxOpenConns(4)
	reader.SetMaxIdleConns(4)
	dialect := sqlitedialect.New()
	db := &DB{DB: bun.NewDB(writer, dialect, bun.WithConnResolver(readPool{reader})), reader: reader, views: bun.NewDB(reader, sqlitedialect.New()), main: main}
	db.checkpoints = startCheckpoints(ctx, writer, copier, main, cmp.Or(c.Log, slog.New(slog.DiscardHandler)), how)
	db.AddQueryHook(countHook{db})
	db.views.AddQueryHook(countHook{db})
	return db, nil
}

// escapePath keeps a path with ? or # in it from being read as a query.
func escapePath(path string) string {
	return strings.NewReplacer("%", "%25", "?", "%3f", "#", "%23").Replace(filepath.ToSlash(path))
}

// readPool sends plain SELECTs to the read-only connections.
type readPool struct{ *sql.DB }

// ResolveConn implements bun.ConnResolver.
func (r readPool) ResolveConn(_ context.Context, q bun.Query) bun.IConn {
	if bun.IsReadOnlyQuery(q) {
		return r.DB
	}
	return nil
}

// Close implements bun.ConnResolver. The pool is closed by DB.Close.
func (r readPool) Close() error { return nil }

// Close closes the connections of writers and readers. Statements under way fail.
func (db *DB) Close() error {
	if db.postgres {
		return db.DB.Close()
	}
	err := errors.Join(db.checkpoints.Close(), db.DB.Close(), db.reader.Close())
	db.closeMain.Do(func() { err = errors.Join(err, db.main.Close()) })
	return err
}

// Postgres reports whether this is PostgreSQL; otherwise it is SQLite. Only
// for the few places where the two need different SQL.
func (db *DB) Postgres() bool { return db.postgres }

// Reader is the pool for hand-written read-only statements outside a
// transaction, which bun would send to SQLite's single writer.
func (db *DB) Reader() *sql.DB {
	if db.reader != nil {
		return db.reader
	}
	return db.DB.DB
}
