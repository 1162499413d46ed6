package sqldb_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/platform/sqldb"
)

// Few pages, so that a test of moments has many ends of the log.
const pagesOfLog = 64

// logged is a SQLite database with a table of pages to write.
type logged struct {
	*sqldb.DB
	t    *testing.T
	file string
	said *lines
}

// lines are what a log was told.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *lines) count(words string) int {
	return strings.Count(l.String(), words)
}

func withLog(t *testing.T, sync func(*os.File) error) *logged {
	t.Helper()
	l := &logged{t: t, file: filepath.Join(t.TempDir(), "test.db"), said: &lines{}}
	db, err := sqldb.Open(t.Context(), sqldb.Config{File: l.file, Log: slog.New(slog.NewTextHandler(l.said, nil))}.LogOf(pagesOfLog, sync))
	if err != nil {
		t.Fatal(err)
	}
	l.DB = db
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	if _, err := db.ExecContext(t.Context(), "CREATE TABLE pages (n INTEGER PRIMARY KEY, bytes BLOB)"); err != nil {
		t.Fatal(err)
	}
	l.write(40)
	return l
}

// write writes about that many pages in one transaction.
func (l *logged) write(pages int) {
	l.t.Helper()
	if err := l.tryWrite(pages); err != nil {
		l.t.Fatal(err)
	}
}

func (l *logged) tryWrite(pages int) error {
	return l.Within(context.Background(), func(ctx context.Context) error {
		_, err := l.On(ctx).NewRaw(`INSERT INTO pages (n, bytes)
			WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < ?) SELECT n, randomblob(3000) FROM c WHERE true
			ON CONFLICT (n) DO UPDATE SET bytes = excluded.bytes`, pages).Exec(ctx)
		return err
	})
}

// beginnings is how often the log was begun anew.
func (l *logged) beginnings() uint32 {
	l.t.Helper()
	file, err := os.Open(l.file + "-wal")
	if err != nil {
		l.t.Fatal(err)
	}
	defer file.Close()
	var header [32]byte
	if _, err := file.ReadAt(header[:], 0); err != nil {
		l.t.Fatal(err)
	}
	return binary.BigEndian.Uint32(header[12:])
}

func (l *logged) size() int64 {
	l.t.Helper()
	info, err := os.Stat(l.file + "-wal")
	if err != nil {
		l.t.Fatal(err)
	}
	return info.Size()
}

// left is how many pages of the log are not copied.
func (l *logged) left() int {
	l.t.Helper()
	var busy, pages, copied int
	if err := l.Reader().QueryRowContext(l.t.Context(), "PRAGMA wal_checkpoint(NOOP)").Scan(&busy, &pages, &copied); err != nil {
		l.t.Fatal(err)
	}
	return pages - copied
}

// soon waits for a condition, and calls meanwhile before each look.
func (l *logged) soon(what string, meanwhile func(), is func() bool) {
	l.t.Helper()
	for end := time.Now().Add(3 * time.Minute); !is(); meanwhile() {
		if time.Now().After(end) {
			l.t.Fatalf("%s: not within three minutes; the log has %d bytes, and this was said: %s", what, l.size(), l.said)
		}
	}
}

func pause() { time.Sleep(time.Millisecond) }

// Copying never reaches the end of a log that somebody writes to all the time.
func TestALogThatIsWrittenToAllTheTimeIsBegunAnew(t *testing.T) {
	l := withLog(t, nil)
	stop, all := make(chan struct{}), sync.WaitGroup{}
	each := func(do func() error) {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				if err := do(); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	each(func() error { return l.tryWrite(3) })
	each(func() error { return l.tryWrite(20) })
	for range 2 {
		each(func() error {
			var n int
			return l.NewRaw("SELECT count(*) FROM pages WHERE bytes > x'80'").Scan(context.Background(), &n)
		})
	}
	at := l.beginnings()
	l.soon("the log is begun anew five times", pause, func() bool { return l.beginnings() >= at+5 })
	close(stop)
	all.Wait()
	l.soon("the rest is copied, or short", pause, func() bool { return l.left() < pagesOfLog })
}

func TestATransactionThatIsLongerThanTheLogShouldBeIsCopied(t *testing.T) {
	l := withLog(t, nil)
	l.write(10 * pagesOfLog)
	l.soon("it is copied", pause, func() bool { return l.left() == 0 })
	at := l.beginnings()
	l.write(1)
	if l.beginnings() != at+1 {
		t.Error("the log was not begun anew")
	}
	if limit := int64(2 * pagesOfLog * sqldb.FrameSize); l.size() > limit {
		t.Errorf("the log kept %d bytes, more than %d", l.size(), limit)
	}
}

// A snapshot keeps all that is written after it in the log.
func TestALogGrowsNoLongerThanWhatWasReadBeforeIsBeingRead(t *testing.T) {
	l := withLog(t, nil)
	view, err := l.Reader().BeginTx(t.Context(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	count := func() (n int) {
		if err := view.QueryRow("SELECT count(*) FROM pages").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	before, at := count(), l.beginnings()
	l.soon("it is said that the log is long", func() { l.write(50) }, func() bool { return l.said.count("grows as long as") > 0 })
	for range 20 {
		l.write(50)
	}
	if n := count(); n != before {
		t.Errorf("the snapshot has %d rows, and had %d", n, before)
	}
	if l.beginnings() != at {
		t.Error("what is being read was overwritten")
	}
	if n := l.said.count("grows as long as"); n != 1 {
		t.Errorf("it was said %d times", n)
	}
	if err := view.Rollback(); err != nil {
		t.Fatal(err)
	}
	l.soon("the log is begun anew", func() { l.write(50) }, func() bool { return l.beginnings() > at })
	if limit := int64(2 * pagesOfLog * sqldb.FrameSize); l.size() > limit {
		t.Errorf("the log kept %d bytes, more than %d", l.size(), limit)
	}
}

func TestACopyThatFailsIsSaidOnceTriedAgainAndLosesNothing(t *testing.T) {
	var broken atomic.Bool
	var failures atomic.Int64
	broken.Store(true)
	l := withLog(t, func(file *os.File) error {
		if broken.Load() {
			failures.Add(1)
			return errors.New("no space left on device")
		}
		return file.Sync()
	})
	l.write(2 * pagesOfLog)
	l.soon("it is tried three times", pause, func() bool { return failures.Load() >= 3 })
	if n := l.said.count("could not be copied"); n != 1 {
		t.Errorf("it was said %d times", n)
	}
	l.write(2*pagesOfLog + 1)
	broken.Store(false)
	l.soon("it works again", pause, func() bool { return l.said.count("is copied into it again") == 1 })
	at := l.beginnings()
	l.soon("the log is begun anew", func() { l.write(50) }, func() bool { return l.beginnings() > at })
	var n int
	if err := l.NewRaw("SELECT count(*) FROM pages").Scan(t.Context(), &n); err != nil || n != 2*pagesOfLog+1 {
		t.Errorf("%d rows, %v", n, err)
	}
}

func TestCloseLeavesNothing(t *testing.T) {
	for range 5 {
		l := withLog(t, nil)
		var all sync.WaitGroup
		all.Go(func() {
			for l.tryWrite(30) == nil {
				continue // until it is closed
			}
		})
		at := l.beginnings()
		l.soon("the log is begun anew", pause, func() bool { return l.beginnings() > at })
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		all.Wait()
		leftNothing(t, l)
	}
}

func TestCloseWaitsForACopyThatIsUnderWay(t *testing.T) {
	begun, release := make(chan struct{}), make(chan struct{})
	var once sync.Once
	var ended atomic.Bool
	l := withLog(t, func(file *os.File) error {
		once.Do(func() { close(begun) })
		<-release
		ended.Store(true)
		return file.Sync()
	})
	l.write(2 * pagesOfLog)
	<-begun
	time.AfterFunc(20*time.Millisecond, func() { close(release) })
	if err := l.Close(); err != nil || !ended.Load() {
		t.Errorf("closed with %v while the log was being copied: %v", err, !ended.Load())
	}
	leftNothing(t, l)
}

// The end of the log is waited for by what waits for the writer.
func TestCloseDoesNotWaitForATransaction(t *testing.T) {
	l := withLog(t, nil)
	l.write(2 * pagesOfLog)
	if err := l.Within(t.Context(), func(context.Context) error { return l.Close() }); err != nil {
		t.Error(err)
	}
	leftNothing(t, l)
}

func leftNothing(t *testing.T, l *logged) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Dir(l.file))
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.Name() != "test.db" {
			t.Errorf("%s is left", e.Name())
		}
	}
	stacks := make([]byte, 1<<20)
	if stacks = stacks[:runtime.Stack(stacks, true)]; bytes.Contains(stacks, []byte("(*checkpoints).run")) {
		t.Errorf("a goroutine is left:\n%s", stacks)
	}
}
