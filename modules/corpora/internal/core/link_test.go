package core_test

import (
	"cmp"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"
	"time"

	"parley/modules/corpora/internal/core"
)

// web is the world outside: pages by link.
type web struct {
	mu    sync.Mutex
	pages map[string]webPage
	asked []string // links with the mark of the copy
	wait  func()   // while a page is fetched
}

type webPage struct {
	text, etag    string
	mime, charset string // HTML in no declared encoding, when they are empty
	err           error
}

// Fetch implements core.Fetcher.
func (w *web) Fetch(_ context.Context, link, etag, _ string) (core.Fetched, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.wait != nil {
		w.wait()
	}
	w.asked = append(w.asked, link+" "+etag)
	p, there := w.pages[link]
	switch {
	case !there:
		return core.Fetched{}, &core.FetchError{Sentence: "The server of the page answered with status 404."}
	case p.err != nil:
		return core.Fetched{}, p.err
	case etag != "" && etag == p.etag:
		return core.Fetched{ETag: etag}, nil
	}
	return core.Fetched{Body: io.NopCloser(strings.NewReader(p.text)), MimeType: cmp.Or(p.mime, "text/html"), Charset: p.charset, ETag: p.etag, LastModified: "then"}, nil
}

const home = "https://example.com/guide"

func lanterns(colour string) string {
	return "<html><title>Lanterns</title><p>The " + colour + " lantern hangs in the hall.</p></html>"
}

func (f fixture) link(c core.Corpus, link string) core.Document {
	f.t.Helper()
	d, err := f.AddDocument(f.ctx, jo, c, core.NewDocument{Kind: "weblink", Link: link})
	f.check(err)
	return d
}

func TestAPageIsFetchedAndFound(t *testing.T) {
	f := setup(t)
	c := f.shared("Guides")
	f.web.pages[home] = webPage{text: lanterns("red"), etag: `"1"`}
	d := f.link(c, " HTTPS://Example.com/guide#top ")
	if d.Source != home || d.Name != home || d.ContentType != "weblink" || d.Step != core.Pending {
		t.Errorf("%+v", d)
	}
	_, _, err := f.Original(f.ctx, jo, d.ID)
	f.is(err, core.ErrNotFetched)
	_, err = f.AddDocument(f.ctx, jo, c, core.NewDocument{Kind: "weblink", Link: home, Name: "Another name"})
	f.is(err, core.ErrDuplicate)
	f.work()
	found, err := f.Search(f.ctx, eve, c.ID, "red lantern", 5)
	f.check(err)
	if len(found.Passages) != 1 || !strings.Contains(found.Passages[0].Title, "Lanterns") {
		t.Errorf("%+v", found.Passages)
	}
	if got := f.document(d.ID); got.Step != core.Completed || got.ETag != `"1"` || got.LastModified != "then" || got.Size != int64(len(lanterns("red"))) || got.MimeType != "text/html" {
		t.Errorf("%+v", got)
	}
}

func TestALinkThatCannotBeFetchedFailsWithAReason(t *testing.T) {
	f := setup(t)
	c := f.shared("Guides")
	gone := f.link(c, "https://example.com/gone")
	f.web.pages[home] = webPage{err: &core.FetchError{Sentence: "The server did not answer.", Again: true, Err: errors.New("timeout")}}
	down := f.link(c, home)
	f.work()
	for range 5 { // attempts
		f.clock.Advance(time.Hour)
		f.work()
	}
	for id, want := range map[int64]string{gone.ID: "status 404", down.ID: "did not answer"} {
		if got := f.document(id); got.Step != core.Failed || got.FailureReason == nil || !strings.Contains(*got.FailureReason, want) {
			t.Errorf("%+v", got)
		}
	}
	for _, link := range []string{"", "x", "ftp://example.com", "https://", "https://a@example.com", "https://a:b@example.com", "https://example.com/" + strings.Repeat("x", 2_000)} {
		_, err := f.AddDocument(f.ctx, jo, c, core.NewDocument{Kind: "weblink", Link: link})
		f.is(err, core.ErrInvalidLink)
	}
	f.web.pages[home] = webPage{text: lanterns("red")}
	_, err := f.Reindex(f.ctx, jo, down.ID)
	f.check(err)
	f.work()
	if len(f.finds(jo, c, "red")) != 1 {
		t.Errorf("%+v", f.document(down.ID))
	}
}

func TestAPageIsLookedAtAgainADayLater(t *testing.T) {
	f := setup(t)
	c := f.shared("Guides")
	f.web.pages[home] = webPage{text: lanterns("red"), etag: `"1"`}
	d := f.link(c, home)
	f.work()
	day := func() (asked int) {
		f.t.Helper()
		before := len(f.web.asked)
		f.clock.Advance(25 * time.Hour)
		f.work()
		return len(f.web.asked) - before
	}
	f.clock.Advance(time.Hour)
	f.work()
	if len(f.web.asked) != 1 {
		t.Errorf("asked %v", f.web.asked)
	}
	if n := day(); n != 1 || f.web.asked[1] != home+` "1"` || f.document(d.ID).Revision != 0 {
		t.Errorf("asked %v: %+v", f.web.asked, f.document(d.ID))
	}
	f.web.pages[home] = webPage{text: lanterns("red"), etag: `"2"`} // another mark of the same page
	if n := day(); n != 1 || f.document(d.ID).Revision != 0 || f.kept() != 1 {
		t.Errorf("%+v, %d files", f.document(d.ID), f.kept())
	}
	f.web.pages[home] = webPage{text: lanterns("blue"), etag: `"3"`}
	if n := day(); n != 1 || len(f.finds(jo, c, "blue")) != 1 || len(f.finds(jo, c, "red")) != 0 || f.kept() != 1 {
		t.Errorf("%+v, %d files", f.document(d.ID), f.kept())
	}
	delete(f.web.pages, home) // what was there stays
	if n := day(); n != 1 || len(f.finds(jo, c, "blue")) != 1 || f.document(d.ID).Step != core.Completed {
		t.Errorf("%+v", f.document(d.ID))
	}
	f.web.pages[home] = webPage{text: lanterns("green"), etag: `"4"`}
	f.web.wait = func() { // somebody changes the document meanwhile
		f.web.wait = nil
		_, err := f.UpdateDocument(f.ctx, jo, d.ID, f.source("own.md", "The yellow lantern."))
		f.check(err)
	}
	day()
	if len(f.finds(jo, c, "yellow")) != 1 || len(f.finds(jo, c, "green")) != 0 || f.kept() != 1 {
		t.Errorf("%+v, %d files", f.document(d.ID), f.kept())
	}
	if n := day(); n != 0 {
		t.Errorf("a document that is no page any more was looked at %d times", n)
	}
}

func TestADeletedPageIsNotLookedAtAgain(t *testing.T) {
	f := setup(t)
	c := f.shared("Guides")
	f.web.pages[home] = webPage{text: lanterns("red"), etag: `"1"`}
	d := f.link(c, home)
	f.work()
	_, err := f.DeleteDocument(f.ctx, jo, d.ID)
	f.check(err)
	f.clock.Advance(48 * time.Hour)
	f.work()
	if len(f.web.asked) != 1 || f.kept() != 0 {
		t.Errorf("asked %v, %d files", f.web.asked, f.kept())
	}
}

// What is downloaded is what was fetched, and says in which encoding it was read.
func TestAPageIsReadAndKeptInItsOwnEncoding(t *testing.T) {
	const cyrillic = "\xcf\xe5\xf2\xe5\xf0\xe1\xf3\xf0\xe3\xf1\xea\xe8\xe9 \xec\xe0\xff\xea \xf1\xf2\xee\xe8\xf2 \xed\xe0 \xea\xe0\xec\xed\xe5" // windows-1251
	for name, c := range map[string]struct {
		page    webPage
		asked   string
		charset string
	}{
		"declared by the server":        {webPage{text: "<p>" + cyrillic, charset: "windows-1251"}, "маяк", "windows-1251"},
		"the server goes before a page": {webPage{text: "<meta charset=koi8-r><p>" + cyrillic, charset: "windows-1251"}, "маяк", "windows-1251"},
		"declared by the page":          {webPage{text: "<meta charset=windows-1251><p>" + cyrillic}, "маяк", "windows-1251"},
		"declared by nobody":            {webPage{text: "<p>" + cyrillic + ". " + cyrillic}, "маяк", "windows-1251"},
		"plain text":                    {webPage{text: cyrillic, mime: "text/plain", charset: "windows-1251"}, "маяк", "windows-1251"},
		"UTF-8 in spite of the server":  {webPage{text: "<p>Петербургский маяк", charset: "windows-1251"}, "маяк", "utf-8"},
		"UTF-8, long after its start":   {webPage{text: "<p>" + strings.Repeat("abc. ", 20_000) + "маяк"}, "маяк", "utf-8"},
	} {
		t.Run(name, func(t *testing.T) {
			f := setup(t)
			corpus := f.corpus(jo, "Guides")
			f.web.pages[home] = c.page
			d := f.link(corpus, home)
			for range 2 { // also when it is read again
				f.work()
				got, file, err := f.Original(f.ctx, jo, d.ID)
				f.check(err)
				kept, err := io.ReadAll(file)
				f.check(errors.Join(err, file.Close()))
				if len(f.finds(jo, corpus, c.asked)) == 0 || got.Charset != c.charset || string(kept) != c.page.text {
					t.Errorf("%.60q is kept as %s, and %q finds %d", kept, got.Charset, c.asked, len(f.finds(jo, corpus, c.asked)))
				}
				_, err = f.UpdateDocument(f.ctx, jo, d.ID, core.DocumentChange{Name: text("again")})
				f.check(err)
			}
		})
	}
}
