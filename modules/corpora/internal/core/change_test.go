package core_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/modules/corpora"
	"parley/modules/corpora/internal/core"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/event"
	"parley/platform/kernel/page"
)

// source keeps a file as the new source of a document.
func (f fixture) source(name, content string) core.DocumentChange {
	f.t.Helper()
	stored, err := f.Keep(f.ctx, strings.NewReader(content))
	f.check(err)
	return core.DocumentChange{Source: &core.NewDocument{Stored: stored, FileName: name}}
}

// shared is a corpus of jo's that al may edit and eve may view.
func (f fixture) shared(name string) core.Corpus {
	f.t.Helper()
	c := f.corpus(jo, name)
	f.grant(c, core.Grantees{Users: []int64{al.UserID}}, access.CorpusEditor)
	f.grant(c, core.Grantees{Users: []int64{eve.UserID}}, access.CorpusViewer)
	return c
}

// facts are the events from a place on.
func (f fixture) facts(from int) []event.Event { return f.db.Published()[from:] }

func text(s string) *string { return &s }

func TestTheOldTextIsFoundUntilTheNewOneIsComplete(t *testing.T) {
	f := setup(t)
	c := f.shared("Guides")
	d := f.upload(jo, c, "a.md", "The red lantern hangs in the hall.")
	f.work()
	before := len(f.db.Published())
	changed, err := f.UpdateDocument(f.ctx, al, d.ID, f.source("b.md", long("blue lantern")))
	f.check(err)
	if changed.Step != core.Pending || changed.Name != "b.md" || changed.Revision != 1 || changed.ModifiedBy != al.Email {
		t.Errorf("%+v", changed)
	}
	if got := f.finds(jo, c, "red"); len(got) != 1 {
		t.Errorf("meanwhile %v is found", got)
	}
	f.work()
	if got := f.finds(jo, c, "red"); len(got) != 0 {
		t.Errorf("afterwards %v is found", got)
	}
	if got := f.document(d.ID); got.Step != core.Completed || len(f.finds(jo, c, "blue")) == 0 {
		t.Errorf("%+v", got)
	}
	if n := f.kept(); n != 1 {
		t.Errorf("%d files are kept of one document", n)
	}
	want := []event.Event{
		corpora.DocumentUpdated{DocumentID: d.ID, CorpusID: c.ID, OrganizationID: 1, Revision: 1},
		corpora.DocumentIndexed{DocumentID: d.ID, CorpusID: c.ID, OrganizationID: 1, UserID: jo.UserID, Step: "completed", ChunkCount: f.document(d.ID).ChunkCount},
	}
	if diff := cmp.Diff(want, f.facts(before)); diff != "" {
		t.Error(diff)
	}
	_, err = f.UpdateDocument(f.ctx, al, d.ID, f.source("c.pdf", "%PDF-1.4 no more"))
	f.check(err)
	f.work()
	if got := f.document(d.ID); got.Step != core.Failed || got.FailureReason == nil || len(f.finds(jo, c, "blue")) == 0 {
		t.Errorf("a source that can't be read took the text away: %+v", got)
	}
	found, err := f.Store.Searchable(f.ctx, access.CorporaVisibleTo(jo), 0, []int64{c.ID})
	f.check(err)
	if got := f.document(d.ID); got.ChunkCount == 0 || got.ChunkCount != found[0].Passages {
		t.Errorf("%d passages are said to be there, and %d are found", got.ChunkCount, found[0].Passages)
	}
}

func TestADocumentIsFoundByItsNewNameOnceItIsCompleted(t *testing.T) {
	f := setup(t)
	c := f.shared("Guides")
	d := f.upload(jo, c, "zebra.txt", "The lantern hangs in the hall.")
	f.work()
	before, files := len(f.db.Published()), f.kept()
	changed, err := f.UpdateDocument(f.ctx, al, d.ID, core.DocumentChange{Name: text("walrus.txt")})
	f.check(err)
	if changed.Step != core.Pending || changed.Revision != 1 || len(f.finds(jo, c, "zebra")) != 1 || len(f.finds(jo, c, "walrus")) != 0 {
		t.Errorf("meanwhile %+v", changed)
	}
	f.work()
	if got := f.document(d.ID); got.Step != core.Completed || len(f.finds(jo, c, "walrus")) != 1 || len(f.finds(jo, c, "zebra")) != 0 || f.kept() != files {
		t.Errorf("afterwards %+v", got)
	}
	want := []event.Event{
		corpora.DocumentUpdated{DocumentID: d.ID, CorpusID: c.ID, OrganizationID: 1, Revision: 1},
		corpora.DocumentIndexed{DocumentID: d.ID, CorpusID: c.ID, OrganizationID: 1, UserID: jo.UserID, Step: "completed", ChunkCount: 1},
	}
	if diff := cmp.Diff(want, f.facts(before)); diff != "" {
		t.Error(diff)
	}
	// What is not about the name reads nothing again.
	for _, n := range []core.DocumentChange{{Name: text("walrus.txt")}, {Description: text("d")}, {Tags: &[]string{"x"}}} {
		same, err := f.UpdateDocument(f.ctx, al, d.ID, n)
		f.check(err)
		if same.Step != core.Completed || same.Revision != 1 {
			t.Errorf("%+v", same)
		}
	}
	// The copy of a page is read, and the page is not fetched.
	f.web.pages[home] = webPage{text: "<p>The kettle sings.</p>"}
	page := f.link(c, home)
	f.work()
	asked := len(f.web.asked)
	_, err = f.UpdateDocument(f.ctx, al, page.ID, core.DocumentChange{Name: text("Kitchen")})
	f.check(err)
	f.work()
	if len(f.finds(jo, c, "kitchen")) != 1 || len(f.web.asked) != asked {
		t.Errorf("found %v after %d of %d requests", f.finds(jo, c, "kitchen"), len(f.web.asked), asked)
	}
}

// A document that waits, or is being read, is read under its new name alone.
func TestADocumentThatIsBeingReadIsCompletedUnderItsNewName(t *testing.T) {
	var f fixture
	var d core.Document
	renamed := false
	f = setup(t, func(p *core.Deps) {
		p.Store = failing{Store: p.Store, stage: func() error {
			if !renamed {
				renamed = true
				_, err := f.UpdateDocument(f.ctx, jo, d.ID, core.DocumentChange{Name: text("walrus.txt")})
				f.check(err)
			}
			return nil
		}}
	})
	c := f.corpus(jo, "Guides")
	d = f.upload(jo, c, "zebra.txt", long("red lantern"))
	f.work()
	if got := f.document(d.ID); got.Step != core.Completed || !renamed || len(f.finds(jo, c, "walrus")) == 0 || len(f.finds(jo, c, "zebra")) != 0 {
		t.Errorf("%+v", got)
	}
}

func TestASecondNewSourceWinsOverOneThatIsBeingRead(t *testing.T) {
	var f fixture
	var c core.Corpus
	var d core.Document
	second := false
	f = setup(t, func(p *core.Deps) {
		p.Store = failing{Store: p.Store, stage: func() error {
			if !second {
				second = true
				_, err := f.UpdateDocument(f.ctx, jo, d.ID, f.source("b.md", "The blue lantern."))
				f.check(err)
			}
			return nil
		}}
	})
	c = f.corpus(jo, "Guides")
	d = f.upload(jo, c, "a.md", long("red lantern"))
	f.work()
	if got := f.document(d.ID); got.Step != core.Completed || got.Revision != 1 || got.ChunkCount != 1 {
		t.Errorf("%+v", got)
	}
	if len(f.finds(jo, c, "red")) != 0 || len(f.finds(jo, c, "blue")) != 1 || f.kept() != 1 {
		t.Errorf("%d passages with red, %d with blue, %d files", len(f.finds(jo, c, "red")), len(f.finds(jo, c, "blue")), f.kept())
	}
}

func TestWhoMayChangeADocumentAndHow(t *testing.T) {
	f := setup(t)
	c := f.shared("Guides")
	d, other := f.upload(jo, c, "a.md", "one"), f.upload(jo, c, "b.md", "two")
	for _, tc := range []struct {
		what string
		who  actor.Actor
		id   int64
		n    core.DocumentChange
		want error
	}{
		{"a viewer", eve, d.ID, core.DocumentChange{Name: text("x")}, core.ErrNotEditor},
		{"a stranger", abroad, d.ID, core.DocumentChange{Name: text("x")}, core.ErrDocumentNotFound},
		{"one that is not there", al, 99, core.DocumentChange{Name: text("x")}, core.ErrDocumentNotFound},
		{"a blank name", al, d.ID, core.DocumentChange{Name: text(" ")}, core.ErrBlankDocument},
		{"another one's name", al, d.ID, core.DocumentChange{Name: text("b.md")}, core.ErrDuplicate},
		{"its own name", al, d.ID, core.DocumentChange{Name: text("a.md")}, nil},
		{"another one's content", al, d.ID, f.source("c.md", "two"), core.ErrDuplicate},
		{"its own content", al, d.ID, f.source("c.md", "one"), nil},
		{"all else", al, d.ID, core.DocumentChange{Name: text("d.md"), Description: text("D"), Tags: &[]string{"x", "x"}}, nil},
		{"another one's name all the same", al, d.ID, core.DocumentChange{Name: text("b.md"), AllowDuplicate: true}, nil},
	} {
		_, err := f.UpdateDocument(f.ctx, tc.who, tc.id, tc.n)
		if f.is(err, tc.want); t.Failed() {
			t.Fatal(tc.what)
		}
	}
	f.work()
	got := f.document(d.ID)
	if got.Name != "b.md" || got.Description != "D" || !slices.Equal(got.Tags, []string{"x"}) || got.ModifiedBy != al.Email {
		t.Errorf("%+v", got)
	}
	found, err := f.Documents(f.ctx, eve, c.ID, core.DocumentFilter{Name: "b.md", Tag: "x"}, page.Request{})
	if err != nil || len(found.Items) != 1 || found.Items[0].ID != d.ID {
		t.Errorf("%+v, %v; the other one is %d", found.Items, err, other.ID)
	}
}

func TestADocumentIsReadAgain(t *testing.T) {
	f := setup(t)
	c := f.shared("Guides")
	d := f.upload(jo, c, "a.md", "The red lantern.")
	f.work()
	_, err := f.Reindex(f.ctx, eve, d.ID)
	f.is(err, core.ErrNotEditor)
	again, err := f.Reindex(f.ctx, al, d.ID)
	f.check(err)
	if again.Step != core.Pending || len(f.finds(eve, c, "red")) != 1 {
		t.Errorf("%+v", again)
	}
	f.work()
	if got := f.document(d.ID); got.Step != core.Completed || len(f.finds(eve, c, "red")) != 1 || f.kept() != 1 {
		t.Errorf("%+v", got)
	}
}

func TestTheSameNameIsOneHoweverItIsComposed(t *testing.T) {
	f := setup(t)
	c := f.shared("Guides")
	d := f.upload(jo, c, "Größe u\u0308ber.md", "one")
	stored, err := f.Keep(f.ctx, strings.NewReader("two"))
	f.check(err)
	_, err = f.AddDocument(f.ctx, jo, c, core.NewDocument{Stored: stored, FileName: "Größe \u00fcber.md"})
	f.is(err, core.ErrDuplicate)
	_, err = f.Duplicates(f.ctx, abroad, c.ID, nil)
	f.is(err, core.ErrNotFound)
	twins, err := f.Duplicates(f.ctx, eve, c.ID, []core.Upload{
		{Name: "new.md"}, {Name: "docs/Größe u\u0308ber.md"}, {Name: "Größe \u00fcber.md", SHA256: d.SHA256}, {Name: "other.md", SHA256: d.SHA256}, {Name: "other.md", SHA256: "0"},
	})
	f.check(err)
	var got []string
	for _, twin := range twins {
		got = append(got, fmt.Sprint(twin.Name, " ", twin.Twin.DocumentID, " ", twin.Twin.ByContent))
	}
	want := []string{"docs/Größe u\u0308ber.md 1 false", "Größe \u00fcber.md 1 true", "other.md 1 true"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOfUploadsAtTheSameMomentOneIsTheDocument(t *testing.T) {
	f := setup(t)
	c := f.shared("Guides")
	var added, refused int
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			stored, err := f.Keep(f.ctx, strings.NewReader("the same"))
			f.check(err)
			_, err = f.AddDocument(f.ctx, jo, c, core.NewDocument{Stored: stored, FileName: fmt.Sprint(i)})
			mu.Lock()
			defer mu.Unlock()
			if err == nil {
				added++
				return
			}
			refused++
			f.is(err, core.ErrDuplicate)
		})
	}
	wg.Wait()
	if added != 1 || refused != 19 {
		t.Errorf("%d added, %d refused", added, refused)
	}
}

// meanwhile has something else change a document after a request has read it,
// as another transaction may that holds no lock on the corpus.
type meanwhile struct {
	core.Store
	other func(*core.Document)
}

// UpdateDocument implements core.Documents.
func (m *meanwhile) UpdateDocument(ctx context.Context, id int64, change func(*core.Document) error) (core.Document, error) {
	if other := m.other; other != nil {
		m.other = nil
		if _, err := m.Store.UpdateDocument(ctx, id, func(d *core.Document) error { other(d); return nil }); err != nil {
			return core.Document{}, err
		}
	}
	return m.Store.UpdateDocument(ctx, id, change)
}

func TestAChangeLeavesWhatItsIndexerStoresMeanwhile(t *testing.T) {
	m := &meanwhile{}
	f := setup(t, func(p *core.Deps) { m.Store, p.Store = p.Store, m })
	c := f.shared("Guides")
	completed := func(d *core.Document) { d.Step, d.MimeType, d.ChunkCount = core.Completed, "text/markdown", 7 }
	failed := func(d *core.Document) {
		d.Step, d.FailureReason, d.ClaimedName, d.ClaimedContent = core.Failed, text("It is empty."), "", ""
	}
	refreshed := func(d *core.Document) { d.Step, d.BlobKey, d.Revision = core.Pending, "the new copy", 5 }
	described := core.DocumentChange{Description: text("D")}
	for what, tc := range map[string]struct {
		other func(*core.Document)
		n     core.DocumentChange
		also  func(*core.Document) // what n is about
	}{
		"completed, described": {completed, described, func(*core.Document) {}},
		"failed, described":    {failed, described, func(*core.Document) {}},
		"refreshed, described": {refreshed, described, func(*core.Document) {}},
		"completed, renamed": {completed, core.DocumentChange{Name: text("new.md"), Description: text("D")}, func(d *core.Document) {
			d.Name, d.ClaimedName, d.Step, d.Revision = "new.md", "new.md", core.Pending, 1
		}},
		"failed, renamed": {failed, core.DocumentChange{Name: text("new.md"), Description: text("D")}, func(d *core.Document) {
			d.Name, d.ClaimedName, d.ClaimedContent, d.Step, d.FailureReason, d.Revision = "new.md", "new.md", d.SHA256, core.Pending, nil, 1
		}},
		"refreshed, renamed": {refreshed, core.DocumentChange{Name: text("new.md"), Description: text("D")}, func(d *core.Document) {
			d.Name, d.ClaimedName, d.Revision = "new.md", "new.md", 6
		}},
	} {
		d := f.upload(jo, c, "a.md", "The red lantern.")
		d.Step = core.Extracting
		_, err := f.Store.UpdateDocument(f.ctx, d.ID, func(stored *core.Document) error { *stored = d; return nil })
		f.check(err)
		want := d
		tc.other(&want)
		tc.also(&want)
		want.Description, want.Audit.ModifiedBy = "D", al.Email
		m.other = tc.other
		got, err := f.UpdateDocument(f.ctx, al, d.ID, tc.n)
		f.check(err)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", what, diff)
		}
		_, err = f.DeleteDocument(f.ctx, jo, d.ID)
		f.check(err)
	}
}

// odd says once that a document's name may not be composed.
type odd struct {
	*meanwhile
	ids []int64
}

// Uncomposed implements core.Documents.
func (o *odd) Uncomposed(context.Context, int) ([]int64, error) {
	ids := o.ids
	o.ids = nil
	return ids, nil
}

func TestADocumentThatFailsWhileItsNameIsComposedClaimsNothing(t *testing.T) {
	o := &odd{meanwhile: &meanwhile{}}
	f := setup(t, func(p *core.Deps) { o.Store, p.Store = p.Store, o })
	c := f.shared("Guides")
	d := f.upload(jo, c, "a.md", "The red lantern.")
	_, err := f.Store.UpdateDocument(f.ctx, d.ID, func(d *core.Document) error {
		d.Name, d.ClaimedName = "u\u0308.md", "u\u0308.md"
		return nil
	})
	f.check(err)
	o.ids = []int64{d.ID}
	o.other = func(d *core.Document) { d.Step, d.ClaimedName, d.ClaimedContent = core.Failed, "", "" }
	f.check(f.Adopt(f.ctx))
	if got := f.document(d.ID); got.Name != "\u00fc.md" || got.ClaimedName != "" || got.Step != core.Failed {
		t.Errorf("%+v", got)
	}
}
