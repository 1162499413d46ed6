package sqldb

import (
	"context"
	"os"
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

// PrepareWriters prepares what was written with so far, and answers how many
// statements that are.
func (db *DB) PrepareWriters(ctx context.Context) (n int, err error) {
	db.writers.Range(func(query, known any) bool {
		p, _ := known.(*prepared)
		text, _ := query.(string)
		stmt, failed := db.DB.DB.PrepareContext(ctx, text)
		if err = failed; err == nil {
			p.stmt.Store(stmt)
			n++
		}
		return err == nil
	})
	return n, err
}

// AfterFailure is how many uses of a statement pass before it is prepared again.
const AfterFailure = afterFailure

// Writer tells whether a statement is prepared, and whether it is waited until
// that is tried again.
func (db *DB) Writer(query string) (isPrepared, waits bool) {
	known, ok := db.writers.Load(query)
	if !ok {
		return false, false
	}
	p, _ := known.(*prepared)
	return p.stmt.Load() != nil, p.wait.Load() > 0
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
