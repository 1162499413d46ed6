package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"
)

// checkpointing is how large SQLite's log gets, and whom it may keep waiting.
type checkpointing struct {
	// at is how many pages of the log are copied into the database at once.
	// Pages that many commits write are copied once for all of them.
	at int
	// every is how often the log is looked at while there are commits, and retry
	// when a copy that failed is tried again.
	every, retry time.Duration
	// wait is how long writers wait for readers at the end of a log, and
	// longWait when it is longLog times as long as it should be.
	wait, longWait time.Duration
	// sync waits until the database is on the disk.
	sync func(*os.File) error
}

var usualCheckpoints = checkpointing{
	at:    8000,
	every: 20 * time.Millisecond, retry: 5 * time.Second,
	wait: 10 * time.Millisecond, longWait: time.Second,
	sync: (*os.File).Sync,
}

const (
	longLog = 4
	// restOfLog is how few pages may be left for the writer to wait for, and
	// copyPasses bounds how often what was written meanwhile is copied, too.
	restOfLog, copyPasses = 250, 4
)

// frameSize is what a page takes in the log.
const frameSize = 4096 + 24

// checkpoints copies SQLite's log into the database beside the writer, so that
// no commit waits for that. Without it, the commit that makes the log too long
// copies it all, and waits for the disk twice.
//
// Under constant writes a copy never reaches the end of the log, and SQLite
// only begins the log anew when all of it is copied. So, when little is left,
// the writer is held for the rest.
type checkpoints struct {
	writer *sql.DB  // has one connection; who has it is the only one to write
	conn   *sql.DB  // has one connection, which is made when it is needed
	main   *os.File // the database, to wait for its disk
	wal    string   // the file of its log
	log    *slog.Logger

	checkpointing
	seen   int  // pages at the last look
	next   int  // pages from which on it is worth trying
	said   bool // that the log is long
	failed bool

	wanted chan struct{}
	stop   context.CancelFunc
	done   chan struct{}
}

// startCheckpoints begins to look at the log whenever something was committed,
// until it is closed.
func startCheckpoints(ctx context.Context, writer, conn *sql.DB, main *os.File, log *slog.Logger, how checkpointing) *checkpoints {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	c := &checkpoints{
		writer: writer, conn: conn, main: main, wal: logOf(main.Name()), log: log, checkpointing: how, next: how.at,
		wanted: make(chan struct{}, 1), stop: stop, done: make(chan struct{}),
	}
	conn.SetMaxOpenConns(1)
	go c.run(ctx)
	return c
}

// logOf is the log of a database. SQLite has it beside the file that a link
// leads to.
func logOf(file string) string {
	if at, err := filepath.EvalSymlinks(file); err == nil {
		file = at
	}
	return file + "-wal"
}

// committed tells that the log may have grown. It doesn't block.
func (c *checkpoints) committed() {
	select {
	case c.wanted <- struct{}{}:
	default:
	}
}

// Close ends what is under way and waits for it. The log stays as it is: the
// last connection that is closed copies it and removes it.
func (c *checkpoints) Close() error {
	c.stop()
	<-c.done
	return c.conn.Close()
}

func (c *checkpoints) run(ctx context.Context) {
	defer close(c.done)
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.wanted:
		}
		wait := c.every
		err := c.look(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			// Nothing is lost: what is not copied is in the log.
			if !c.failed {
				c.log.Error("the log of the database could not be copied into it; it grows until that works, which is tried every few seconds", "error", err)
			}
			wait = c.retry
			c.committed()
		case c.failed:
			c.log.Info("the log of the database is copied into it again")
		}
		c.failed = err != nil
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
		}
	}
}

// look does what is to be done about the log now.
func (c *checkpoints) look(ctx context.Context) error {
	file, err := os.Stat(c.wal)
	if errors.Is(err, os.ErrNotExist) || err == nil && file.Size() < int64(c.at)*frameSize {
		return nil // so a small database costs neither a connection nor a statement
	}
	if err != nil {
		return err
	}
	now, err := c.pragma(ctx, "NOOP")
	if err != nil {
		return err
	}
	if now.pages < max(c.at, c.seen) {
		c.next, c.said = c.at, false // it began anew
	}
	c.seen = now.pages
	if now.pages < c.next || now.copied == now.pages && !c.failed { // then who writes next begins it anew
		return nil
	}
	if err := c.copy(ctx); err != nil {
		return err
	}
	return c.finish(ctx)
}

// copy copies what it can beside the writer, until little is left.
func (c *checkpoints) copy(ctx context.Context) error {
	before := -1
	for range copyPasses {
		if _, err := c.pragma(ctx, "PASSIVE"); err != nil {
			return err
		}
		// SQLite waits for the disk only at the end of the log. What is on the
		// disk by then, the writer does not wait for.
		if err := c.sync(c.main); err != nil {
			return err
		}
		now, err := c.pragma(ctx, "NOOP")
		if err != nil {
			return err
		}
		if now.pages-now.copied <= restOfLog || now.copied == before {
			return nil
		}
		before = now.copied
	}
	return nil
}

// finish copies the rest while nobody writes, and waits for readers of what is
// in the log, so that the next who writes begins it anew.
func (c *checkpoints) finish(ctx context.Context) error {
	held, err := c.writer.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = held.Close() }() // it only goes back
	now, err := c.pragma(ctx, "NOOP")
	if err != nil {
		return err
	}
	if now.pages < c.at {
		return nil // it reached the end while nobody wrote, and somebody began it anew
	}
	long := now.pages >= longLog*c.at
	wait, more := c.wait, c.at
	if long {
		wait, more = c.longWait, longLog*c.at
	}
	if _, err := c.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA busy_timeout(%d)", wait.Milliseconds())); err != nil {
		return err
	}
	now, err = c.pragma(ctx, "RESTART")
	switch {
	case err != nil:
		return err
	case !now.busy:
		c.next, c.said = c.at, false
		return nil
	}
	// Somebody reads what was there before, for long. Or another process is at
	// it, and then this one sees at the next look what is left.
	c.next = max(now.pages+more, c.at)
	if long && !c.said {
		c.said = true
		c.log.Warn("The log of the database grows as long as something that was read before is being read: a backup, or a long question of analytics.",
			"bytes", now.pages*frameSize)
	}
	return nil
}

// logState is what SQLite says of its log.
type logState struct {
	busy          bool // it could not do all that it was asked for
	pages, copied int  // -1 when it could not look
}

// pragma runs a checkpoint of a mode; NOOP only looks.
func (c *checkpoints) pragma(ctx context.Context, mode string) (s logState, err error) {
	err = c.conn.QueryRowContext(ctx, "PRAGMA wal_checkpoint("+mode+")").Scan(&s.busy, &s.pages, &s.copied)
	return s, err
}
