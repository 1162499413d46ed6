package core_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/document"
)

// reader hands files on to the extractor that is there, and tells before.
type reader struct {
	core.Extractor
	before func(name string) error
}

// Extract implements core.Extractor.
func (r reader) Extract(ctx context.Context, src io.ReaderAt, size int64, hint document.Hint) (document.Extracted, error) {
	if err := r.before(hint.Name); err != nil {
		return document.Extracted{}, err
	}
	return r.Extractor.Extract(ctx, src, size, hint)
}

// Reason implements core.Extractor.
func (r reader) Reason(err error) (string, bool) {
	if err.Error() == "unreadable" {
		return "It is unreadable.", false
	}
	return r.Extractor.Reason(err)
}

// older makes documents such that an older version has read, and starts the
// service with before called for each file that is read.
func (f *fixture) older(before func(name string) error, documents ...core.Document) {
	f.t.Helper()
	for _, d := range documents {
		_, err := f.parts.Store.UpdateDocument(f.ctx, d.ID, func(d *core.Document) error { d.IndexVersion = 1; return nil })
		f.check(err)
	}
	f.parts.Extractor = reader{f.parts.Extractor, before}
	f.Service = core.New(f.parts)
	f.check(f.Adopt(f.ctx))
}

func (f *fixture) stale(corpusID int64) int {
	f.t.Helper()
	left, err := f.parts.Store.Stale(f.ctx, corpusID, 1_000)
	f.check(err)
	return len(left)
}

func TestDocumentsOfAnOlderVersionAreReadAgainAndFoundMeanwhile(t *testing.T) {
	f := setup(t)
	c := f.corpus(jo, "a")
	var all []core.Document
	for i := range 45 {
		all = append(all, f.upload(jo, c, fmt.Sprintf("%d.md", i), fmt.Sprintf("# Boats\n\nLantern number %d.", i)))
	}
	f.work()
	was, err := f.Document(f.ctx, jo, all[0].ID)
	f.check(err)
	f.clock.Advance(time.Hour)
	reads, least := 0, len(all)
	f.older(func(string) error {
		reads++
		found, err := f.Search(f.ctx, jo, c.ID, "lantern", 100)
		least = min(least, len(found.Passages))
		return err
	}, all...)
	for range 10 {
		f.work()
		f.clock.Advance(time.Minute)
	}
	if n := f.stale(c.ID); n != 0 || reads != len(all) {
		t.Errorf("%d were read, %d are left", reads, n)
	}
	if least != len(all) {
		t.Errorf("only %d were found meanwhile", least)
	}
	is, err := f.Document(f.ctx, jo, all[0].ID)
	f.check(err)
	if is.Step != core.Completed || is.ModifiedOn != was.ModifiedOn || is.Revision != was.Revision {
		t.Errorf("it is another document: %+v, was %+v", is, was)
	}
}

func TestAChangeOfADocumentThatIsReadAgainKeepsItsMoment(t *testing.T) {
	f := setup(t)
	c := f.corpus(jo, "a")
	d := f.upload(jo, c, "a.md", "A lantern.")
	f.work()
	f.clock.Advance(time.Hour)
	var changed core.Document
	f.older(func(string) (err error) {
		changed, err = f.UpdateDocument(f.ctx, jo, d.ID, core.DocumentChange{Tags: &[]string{"x"}})
		return err
	}, d)
	f.work()
	is, err := f.Document(f.ctx, jo, d.ID)
	f.check(err)
	if n := f.stale(c.ID); n != 0 || is.ModifiedOn != changed.ModifiedOn || is.ModifiedOn.Equal(d.ModifiedOn) {
		t.Errorf("modified on %v, not %v; %d are left", is.ModifiedOn, changed.ModifiedOn, n)
	}
}

func TestADocumentThatCanNotBeReadAgainKeepsItsText(t *testing.T) {
	f := setup(t)
	c := f.corpus(jo, "a")
	d := f.upload(jo, c, "a.md", "A lantern.")
	f.work()
	reads := 0
	f.older(func(string) error { reads++; return errors.New("unreadable") }, d)
	for range 3 {
		f.work()
		f.clock.Advance(time.Minute)
		f.check(f.Adopt(f.ctx))
	}
	found, err := f.Search(f.ctx, jo, c.ID, "lantern", 10)
	f.check(err)
	is, err := f.Document(f.ctx, jo, d.ID)
	f.check(err)
	if len(found.Passages) != 1 || is.Step != core.Completed || is.FailureReason != nil || reads != 1 {
		t.Errorf("%d found, %+v, read %d times", len(found.Passages), is, reads)
	}
}

func TestAnUploadIsReadBeforeWhatIsReadAgain(t *testing.T) {
	f := setup(t)
	c := f.corpus(jo, "a")
	var all []core.Document
	for i := range 8 {
		all = append(all, f.upload(jo, c, fmt.Sprintf("old %d.md", i), fmt.Sprint("lantern ", i)))
	}
	f.work()
	var order []string
	f.older(func(name string) error {
		if order = append(order, name); len(order) == 1 {
			f.upload(jo, c, "new.md", "candle")
		}
		return nil
	}, all...)
	f.work()
	if len(order) != 9 {
		t.Fatalf("%q were read", order)
	}
	for i, name := range order {
		if name == "new.md" && i > 2 { // both places may have been taken
			t.Errorf("%q were read", order)
		}
	}
}

func TestADocumentThatChangesWhileItIsReadAgainIsTheChangedOne(t *testing.T) {
	f := setup(t)
	c := f.corpus(jo, "a")
	d := f.upload(jo, c, "a.md", "A lantern.")
	gone := f.upload(jo, c, "b.md", "A lantern, too.")
	f.work()
	changed := false
	f.older(func(string) error {
		if changed {
			return nil
		}
		changed = true
		name := "candle.md"
		if _, err := f.UpdateDocument(f.ctx, jo, d.ID, core.DocumentChange{Name: &name}); err != nil {
			return err
		}
		_, err := f.DeleteDocument(f.ctx, jo, gone.ID)
		return err
	}, d, gone)
	for range 5 {
		f.work()
		f.clock.Advance(time.Minute)
	}
	found, err := f.Search(f.ctx, jo, c.ID, "lantern", 10)
	f.check(err)
	is, err := f.Document(f.ctx, jo, d.ID)
	f.check(err)
	if len(found.Passages) != 1 || found.Passages[0].Title != "candle" || is.Step != core.Completed || is.Revision != 1 || f.stale(c.ID) != 0 {
		t.Errorf("%+v, %+v", found.Passages, is)
	}
}

func TestAPageThatChangesWhileItIsReadAgainIsReadOnceMore(t *testing.T) {
	f := setup(t)
	c := f.corpus(jo, "a")
	f.web.pages[home] = webPage{text: lanterns("red")}
	d := f.link(c, home)
	f.index()
	f.clock.Advance(25 * time.Hour)
	f.web.pages[home] = webPage{text: lanterns("green")}
	changes := 0
	f.older(func(string) error {
		if changes++; changes == 1 {
			f.does("corpora.refresh")
		}
		return nil
	}, d)
	f.does("corpora.stale")
	f.does("corpora.index")
	f.clock.Advance(time.Minute)
	f.work()
	if found := f.finds(jo, c, "lantern"); len(found) != 1 || !strings.Contains(found[0], "green") {
		t.Error(found)
	}
	if d = f.document(d.ID); d.Step != core.Completed || d.Revision != 1 || f.stale(c.ID) != 0 {
		t.Errorf("%+v", d)
	}
}
