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
	"parley/platform/work"
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
	d.Step, d.MimeType, d.Charset, d.ChunkCount, d.IndexVersion, d.ModifiedOn = core.Completed, "text/markdown", "utf-8", 1, core.IndexVersion, f.clock.Now()
	if diff := cmp.Diff(d, got); diff != "" {
		t.Error(diff)
	}
	found, err := f.Search(f.ctx, jo, c.ID, "How long are backups kept?", 5)
	f.check(err)
	if len(found.Passages) != 1 || found.Weights.Frequencies["backup"] == 0 {
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
	const unknown = "application/octet-stream"
	for name, c := range map[string]struct{ file, content, reason, mime string }{
		"an empty file":      {"a.md", "", "empty", unknown},
		"a blank file":       {"a.txt", " \n\t ", "has no text", "text/plain"},
		"a broken PDF":       {"a.pdf", "%PDF-1.7\n1 0 obj <<", "PDF is damaged", "application/pdf"},
		"a picture":          {"a.md", "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", "can't be read", unknown},
		"a broken archive":   {"a.docx", "PK\x03\x04 and nothing more", "damaged", unknown},
		"bytes of no format": {"a.txt", strings.Repeat("\x00\x01\x02\xff", 500), "no type that can be read", unknown},
	} {
		t.Run(name, func(t *testing.T) {
			f := setup(t)
			corpus := f.corpus(jo, "Guides")
			d := f.upload(jo, corpus, c.file, c.content)
			f.work()
			d = f.document(d.ID)
			if d.Step != core.Failed || d.FailureReason == nil || !strings.Contains(*d.FailureReason, c.reason) || d.ChunkCount != 0 || d.MimeType != c.mime {
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
func (f failing) Stage(ctx context.Context, d core.Document, ps []core.Indexed, hold core.Hold) error {
	if err := f.Store.Stage(ctx, d, ps, hold); err != nil || f.stage == nil {
		return err
	}
	return f.stage()
}

// Finish implements core.Index.
func (f failing) Finish(ctx context.Context, d core.Document, last []core.Indexed, hold core.Hold) (core.Document, error) {
	if f.finish != nil {
		if err := f.finish(); err != nil {
			return d, err
		}
	}
	return f.Store.Finish(ctx, d, last, hold)
}

func TestAWorkerThatDiesHalfwayLeavesNoSecondSetOfPassages(t *testing.T) {
	staged, thaw := make(chan struct{}), make(chan struct{})
	dying := true
	f := setup(t, func(p *core.Deps) {
		p.Store = failing{Store: p.Store, stage: func() error {
			if dying {
				dying = false
				close(staged)
				<-thaw
			}
			return nil
		}}
	})
	c := f.corpus(jo, "Guides")
	d := f.upload(jo, c, "a.txt", long("lantern"))
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_, _ = f.process("first").Drain(f.ctx)
	}()
	<-staged
	f.work()
	if got := f.document(d.ID); got.Step != core.Indexing || f.finds(jo, c, "lantern") != nil {
		t.Fatalf("claimed by two, in step %s", got.Step)
	}
	second := f.process("second", "first")
	f.check(second.TakeOver(f.ctx))
	_, err := second.Drain(f.ctx) // at once: the clock stands still
	f.check(err)
	correct := func() {
		t.Helper()
		got := f.document(d.ID)
		counts, _, err := f.Store.Postings(f.ctx, []int64{c.ID}, []string{"lantern"}, 0)
		f.check(err)
		if got.Step != core.Completed || got.ChunkCount < 200 || len(counts) != 1 || counts[0].DF != got.ChunkCount {
			t.Errorf("%s: %d chunks, %+v", got.Step, got.ChunkCount, counts)
		}
	}
	correct()
	facts := len(f.db.Published())
	close(thaw) // the first was not dead after all
	<-ended
	correct()
	if len(f.db.Published()) != facts {
		t.Error("the one that came late told of it, too")
	}
}

func TestADocumentThatFailsHalfwayLeavesNoPassages(t *testing.T) {
	trouble := errors.New("the disk is full")
	broken := true
	f := setup(t, func(p *core.Deps) {
		p.Store = failing{Store: p.Store, stage: func() error {
			if broken {
				return trouble
			}
			return nil
		}}
	})
	c := f.corpus(jo, "Guides")
	d := f.upload(jo, c, "a.txt", long("lantern"))
	for attempt := range 2 {
		if f.work(); f.document(d.ID).Step != core.Indexing {
			t.Fatalf("after attempt %d it is %s", attempt, f.document(d.ID).Step)
		}
		f.clock.Advance(time.Hour)
	}
	f.work() // the last attempt
	got := f.document(d.ID)
	if got.Step != core.Failed || !strings.Contains(*got.FailureReason, "problem on the server") {
		t.Errorf("%+v", got)
	}
	counts, _, err := f.Store.Postings(f.ctx, []int64{c.ID}, []string{"lantern"}, 0)
	f.check(err)
	if len(counts) != 0 {
		t.Errorf("%+v", counts)
	}
	// An operator finds the cause, removes it, and says retry.
	dead, err := f.queue.Dead(f.ctx, 10)
	f.check(err)
	if len(dead) != 1 || dead[0].Error != trouble.Error() || dead[0].Attempts != 3 {
		t.Fatalf("%+v", dead)
	}
	broken = false
	f.check(f.queue.Retry(f.ctx, dead[0].ID))
	f.work()
	if got := f.document(d.ID); got.Step != core.Completed || got.FailureReason != nil || f.finds(jo, c, "lantern") == nil {
		t.Errorf("%+v", got)
	}
}

// deaths are processes that work on all they may, and die.
func (f fixture) deaths(n int) {
	f.t.Helper()
	for i := range n {
		owner := fmt.Sprint("dead ", i)
		for _, alone := range []bool{true, false} {
			claimed, err := f.jobs.Claim(f.ctx, work.ClaimRequest{
				Kind: f.Kinds()[0].Name, Limit: 2, Alone: alone, Owner: owner, Now: f.clock.Now(), Until: f.clock.Now().Add(time.Hour),
			})
			f.check(err)
			if alone && len(claimed) > 0 {
				break
			}
		}
		f.check(f.process("me", owner).TakeOver(f.ctx))
	}
}

func TestADocumentThatEndsItsProcessAgainAndAgainIsGivenUp(t *testing.T) {
	f := setup(t)
	c := f.corpus(jo, "Guides")
	d := f.upload(jo, c, "a.txt", "fatal words")
	f.deaths(3)
	f.work()
	if got := f.document(d.ID); got.Step != core.Failed || !strings.Contains(*got.FailureReason, "problem on the server") || f.finds(jo, c, "fatal") != nil {
		t.Errorf("%+v", got)
	}
}

func TestDeathsThatMayBeOfAnotherDocumentDoNotCount(t *testing.T) {
	f := setup(t)
	c := f.corpus(jo, "Guides")
	a, b := f.upload(jo, c, "a.txt", "harmless words"), f.upload(jo, c, "b.txt", "harmless words, too")
	f.deaths(1) // with both
	f.work()
	for _, d := range []core.Document{a, b} {
		if got := f.document(d.ID); got.Step != core.Completed {
			t.Errorf("%+v", got)
		}
	}
}

func TestOrderlyStopsAreNoAttempts(t *testing.T) {
	var stop func()
	stops := 0
	f := setup(t, func(p *core.Deps) {
		p.Store = failing{Store: p.Store, stage: func() error {
			if stops++; stops <= 5 {
				stop()
			}
			return nil
		}}
	})
	c := f.corpus(jo, "Guides")
	d := f.upload(jo, c, "a.txt", long("lantern"))
	for range 5 {
		ctx, cancel := context.WithCancel(f.ctx)
		stop = cancel
		_, _ = f.process("me").Drain(ctx)
		cancel()
	}
	f.work()
	if got := f.document(d.ID); got.Step != core.Completed || stops < 6 {
		t.Errorf("%d stops: %+v", stops, got)
	}
}

func TestAFileThatIsGoneFailsItsDocument(t *testing.T) {
	f := setup(t)
	d := f.upload(jo, f.corpus(jo, "Guides"), "a.txt", "words")
	f.check(f.Files.Delete(f.ctx, d.BlobKey))
	for range 3 {
		f.work()
		f.clock.Advance(time.Hour)
	}
	if got := f.document(d.ID); got.Step != core.Failed {
		t.Errorf("%+v", got)
	}
	_, _, err := f.Original(f.ctx, jo, d.ID)
	f.is(err, core.ErrDocumentNotFound)
}

// hanging never ends by itself.
type hanging struct{ *extract.Extractor }

// Extract implements core.Extractor.
func (hanging) Extract(ctx context.Context, _ io.ReaderAt, _ int64, _ document.Hint) (document.Extracted, error) {
	<-ctx.Done()
	return document.Extracted{}, ctx.Err()
}

func TestADocumentThatTakesTooLongIsTriedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := setup(t, func(p *core.Deps) { p.Extractor = hanging{extract.New(extract.DefaultLimits())} })
		d := f.upload(jo, f.corpus(jo, "Guides"), "a.txt", "words")
		if n, err := f.process("me").Drain(f.ctx); n != 1 || err != nil {
			t.Error(n, err)
		}
		if got := f.document(d.ID); got.Step != core.Extracting {
			t.Errorf("%+v", got)
		}
		if n, err := f.process("me").Drain(f.ctx); n != 0 || err != nil { // not at once
			t.Error(n, err)
		}
		f.clock.Advance(time.Hour)
		if n, err := f.process("me").Drain(f.ctx); n != 1 || err != nil {
			t.Error(n, err)
		}
	})
}

func TestAnUploadIsIndexedWhileTheProcessRuns(t *testing.T) {
	f := setup(t)
	c := f.corpus(jo, "Guides")
	ended := make(chan string, 100)
	f.db.Deliver(func(_ context.Context, e event.Envelope) error {
		if e.Name == "corpora.document_indexed.v1" {
			ended <- e.Key
		}
		return nil
	})
	p := f.process("me")
	f.check(p.Start(f.ctx))
	for i := range 20 {
		f.upload(jo, c, fmt.Sprint(i, ".txt"), fmt.Sprint("lantern ", i))
	}
	for range 20 {
		<-ended
	}
	f.check(p.Stop(f.ctx))
	if len(f.finds(jo, c, "lantern")) != 20 {
		t.Error("not all of them are found")
	}
}

func TestOneOrganizationDelaysAnotherByOneDocument(t *testing.T) {
	f := setup(t)
	many := f.corpus(jo, "Many")
	for i := range 30 {
		f.upload(jo, many, fmt.Sprint(i, ".txt"), fmt.Sprint("words ", i))
	}
	theirs := f.upload(abroad, f.corpus(abroad, "Theirs"), "a.txt", "words from abroad")
	f.work()
	place := 0
	for _, fact := range f.db.Published() {
		if e, ok := fact.(corpora.DocumentIndexed); ok {
			place++
			if e.DocumentID == theirs.ID {
				break
			}
		}
	}
	if place > 2 {
		t.Errorf("the other organization's document was number %d", place)
	}
}

func TestDocumentsOfAnOlderVersionAreAdoptedOnce(t *testing.T) {
	f := setup(t)
	c := f.corpus(jo, "Guides")
	queued := f.upload(jo, c, "a.txt", "lantern a")
	var waiting []core.Document
	for i, step := range []core.Step{core.Pending, core.Extracting, core.Indexing} {
		d := queued
		d.Name, d.Step, d.ClaimedName, d.ClaimedContent = fmt.Sprint(i), step, "", ""
		d, err := f.Store.AddDocument(f.ctx, d) // as the older version did, without a job
		f.check(err)
		waiting = append(waiting, d)
	}
	for range 2 {
		f.check(f.Adopt(f.ctx))
	}
	if n, err := f.process("me").Drain(f.ctx); n != 4 || err != nil {
		t.Error(n, err)
	}
	for _, d := range waiting {
		if got := f.document(d.ID); got.Step != core.Completed {
			t.Errorf("%+v", got)
		}
	}
	f.check(f.Adopt(f.ctx))
	if n, err := f.process("me").Drain(f.ctx); n != 0 || err != nil {
		t.Error(n, err)
	}
}
