package core_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/modules/corpora"
	"parley/modules/corpora/internal/core"
	"parley/platform/kernel/event"
	"parley/platform/kernel/page"
)

func deletedIDs(facts []event.Event) (ids []int64) {
	for _, e := range facts {
		if d, ok := e.(corpora.DocumentDeleted); ok {
			ids = append(ids, d.DocumentID)
		}
	}
	return ids
}

func documentIDs(documents []core.Document) (ids []int64) {
	for _, d := range documents {
		ids = append(ids, d.ID)
	}
	return ids
}

func TestADeletedDocumentIsGoneForTheVeryNextQuestion(t *testing.T) {
	f := setup(t)
	c := f.shared("Guides")
	d, kept := f.upload(jo, c, "a.md", long("red lantern")), f.upload(jo, c, "b.md", "The blue lantern.")
	f.work()
	_, err := f.DeleteDocument(f.ctx, eve, d.ID)
	f.is(err, core.ErrNotEditor)
	_, err = f.DeleteDocument(f.ctx, abroad, d.ID)
	f.is(err, core.ErrDocumentNotFound)
	before := len(f.db.Published())
	gone, err := f.DeleteDocument(f.ctx, al, d.ID)
	f.check(err)
	if gone.ID != d.ID || gone.Step != core.Completed || len(f.finds(jo, c, "red")) != 0 || len(f.finds(jo, c, "lantern")) != 1 {
		t.Errorf("%+v", gone)
	}
	_, err = f.Document(f.ctx, jo, d.ID)
	f.is(err, core.ErrDocumentNotFound)
	_, err = f.DeleteDocument(f.ctx, al, d.ID)
	f.is(err, core.ErrDocumentNotFound)
	if got := deletedIDs(f.facts(before)); !slices.Equal(got, []int64{d.ID}) {
		t.Errorf("events about %v", got)
	}
	f.work()
	if n := f.kept(); n != 1 {
		t.Errorf("%d files are kept", n)
	}
	if got := f.document(kept.ID); got.Step != core.Completed {
		t.Errorf("%+v", got)
	}
	counted, err := f.Corpus(f.ctx, jo, c.ID)
	if err != nil || counted.Documents != 1 {
		t.Errorf("%+v, %v", counted, err)
	}
}

func TestADocumentIsDeletedWhileItIsBeingIndexed(t *testing.T) {
	var f fixture
	var d core.Document
	f = setup(t, func(p *core.Deps) {
		p.Store = failing{Store: p.Store, stage: func() error {
			_, err := f.DeleteDocument(f.ctx, jo, d.ID)
			f.check(err)
			return nil
		}}
	})
	c := f.corpus(jo, "Guides")
	d = f.upload(jo, c, "a.md", long("red lantern"))
	f.work()
	if len(f.finds(jo, c, "red")) != 0 || f.kept() != 0 {
		t.Errorf("%d passages are found, %d files are kept", len(f.finds(jo, c, "red")), f.kept())
	}
	for _, e := range f.db.Published() {
		if done, ok := e.(corpora.DocumentIndexed); ok {
			t.Errorf("%+v", done)
		}
	}
}

func TestDocumentsAreDeletedTogetherOrNone(t *testing.T) {
	f := setup(t)
	c, other := f.shared("Guides"), f.corpus(jo, "Notes")
	a, b, far := f.upload(jo, c, "a.md", "a red lantern"), f.upload(jo, c, "b.md", "b red lantern"), f.upload(jo, other, "c.md", "c red lantern")
	f.work()
	_, err := f.DeleteSome(f.ctx, eve, c.ID, []int64{a.ID})
	f.is(err, core.ErrNotEditor)
	for _, ids := range [][]int64{{a.ID, far.ID}, {a.ID, 99}} {
		_, err = f.DeleteSome(f.ctx, jo, c.ID, ids)
		f.is(err, core.ErrNotInCorpus)
	}
	if len(f.finds(jo, c, "lantern")) != 2 {
		t.Error("something was deleted")
	}
	gone, err := f.DeleteSome(f.ctx, al, c.ID, []int64{b.ID, a.ID, b.ID})
	f.check(err)
	if !slices.Equal(documentIDs(gone), []int64{a.ID, b.ID}) || len(f.finds(jo, c, "lantern")) != 0 || len(f.finds(jo, other, "lantern")) != 1 {
		t.Errorf("%+v", gone)
	}
}

func TestAllDocumentsAreDeletedByWhoRepeatsTheName(t *testing.T) {
	f := setup(t)
	c := f.shared("Guides")
	for i := range 250 {
		f.upload(jo, c, fmt.Sprintf("%d.md", i), fmt.Sprintf("lantern %d", i))
	}
	_, err := f.DeleteAll(f.ctx, eve, c.ID, "Guides")
	f.is(err, core.ErrNotEditor)
	for _, name := range []string{"", "guides", "Guides "} {
		_, err = f.DeleteAll(f.ctx, al, c.ID, name)
		f.is(err, core.ErrNotConfirmed)
	}
	before := len(f.db.Published())
	gone, err := f.DeleteAll(f.ctx, al, c.ID, "Guides")
	f.check(err)
	if ids := documentIDs(gone); len(ids) != 250 || !slices.IsSorted(ids) || !slices.Equal(ids, deletedIDs(f.facts(before))) {
		t.Errorf("%d documents, %d events", len(gone), len(f.facts(before)))
	}
	f.work()
	left, err := f.Documents(f.ctx, jo, c.ID, core.DocumentFilter{}, page.Request{})
	if err != nil || left.Count != 0 || f.kept() != 0 {
		t.Errorf("%d documents and %d files are left, %v", left.Count, f.kept(), err)
	}
	f.upload(jo, c, "0.md", "lantern 0") // its name and content are free
}

func TestADeletedCorpusIsGoneAtOnceAndItsContentSoonAfter(t *testing.T) {
	f := setup(t)
	c := f.shared("Guides")
	for i := range 120 {
		f.upload(jo, c, fmt.Sprintf("%d.md", i), fmt.Sprintf("lantern %d", i))
	}
	f.work()
	_, err := f.Connect(f.ctx, boss, agent, c.ID, core.Connect{})
	f.check(err)
	_, err = f.DeleteCorpus(f.ctx, al, c.ID)
	f.is(err, core.ErrNotAdmin)
	_, err = f.DeleteCorpus(f.ctx, abroad, c.ID)
	f.is(err, core.ErrNotFound)
	before := len(f.db.Published())
	gone, err := f.DeleteCorpus(f.ctx, jo, c.ID)
	f.check(err)
	if !gone.IsDeleted || gone.Documents != 120 || gone.ModifiedBy != jo.Email {
		t.Errorf("%+v", gone)
	}
	_, err = f.Search(f.ctx, jo, c.ID, "lantern", 5)
	f.is(err, core.ErrNotFound)
	usable, err := f.Usable(f.ctx, boss, corpora.Scope{AgentID: agent})
	f.check(err)
	connected, err := f.Connections(f.ctx, boss, agent)
	if err != nil || len(usable) != 0 || len(connected) != 0 {
		t.Errorf("%v, %v, %v", usable, connected, err)
	}
	stored, err := f.Keep(f.ctx, strings.NewReader("late"))
	f.check(err)
	_, err = f.AddDocument(f.ctx, jo, c, core.NewDocument{Stored: stored, FileName: "late.md"})
	f.is(err, core.ErrNotFound)
	f.Discard(f.ctx, stored)
	f.corpus(jo, "Guides") // the name is free
	f.work()
	if got := deletedIDs(f.facts(before)); len(got) != 120 || f.kept() != 0 {
		t.Errorf("%d events, %d files", len(got), f.kept())
	}
	_, err = f.DeleteCorpus(f.ctx, jo, c.ID)
	f.is(err, core.ErrNotFound)
}
