package coretest

import (
	"context"
	"errors"

	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/storetest"
)

func twins(f fixture) {
	a, b := f.corpus("a"), f.corpus("b")
	one := f.document(a, "one.md")
	two := f.document(a, "two.md", func(d *core.Document) { d.SHA256 = "sum of one.md" })
	link := f.document(a, "Our page", func(d *core.Document) { d.ClaimedName, d.SHA256 = "https://example.com/", "" })
	f.document(a, "broken.md", func(d *core.Document) { d.Step = core.Failed })
	byName := func(d core.Document, name string) core.Twin { return core.Twin{DocumentID: d.ID, Value: name} }
	byContent := func(d core.Document, sum string) core.Twin {
		return core.Twin{DocumentID: d.ID, ByContent: true, Value: sum}
	}
	for _, c := range []struct {
		what            string
		in              core.Corpus
		except          int64
		names, contents []string
		want            []core.Twin
	}{
		{"by name", a, 0, []string{"two.md"}, []string{"other"}, []core.Twin{byName(two, "two.md")}},
		{"by content, the first of them", a, 0, nil, []string{"sum of one.md"}, []core.Twin{byContent(one, "sum of one.md")}},
		{"but for one", a, one.ID, []string{"one.md"}, []string{"sum of one.md"}, []core.Twin{byContent(two, "sum of one.md")}},
		{"by link", a, 0, []string{"https://example.com/"}, nil, []core.Twin{byName(link, "https://example.com/")}},
		{"many", a, 0, []string{"one.md", "two.md", "three.md"}, []string{"sum of one.md"}, []core.Twin{byName(one, "one.md"), byContent(one, "sum of one.md"), byName(two, "two.md")}},
		{"neither", a, 0, []string{"ONE.md"}, []string{"other"}, []core.Twin{}},
		{"nothing asked", a, 0, nil, nil, []core.Twin{}},
		{"in another corpus", b, 0, []string{"one.md"}, []string{"sum of one.md"}, []core.Twin{}},
		{"one that failed", a, 0, []string{"broken.md"}, []string{"sum of broken.md"}, []core.Twin{}},
	} {
		if f.Equal(c.want, storetest.Must[[]core.Twin](f.t)(f.Twins(f.ctx, c.in.ID, c.except, c.names, c.contents))); f.t.Failed() {
			f.t.Fatal(c.what)
		}
	}
}

func claims(f fixture) {
	a, b := f.corpus("a"), f.corpus("b")
	claim := func(name, content string) func(*core.Document) {
		return func(d *core.Document) { d.ClaimedName, d.ClaimedContent = name, content }
	}
	f.document(a, "1", claim("n", "c"))
	f.document(a, "2", claim("", ""))
	f.document(a, "3", claim("", ""))
	f.document(b, "4", claim("n", "c"))
	for _, taken := range []func(*core.Document){claim("n", ""), claim("", "c"), claim("n", "other")} {
		d := core.Document{OrganizationID: org, CorpusID: a.ID, Tags: []string{}, Step: core.Pending}
		taken(&d)
		_, err := f.AddDocument(f.ctx, d)
		f.ErrorIs(err, core.ErrDuplicate)
	}
	five := f.document(a, "5", claim("m", "d"))
	_, err := f.UpdateDocument(f.ctx, five.ID, func(d *core.Document) error { d.ClaimedName = "n"; return nil })
	f.ErrorIs(err, core.ErrDuplicate)
	one := f.begin() // it fails and claims nothing any more
	f.finish(one, core.Failed, 0, nil)
	f.Equal("n", storetest.Must[core.Document](f.t)(f.UpdateDocument(f.ctx, five.ID, func(d *core.Document) error { d.ClaimedName = "n"; return nil })).ClaimedName)
}

func documentChanges(f fixture) {
	c := f.corpus("a")
	d := f.document(c, "Annual Report.pdf", func(d *core.Document) { d.Tags = []string{"x", "y"} })
	other := f.document(c, "Report of others.pdf", func(d *core.Document) { d.Tags = []string{"x"} })
	changed := storetest.Must[core.Document](f.t)(f.UpdateDocument(f.ctx, d.ID, func(d *core.Document) error {
		d.Name, d.Tags, d.Description, d.Revision, d.ETag, d.LastModified = "Übersicht.pdf", []string{"y", "z"}, "D", 3, `"e"`, "then"
		return nil
	}))
	d.Name, d.Tags, d.Description, d.Revision, d.ETag, d.LastModified = "Übersicht.pdf", []string{"y", "z"}, "D", 3, `"e"`, "then"
	f.Equal(d, changed)
	f.Equal([]core.Document{d, other}, storetest.Must[[]core.Document](f.t)(f.DocumentsByID(f.ctx, []int64{other.ID, d.ID, 99})))
	f.Equal(0, len(storetest.Must[[]core.Document](f.t)(f.DocumentsByID(f.ctx, nil))))
	f.NoError(f.unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		f.Equal([]core.Document{d, other}, storetest.Must[[]core.Document](f.t)(f.LockDocuments(ctx, []int64{other.ID, d.ID, 99})))
		f.Equal(0, len(storetest.Must[[]core.Document](f.t)(f.LockDocuments(ctx, nil))))
		return nil
	}))
	for filter, want := range map[core.DocumentFilter][]core.Document{
		{Name: "report"}: {other}, {Tag: "x"}: {other}, {Name: "ÜBER"}: {d}, {Tag: "z"}: {d}, {Tag: "y"}: {d}, {Name: "pdf"}: {d, other},
	} {
		f.Equal(want, storetest.Must[page.Of[core.Document]](f.t)(f.DocumentsPage(f.ctx, c.ID, filter, page.Request{})).Items)
	}
	boom := errors.New("boom")
	_, err := f.UpdateDocument(f.ctx, d.ID, func(d *core.Document) error { d.Name = "no"; return boom })
	f.ErrorIs(err, boom)
	_, err = f.UpdateDocument(f.ctx, 99, func(*core.Document) error { return nil })
	f.ErrorIs(err, core.ErrDocumentNotFound)
	f.Equal(d, storetest.Must[core.Document](f.t)(f.Document(f.ctx, reader, d.ID)))
}

func (f fixture) clear(documentID int64) {
	f.t.Helper()
	for done := false; !done; {
		var err error
		done, err = f.Clear(f.ctx, documentID, held)
		f.NoError(err)
	}
}

func removing(f fixture) {
	a, b := f.corpus("a"), f.corpus("b")
	var added []core.Document
	for _, in := range []core.Corpus{a, a, a, b} {
		added = append(added, f.document(in, "Report", func(d *core.Document) { d.Tags = []string{"x"} }))
		f.complete("Old", "the red lantern", "the blue lantern")
	}
	staging := f.document(a, "staged")
	f.NoError(f.Stage(f.ctx, f.begin(), indexed(1, "t", "staged words"), held))
	seen := f.searchable(a.ID)[0]
	before := f.statistics(b, "lantern", "red")
	gone := append(added[:2:2], staging)
	boom := errors.New("boom")
	f.ErrorIs(f.unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		f.NoError(f.RemoveDocuments(ctx, a.ID, gone))
		return boom
	}), boom)
	f.Equal(6, len(f.found("lantern", a)))
	f.NoError(f.unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error { return f.RemoveDocuments(ctx, a.ID, gone) }))
	now := f.searchable(a.ID)[0]
	if now.Version == seen.Version {
		f.t.Error("the corpus has no new version")
	}
	f.Equal(2, now.Passages)
	f.Equal([]string{"the blue lantern", "the red lantern"}, f.found("lantern", a))
	f.Equal(ranking.Statistics{Passages: 2, Length: now.Length, DF: map[string]int{"lantern": 2, "red": 1}}, f.statistics(a, "lantern", "red"))
	f.Equal(before, f.statistics(b, "lantern", "red"))
	f.Equal(map[int64]int64{a.ID: 1, b.ID: 1}, storetest.Must[map[int64]int64](f.t)(f.CountDocuments(f.ctx, []int64{a.ID, b.ID})))
	for _, filter := range []core.DocumentFilter{{}, {Tag: "x"}, {Name: "report"}} {
		left := storetest.Must[page.Of[core.Document]](f.t)(f.DocumentsPage(f.ctx, a.ID, filter, page.Request{}))
		f.Equal(1, len(left.Items))
	}
	for _, d := range gone {
		_, err := f.Document(f.ctx, reader, d.ID)
		f.ErrorIs(err, core.ErrDocumentNotFound)
		f.ErrorIs(f.Stage(f.ctx, d, indexed(2, "t", "late words"), held), core.ErrDocumentNotFound)
		_, err = f.Finish(f.ctx, d, nil, held)
		f.ErrorIs(err, core.ErrDocumentNotFound)
		f.clear(d.ID)
	}
	f.Equal([]string{"the blue lantern", "the red lantern"}, f.found("lantern", a))
	f.Equal(ranking.Statistics{Passages: 2, Length: now.Length, DF: map[string]int{"lantern": 2, "red": 1}}, f.statistics(a, "lantern", "red", "staged"))
}

func replacing(f fixture) {
	c := f.corpus("a")
	f.document(c, "1")
	d := f.complete("Old", "the red lantern", "the red lantern again")
	f.document(c, "2")
	f.complete("Other", "a lantern of others")
	for round, step := range []core.Step{core.Completed, core.Completed, core.Failed} {
		storetest.Must[core.Document](f.t)(f.UpdateDocument(f.ctx, d.ID, func(d *core.Document) error { d.Step, d.Revision = core.Pending, d.Revision+1; return nil }))
		old := f.found("red lantern", c)
		again := f.begin()
		f.clear(again.ID)
		f.Equal(old, f.found("red lantern", c))
		words := []string{"the blue lantern", "the green lantern"}[round%2]
		f.NoError(f.Stage(f.ctx, again, indexed(1, "New", words), held))
		f.Equal(old, f.found("red lantern", c))
		if step == core.Failed {
			f.clear(again.ID)
			f.finish(again, step, 0, nil)
			f.Equal(old, f.found("red lantern", c))
			continue
		}
		f.finish(again, step, 2, indexed(2, "New", words+" too"))
		want := []string{"a lantern of others", words, words + " too"}
		f.Equal(want, f.found("lantern", c))
		f.Equal(0, len(f.found("red", c)))
		statistics := f.statistics(c, "lantern", "red")
		f.Equal(3, statistics.Passages)
		f.Equal(map[string]int{"lantern": 3}, statistics.DF)
		f.clear(again.ID)
		f.Equal(want, f.found("lantern", c))
		f.Equal(statistics, f.statistics(c, "lantern", "red"))
	}
}

func locking(f fixture) {
	c := f.corpus("a")
	lock := func(id int64) (err error) {
		return f.unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
			_, err = f.LockCorpus(ctx, id)
			return err
		})
	}
	f.NoError(lock(c.ID))
	f.ErrorIs(lock(99), core.ErrNotFound)
	storetest.Must[core.Corpus](f.t)(f.UpdateCorpus(f.ctx, org, c.ID, func(c *core.Corpus) error { c.IsDeleted = true; return nil }))
	f.ErrorIs(lock(c.ID), core.ErrNotFound)
}
