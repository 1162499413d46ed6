package core_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/modules/corpora"
	"parley/modules/corpora/internal/adapters/extract"
	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/document"
	"parley/platform/kernel/event"
)

func TestAnUploadIsFoundByTheNextQuestionOnceItIsCompleted(t *testing.T) {
	f := setup(t)
	c := f.corpus(jo, "Guides")
	d := f.upload(jo, c, "Backups.md", "# Backups\n\nThe server keeps backups for thirty days.\n")
	if d.Step != core.Pending || len(f.finds(jo, c, "backups")) != 0 {
		t.Fatalf("before: %+v", d)
	}
	f.clock.Advance(time.Second)
	f.work()
	got := f.document(d.ID)
	d.Step, d.MimeType, d.ChunkCount, d.ClaimedBy, d.Attempts, d.ModifiedOn = core.Completed, "text/markdown", 1, "me", 1, f.clock.Now()
	if diff := cmp.Diff(d, got); diff != "" {
		t.Error(diff)
	}
	found, err := f.Search(f.ctx, jo, c.ID, "How long are backups kept?", 5)
	f.check(err)
	if len(found.Passages) != 1 || found.Weights["backup"] == 0 {
		t.Fatalf("%+v", found)
	}
	p := found.Passages[0]
	if p.DocumentID != d.ID || p.CorpusID != c.ID || p.Title != "Backups" || p.URL != "/api/document/1/content" || p.Page != nil || !strings.Contains(p.Text, "thirty days") {
		t.Errorf("%+v", p)
	}
	want := []event.Event{
		corpora.CorpusCreated{CorpusID: c.ID, OrganizationID: 1, OwnerID: jo.UserID},
		corpora.DocumentAdded{DocumentID: d.ID, CorpusID: c.ID, OrganizationID: 1, UserID: jo.UserID},
		corpora.DocumentIndexed{DocumentID: d.ID, CorpusID: c.ID, OrganizationID: 1, UserID: jo.UserID, Step: "completed", ChunkCount: 1},
	}
	if diff := cmp.Diff(want, f.db.Published()); diff != "" {
		t.Error(diff)
	}
}

func TestADocumentThatCannotBeReadFailsWithAReason(t *testing.T) {
	for name, c := range map[string]struct{ file, content, reason string }{
		"an empty file":      {"a.md", "", "empty"},
		"a blank file":       {"a.txt", " \n\t ", "holds no text"},
		"a broken PDF":       {"a.pdf", "%PDF-1.7\n1 0 obj <<", "PDF is damaged"},
		"a picture":          {"a.md", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "can't be read"},
		"a broken archive":   {"a.docx", "PK\x03\x04 and nothing more", "damaged"},
		"bytes of no format": {"a.txt", strings.Repeat("\x00\x01\x02\xff", 500), "no type that can be read"},
	} {
		t.Run(name, func(t *testing.T) {
			f := setup(t)
			corpus := f.corpus(jo, "Guides")
			d := f.upload(jo, corpus, c.file, c.content)
			f.work()
			d = f.document(d.ID)
			if d.Step != core.Failed || d.FailureReason == nil || !strings.Contains(*d.FailureReason, c.reason) || d.ChunkCount != 0 {
				t.Fatal(cmp.Diff(core.Document{}, d))
			}
			if f.finds(jo, corpus, "nothing more") != nil {
				t.Error("it is found")
			}
			facts := f.db.Published()
			if e := facts[len(facts)-1].(corpora.DocumentIndexed); e.Step != "failed" || e.ChunkCount != 0 {
				t.Errorf("%+v", e)
			}
		})
	}
}

// long is a text of more passages than one transaction takes.
func long(word string) string {
	var b strings.Builder
	for i := range 4000 {
		fmt.Fprintf(&b, "Sentence %d says something about the %s of days gone by. ", i, word)
	}
	return b.String()
}

// failing stands before the store and fails where it is told to.
type failing struct {
	core.Store
	stage, finish func() error
}

// Stage implements core.Index.
func (f failing) Stage(ctx context.Context, d core.Document, ps []core.Indexed, until time.Time) error {
	if err := f.Store.Stage(ctx, d, ps, until); err != nil || f.stage == nil {
		return err
	}
	return f.stage()
}

// Finish implements core.Index.
func (f failing) Finish(ctx context.Context, d core.Document, last []core.Indexed) (core.Document, error) {
	if f.finish != nil {
		if err := f.finish(); err != nil {
			return d, err
		}
	}
	return f.Store.Finish(ctx, d, last)
}

func TestAWorkerThatDiesHalfwayLeavesNoSecondSetOfPassages(t *testing.T) {
	broken := true
	var die func()
	f := setup(t, func(p *core.Deps) {
		p.Store = failing{Store: p.Store, stage: func() error {
			if broken {
				die()
			}
			return nil
		}}
	})
	c := f.corpus(jo, "Guides")
	d := f.upload(jo, c, "a.txt", long("lantern"))
	ctx, cancel := context.WithCancel(f.ctx)
	die = cancel
	if found, err := f.IndexNext(ctx); !found || !errors.Is(err, context.Canceled) {
		t.Fatal(found, err)
	}
	if found, err := f.IndexNext(f.ctx); found || err != nil {
		t.Fatal("claimed while the claim holds", err)
	}
	if got := f.document(d.ID); got.Step != core.Indexing || f.finds(jo, c, "lantern") != nil {
		t.Fatalf("%s", got.Step)
	}
	broken = false
	f.clock.Advance(time.Hour)
	f.work()
	got := f.document(d.ID)
	stats, err := f.Store.Statistics(f.ctx, []int64{c.ID}, []string{"lantern"})
	f.check(err)
	if got.Step != core.Completed || got.Attempts != 2 || got.ChunkCount < 200 || stats.Passages != got.ChunkCount || stats.DF["lantern"] != got.ChunkCount {
		t.Errorf("%s after %d attempts: %d chunks, %+v", got.Step, got.Attempts, got.ChunkCount, stats)
	}
}

func TestADocumentThatFailsHalfwayLeavesNoPassages(t *testing.T) {
	trouble := errors.New("the disk is full")
	f := setup(t, func(p *core.Deps) { p.Store = failing{Store: p.Store, stage: func() error { return trouble }} })
	c := f.corpus(jo, "Guides")
	d := f.upload(jo, c, "a.txt", long("lantern"))
	for attempt := range 2 {
		if _, err := f.IndexNext(f.ctx); !errors.Is(err, trouble) {
			t.Fatalf("attempt %d: %v", attempt, err)
		}
		f.clock.Advance(time.Hour)
	}
	f.work() // the last attempt
	got := f.document(d.ID)
	if got.Step != core.Failed || got.Attempts != 3 || !strings.Contains(*got.FailureReason, "problem on the server") {
		t.Errorf("%+v", got)
	}
	stats, err := f.Store.Statistics(f.ctx, []int64{c.ID}, []string{"lantern"})
	f.check(err)
	if stats.Passages != 0 || len(stats.DF) != 0 {
		t.Errorf("%+v", stats)
	}
}

func TestADocumentThatEndsItsProcessAgainAndAgainIsGivenUp(t *testing.T) {
	f := setup(t)
	c := f.corpus(jo, "Guides")
	d := f.upload(jo, c, "a.txt", "fatal words")
	for range 3 { // processes that claim and die
		_, found, err := f.Store.Claim(f.ctx, "dead", f.clock.Now(), f.clock.Now().Add(time.Minute))
		if !found || err != nil {
			t.Fatal(found, err)
		}
		f.clock.Advance(time.Hour)
	}
	f.work()
	if got := f.document(d.ID); got.Step != core.Failed || got.Attempts != 4 || f.finds(jo, c, "fatal") != nil {
		t.Errorf("%+v", got)
	}
}

func TestAClaimThatIsLostIsLeftToTheOther(t *testing.T) {
	var f fixture
	f = setup(t, func(p *core.Deps) {
		p.Store = failing{Store: p.Store, stage: func() error {
			f.clock.Advance(time.Hour)
			_, _, err := f.Store.Claim(f.ctx, "other", f.clock.Now(), f.clock.Now().Add(time.Hour))
			return err
		}}
	})
	c := f.corpus(jo, "Guides")
	d := f.upload(jo, c, "a.txt", long("lantern"))
	if _, err := f.IndexNext(f.ctx); !errors.Is(err, core.ErrClaimLost) {
		t.Fatal(err)
	}
	if got := f.document(d.ID); got.ClaimedBy != "other" || got.Step != core.Extracting {
		t.Errorf("%+v", got)
	}
}

func TestAFileThatIsGoneFailsItsDocument(t *testing.T) {
	f := setup(t)
	d := f.upload(jo, f.corpus(jo, "Guides"), "a.txt", "words")
	f.check(f.Files.Delete(f.ctx, d.BlobKey))
	for range 2 {
		if _, err := f.IndexNext(f.ctx); err == nil {
			t.Fatal("no error")
		}
		f.clock.Advance(time.Hour)
	}
	f.work()
	if got := f.document(d.ID); got.Step != core.Failed {
		t.Errorf("%+v", got)
	}
	_, _, err := f.Original(f.ctx, jo, d.ID)
	f.is(err, core.ErrDocumentNotFound)
}

// hanging never ends by itself.
type hanging struct{ *extract.Extractor }

// Extract implements core.Extractor.
func (hanging) Extract(ctx context.Context, _ io.ReaderAt, _ int64, _ string) (document.Extracted, error) {
	<-ctx.Done()
	return document.Extracted{}, ctx.Err()
}

func TestADocumentThatTakesTooLongIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := setup(t, func(p *core.Deps) { p.Extractor = hanging{extract.New(extract.DefaultLimits())} })
		d := f.upload(jo, f.corpus(jo, "Guides"), "a.txt", "words")
		if found, err := f.IndexNext(f.ctx); !found || !errors.Is(err, context.DeadlineExceeded) {
			t.Error(found, err)
		}
		if got := f.document(d.ID); got.Step != core.Extracting {
			t.Errorf("%+v", got)
		}
	})
}

// graveyard are processes that are known to be dead.
type graveyard []string

func (g graveyard) Dead(context.Context, []string) ([]string, error) { return g, nil }

func TestTheIndexerWorksUntilItIsToldToStop(t *testing.T) {
	f := setup(t, func(p *core.Deps) { p.Peers = graveyard{"dead"} })
	c := f.corpus(jo, "Guides")
	left := f.upload(jo, c, "left.txt", "left by a dead process")
	_, _, err := f.Store.Claim(f.ctx, "dead", f.clock.Now(), f.clock.Now().Add(time.Hour))
	f.check(err)
	ended := make(chan int64, 100)
	f.db.Deliver(func(_ context.Context, e event.Envelope) error {
		if e.Name == "corpora.document_indexed.v1" {
			ended <- 1
		}
		return nil
	})
	ctx, stop := context.WithCancel(f.ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		f.Work(ctx)
	}()
	<-ended
	for i := range 20 {
		f.upload(jo, c, fmt.Sprint(i, ".txt"), fmt.Sprint("lantern ", i))
		f.Wake()
	}
	for range 20 {
		<-ended
	}
	stop()
	<-done
	if got := f.document(left.ID); got.Step != core.Completed || len(f.finds(jo, c, "lantern")) != 20 {
		t.Errorf("%+v", got)
	}
}
