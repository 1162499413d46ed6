package sqldb

import (
	"context"
	"errors"
	"maps"
	"os"
	"slices"
	"time"
)

// PresenceDoubt is how many looks a presence waits after its connection broke.
const PresenceDoubt = presenceDoubt

// Look is what a started presence does every few seconds.
func (p *Presence) Look(ctx context.Context) error { return p.show(ctx) }

// Break ends the connection of the presence behind its back.
func (p *Presence) Break(ctx context.Context) error {
	var pid int
	if err := p.conn.NewRaw("SELECT pg_backend_pid()").Scan(ctx, &pid); err != nil {
		return err
	}
	_, err := p.db.NewRaw("SELECT pg_terminate_backend(?, 5000)", pid).Exec(ctx)
	return err
}

// MostKept bounds the statements of a connection to SQLite.
const MostKept = mostKept

// KeptTexts are the statements that SQLite's writing connection keeps.
func (db *DB) KeptTexts(ctx context.Context) (texts []string, err error) {
	conn, err := db.DB.DB.Conn(ctx)
	if err != nil {
		return nil, err
	}
	err = conn.Raw(func(made any) error {
		c, _ := made.(*keepingConn)
		texts = slices.Sorted(maps.Keys(c.kept))
		return nil
	})
	return texts, errors.Join(err, conn.Close())
}

// KeptInserts is how many inserts are prepared on some connection.
func (db *DB) KeptInserts(ctx context.Context) (n int, err error) {
	err = db.NewRaw("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'INSERT%'").Scan(ctx, &n)
	return n, err
}

// RenewAfter is how often a plan of a change is used.
const RenewAfter = renewAfter

// LogOf is a database whose log is copied after so many pages, which waits for
// the disk by sync and tries again soon.
func (c Config) LogOf(pages int, sync func(*os.File) error) Config {
	how := usualCheckpoints
	how.at, how.retry, how.longWait = pages, 10*time.Millisecond, 50*time.Millisecond
	if sync != nil {
		how.sync = sync
	}
	c.checkpoints = &how
	return c
}

// FrameSize is what a page takes in the log.
const FrameSize = frameSize

// Committed tells of a commit that no hook saw.
func (db *DB) Committed() { db.checkpoints.committed() }

// TimeText is a time as it is stored in SQLite.
func TimeText(t time.Time) string { return timeText(t) }
