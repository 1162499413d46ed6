package core_test

import (
	"bytes"
	"context"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"parley/modules/corpora"
	"parley/modules/corpora/internal/adapters/sqlstore"
	"parley/modules/corpora/internal/core"
	"parley/platform/bus"
	kernel "parley/platform/kernel/work"
	"parley/platform/sqldb"
	"parley/platform/sqldb/dbtest"
	"parley/platform/work"
	worksql "parley/platform/work/sqlstore"
)

// ordered is the use cases on PostgreSQL, where two units that lock in different
// orders wait for each other until it ends one of them.
type ordered struct {
	*fixture
	db  *sqldb.DB
	log *buffer
	// Each is called within a unit, after a step of it.
	updated, finished, entered func(ctx context.Context)
	cancelled                  func(ctx context.Context, kind string)
	reads                      func() // before a file is read
	others                     sync.WaitGroup
}

func inOrder(t *testing.T) *ordered {
	o := &ordered{log: &buffer{}}
	o.db = dbtest.Postgres(t, bus.Migrations(), worksql.Migrations(), sqlstore.Migrations())
	f := setup(t, func(d *core.Deps) {
		d.Unit, d.Store = sqldb.NewUnit(o.db, bus.NewOutbox(o.db), d.Clock), stepStore{sqlstore.New(o.db), o}
		d.Queue = stepQueue{work.NewQueue(worksql.New(o.db), nil, d.Clock), o}
		d.Log = slog.New(slog.NewTextHandler(o.log, nil))
		d.Extractor = reader{d.Extractor, func(string) error {
			if o.reads != nil {
				o.reads()
			}
			return nil
		}}
	})
	f.queue = f.parts.Queue.(stepQueue).Queue.(*work.Queue)
	o.fixture = &f
	return o
}

type buffer struct {
	mu sync.Mutex
	bytes.Buffer
}

// Write implements io.Writer.
func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.Buffer.Write(p)
}

// stepStore stands before the store and tells of steps.
type stepStore struct {
	core.Store
	o *ordered
}

// UpdateDocument implements core.Documents.
func (s stepStore) UpdateDocument(ctx context.Context, id int64, change func(*core.Document) error) (core.Document, error) {
	d, err := s.Store.UpdateDocument(ctx, id, change)
	if s.o.updated != nil {
		s.o.updated(ctx)
	}
	return d, err
}

// LockCorpus implements core.Documents.
func (s stepStore) LockCorpus(ctx context.Context, id int64) (int64, error) {
	n, err := s.Store.LockCorpus(ctx, id)
	if s.o.entered != nil {
		s.o.entered(ctx)
	}
	return n, err
}

// Finish implements core.Index.
func (s stepStore) Finish(ctx context.Context, d core.Document, last []core.Indexed, hold core.Hold) (core.Document, error) {
	d, err := s.Store.Finish(ctx, d, last, hold)
	if s.o.finished != nil {
		s.o.finished(ctx)
	}
	return d, err
}

// stepQueue stands before the queue and tells of steps.
type stepQueue struct {
	kernel.Queue
	o *ordered
}

// Cancel implements work.Queue.
func (q stepQueue) Cancel(ctx context.Context, kind string, keys ...string) error {
	err := q.Queue.Cancel(ctx, kind, keys...)
	if q.o.cancelled != nil {
		q.o.cancelled(ctx, kind)
	}
	return err
}

// once makes a step happen the first time alone.
func once(step func(ctx context.Context)) func(ctx context.Context) {
	var done atomic.Bool // and not sync.Once, which would have the others wait
	return func(ctx context.Context) {
		if done.CompareAndSwap(false, true) {
			step(ctx)
		}
	}
}

// beside lets another unit begin and go on until it has ended or waits for the
// unit of ctx.
func (o *ordered) beside(ctx context.Context, other func()) {
	done := make(chan struct{})
	o.others.Go(func() {
		defer close(done)
		other()
	})
	o.waits(ctx, done)
}

// waits returns once somebody waits for the unit of ctx, or done is closed.
func (o *ordered) waits(ctx context.Context, done <-chan struct{}) {
	ctx, stop := context.WithTimeout(ctx, time.Minute) // of a test that hangs
	defer stop()
	for n := 0; n == 0; {
		select {
		case <-done:
			return
		default:
		}
		if err := o.db.On(ctx).NewRaw("SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))").Scan(ctx, &n); err != nil {
			o.t.Error(err)
			return
		}
	}
}

// undisturbed waits for the others and checks that no unit was ended by the
// database, and no job failed.
func (o *ordered) undisturbed() {
	o.t.Helper()
	o.others.Wait()
	o.log.mu.Lock()
	defer o.log.mu.Unlock()
	if said := o.log.String(); strings.Contains(said, "40P01") || strings.Contains(said, "failed") {
		o.t.Error(said)
	}
}

// step is what the store says of the step of a document.
func (o *ordered) step(id int64) core.Step {
	o.t.Helper()
	found, err := o.parts.Store.DocumentsByID(o.ctx, []int64{id})
	o.check(err)
	if len(found) != 1 {
		return ""
	}
	return found[0].Step
}

func TestAChangeAndTheIndexerOfADocumentDontWaitForEachOther(t *testing.T) {
	for name, change := range map[string]func(o *ordered, id int64) error{
		"a new name": func(o *ordered, id int64) error {
			name := "other.md"
			_, err := o.UpdateDocument(o.ctx, jo, id, core.DocumentChange{Name: &name})
			return err
		},
		"read again": func(o *ordered, id int64) error { _, err := o.Reindex(o.ctx, jo, id); return err },
	} {
		for at, text := range map[string]string{"begins": "The lantern is red.", "ends": "The lantern is red.", "stages": long("lantern"), "fails": " "} {
			t.Run(name+" while it "+at, func(t *testing.T) {
				o := inOrder(t)
				c := o.corpus(jo, "Guides")
				d := o.upload(jo, c, "a.md", text)
				change := func() error { return change(o, d.ID) }
				if at == "begins" {
					o.updated = once(func(ctx context.Context) { o.beside(ctx, func() { o.does("corpora.index") }) })
					o.check(change())
				} else {
					reading, on := make(chan struct{}), make(chan struct{})
					var first sync.Once
					o.reads = func() { first.Do(func() { close(reading); <-on }) }
					done := make(chan struct{})
					o.others.Go(func() { defer close(done); o.does("corpora.index") })
					<-reading
					o.updated = once(func(ctx context.Context) { close(on); o.waits(ctx, done) })
					o.check(change())
				}
				o.undisturbed()
				o.does("corpora.index")
				want := core.Completed
				if at == "fails" {
					want = core.Failed
				}
				if got := o.step(d.ID); got != want {
					t.Error(got)
				}
			})
		}
	}
}

func TestAChangeOfAPageAndItsFetchDontWaitForEachOther(t *testing.T) {
	o := inOrder(t)
	o.web.pages[home] = webPage{text: lanterns("red")}
	d := o.link(o.corpus(jo, "Guides"), home)
	fetching, on := make(chan struct{}), make(chan struct{})
	var first sync.Once
	o.web.wait = func() { first.Do(func() { close(fetching); <-on }) }
	done := make(chan struct{})
	o.others.Go(func() { defer close(done); o.does("corpora.index") })
	<-fetching
	o.updated = once(func(ctx context.Context) { close(on); o.waits(ctx, done) })
	_, err := o.Reindex(o.ctx, jo, d.ID)
	o.check(err)
	o.undisturbed()
	o.does("corpora.index")
	if got := o.step(d.ID); got != core.Completed {
		t.Error(got)
	}
}

// page is a page that was read, and whose refresh is due.
func (o *ordered) page() core.Document {
	o.t.Helper()
	o.web.pages[home] = webPage{text: lanterns("red")}
	d := o.link(o.corpus(jo, "Guides"), home)
	o.does("corpora.index")
	o.clock.Advance(25 * time.Hour)
	o.web.pages[home] = webPage{text: lanterns("green")}
	return d
}

func TestARefreshAndTheIndexerOfAPageDontWaitForEachOther(t *testing.T) {
	o := inOrder(t)
	d := o.page()
	_, err := o.Reindex(o.ctx, jo, d.ID)
	o.check(err)
	o.finished = once(func(ctx context.Context) {
		o.web.pages[home] = webPage{text: lanterns("blue")}
		o.beside(ctx, func() { o.does("corpora.refresh") })
	})
	o.does("corpora.index")
	o.undisturbed()
	o.does("corpora.index")
	if got := o.step(d.ID); got != core.Completed {
		t.Error(got)
	}
}

func TestARemovalAndWhatIsDoneAboutAPageDontWaitForEachOther(t *testing.T) {
	o := inOrder(t)
	d := o.page()
	o.cancelled = func(ctx context.Context, kind string) {
		switch kind {
		case "corpora.index": // a refresh puts another job
			o.beside(ctx, func() { o.does("corpora.refresh") })
		case "corpora.refresh":
			o.beside(ctx, func() { o.does("corpora.index") })
		}
	}
	_, err := o.DeleteDocument(o.ctx, jo, d.ID)
	o.check(err)
	o.undisturbed()
	o.cancelled = nil
	o.does("corpora.index")
	o.does("corpora.refresh")
	o.undisturbed()
	if got := o.step(d.ID); got != "" {
		t.Error(got)
	}
}

func TestTwoFilesThatChangeTheirCorporaDontWaitForEachOther(t *testing.T) {
	o := inOrder(t)
	a, b := o.corpus(jo, "a"), o.corpus(jo, "b")
	keep := func(document, corpus int64) int64 {
		stored, err := o.Keep(o.ctx, strings.NewReader("The lantern is red."))
		o.check(err)
		id, err := o.Keeper().Keep(o.ctx, corpora.KeptDocument{
			OrganizationID: 1, CorpusID: corpus, UserID: jo.UserID, By: "jo", DocumentID: document, Name: "a.md",
			File: corpora.StoredFile{Key: stored.Key, Size: stored.Size, SHA256: stored.SHA256},
		})
		if err != nil {
			t.Error(err)
		}
		return id
	}
	fromA, fromB := keep(0, a.ID), keep(0, b.ID)
	var inA int64
	o.entered = once(func(ctx context.Context) { o.beside(ctx, func() { inA = keep(fromB, a.ID) }) })
	inB := keep(fromA, b.ID)
	o.undisturbed()
	there, err := o.parts.Store.Existing(o.ctx, []int64{inA, inB, fromA, fromB})
	o.check(err)
	if there[inA] != a.ID || there[inB] != b.ID || len(there) != 2 {
		t.Error(there)
	}
}
