package coretest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"

	"parley/modules/corpora/internal/core"
	"parley/platform/kernel/access"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
)

func corpusRoundTrip(f fixture) {
	c := f.corpus("Guides", func(c *core.Corpus) { c.Description, c.IsPublic, c.Tags = "All of them", true, []string{"a", "ü"} })
	f.same(c, must[core.Corpus](f)(f.Corpus(f.ctx, reader, c.ID)))
	_, err := f.Corpus(f.ctx, reader, 99)
	f.is(err, core.ErrNotFound)
	_, err = f.Corpus(f.ctx, access.VisibleCorpora{OrganizationID: 2, All: true}, c.ID)
	f.is(err, core.ErrNotFound)
}

func nameIsUnique(f fixture) {
	c := f.corpus("Guides")
	c.Name = "GUIDES"
	_, err := f.AddCorpus(f.ctx, c)
	f.is(err, core.ErrNameTaken)
	f.corpus("guides", func(c *core.Corpus) { c.OwnerID = al })
	f.corpus("guides", func(c *core.Corpus) { c.IsDeleted = true })
}

func readableAlike(f fixture) {
	rnd := rand.New(rand.NewPCG(7, 7))
	var ids []int64
	for i := range 40 {
		ids = append(ids, f.corpus(fmt.Sprint("c", i), func(c *core.Corpus) {
			c.OrganizationID, c.OwnerID = 1+rnd.Int64N(2), 11+rnd.Int64N(3)
			c.IsPublic, c.IsDeleted = rnd.IntN(3) == 0, rnd.IntN(4) == 0
		}).ID)
	}
	grants := f.grants(rnd, ids)
	for user := range int64(4) {
		teams := []int64{1 + rnd.Int64N(6), 1 + rnd.Int64N(6)}[:rnd.IntN(3)]
		for _, r := range []access.VisibleCorpora{
			{OrganizationID: 1, UserID: 11 + user, Teams: teams}, {OrganizationID: 2, UserID: 11 + user, Teams: teams},
			{OrganizationID: 1 + user%2, UserID: 11 + user, All: true}, {OrganizationID: 1, Teams: teams},
		} {
			var one []core.Corpus
			for _, id := range ids {
				c, err := f.Corpus(f.ctx, r, id)
				if err == nil {
					f.same(theirs(grants[id], r), c.Grants)
					c.Grants = nil
					one = append(one, c)
				} else {
					f.is(err, core.ErrNotFound)
				}
			}
			list := must[page.Of[core.Corpus]](f)(f.CorporaPage(f.ctx, r, page.Request{}))
			f.same(one, list.Items)
			f.same(int64(len(one)), list.Count)
			for _, c := range one {
				c.Grants = grants[c.ID]
				if !r.Shows(c.Resource()) {
					f.t.Errorf("%+v reads %+v", r, c)
				}
			}
		}
	}
}

func passing(f fixture) {
	a, b := f.corpus("Guides"), f.corpus("Notes")
	f.corpus("GUIDES", func(c *core.Corpus) { c.OwnerID = al })
	abroad := f.corpus("Far", func(c *core.Corpus) { c.OrganizationID, c.OwnerID = 2, 13 })
	f.check(f.PassCorpora(f.ctx, org, jo, al))
	f.check(f.PassCorpora(f.ctx, org, jo, al))
	f.check(f.PassCorpora(f.ctx, org, 13, al))
	a.OwnerID, a.Name, b.OwnerID = al, fmt.Sprintf("Guides (%d)", a.ID), al
	f.same(a, must[core.Corpus](f)(f.Corpus(f.ctx, reader, a.ID)))
	f.same(b, must[core.Corpus](f)(f.Corpus(f.ctx, reader, b.ID)))
	f.same(abroad, must[core.Corpus](f)(f.Corpus(f.ctx, access.VisibleCorpora{OrganizationID: 2, All: true}, abroad.ID)))
}

func documentRoundTrip(f fixture) {
	c := f.corpus("Guides")
	d := f.document(c, "a.md", func(d *core.Document) {
		pages, reason := 3, "because"
		d.Tags, d.PageCount, d.FailureReason = []string{"x"}, &pages, &reason
	})
	f.same(d, must[core.Document](f)(f.Document(f.ctx, reader, d.ID)))
	for _, r := range []access.VisibleCorpora{{OrganizationID: org, UserID: al}, {OrganizationID: 2, UserID: jo, All: true}} {
		_, err := f.Document(f.ctx, r, d.ID)
		f.is(err, core.ErrDocumentNotFound)
	}
	_, err := f.Document(f.ctx, reader, 99)
	f.is(err, core.ErrDocumentNotFound)
}

func counting(f fixture) {
	a, b, empty := f.corpus("a"), f.corpus("b"), f.corpus("empty")
	one, two := f.document(a, "1"), f.document(b, "2")
	f.document(a, "3")
	f.same(map[int64]int64{a.ID: 2, b.ID: 1, empty.ID: 0}, must[map[int64]int64](f)(f.CountDocuments(f.ctx, []int64{a.ID, b.ID, empty.ID})))
	f.same(0, len(must[map[int64]int64](f)(f.CountDocuments(f.ctx, nil))))
	f.same(map[int64]int64{one.ID: a.ID, two.ID: b.ID}, must[map[int64]int64](f)(f.Existing(f.ctx, []int64{one.ID, two.ID, 99})))
	f.same(0, len(must[map[int64]int64](f)(f.Existing(f.ctx, nil))))
	f.check(f.unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		f.same(int64(2), must[int64](f)(f.LockCorpus(ctx, a.ID)))
		return nil
	}))
}

func filters(f fixture) {
	c := f.corpus("a")
	one := f.document(c, "Annual_Report.pdf", func(d *core.Document) { d.Tags = []string{"x", "y"} })
	two := f.document(c, "notes.md", func(d *core.Document) { d.Step, d.Tags = core.Completed, []string{"y"} })
	three := f.document(c, "100%.md", func(d *core.Document) { d.Step, d.Tags = core.Failed, []string{`"x`} })
	four := f.document(c, "Übersicht Größe.txt", func(d *core.Document) { d.Tags = []string{"z", "z"} })
	f.document(f.corpus("b"), "notes.md", func(d *core.Document) { d.Tags = []string{"y"} })
	for name, tc := range map[string]struct {
		filter core.DocumentFilter
		want   []core.Document
	}{
		"all":               {core.DocumentFilter{}, []core.Document{one, two, three, four}},
		"step":              {core.DocumentFilter{Step: core.Completed}, []core.Document{two}},
		"tag":               {core.DocumentFilter{Tag: "y"}, []core.Document{one, two}},
		"part of a tag":     {core.DocumentFilter{Tag: "xy"}, []core.Document{}},
		"tag with a quote":  {core.DocumentFilter{Tag: `"x`}, []core.Document{three}},
		"name without case": {core.DocumentFilter{Name: "rEPORT"}, []core.Document{one}},
		"name with a _":     {core.DocumentFilter{Name: "l_r"}, []core.Document{one}},
		"name with a %":     {core.DocumentFilter{Name: "0%"}, []core.Document{three}},
		"name with umlauts": {core.DocumentFilter{Name: "ÜBERSICHT GRÖ"}, []core.Document{four}},
		"end of a name":     {core.DocumentFilter{Name: ".TXT"}, []core.Document{four}},
		"beyond its end":    {core.DocumentFilter{Name: ".txt "}, []core.Document{}},
		"tag that is twice": {core.DocumentFilter{Tag: "z"}, []core.Document{four}},
		"all of them":       {core.DocumentFilter{Name: "md", Tag: "y", Step: core.Completed}, []core.Document{two}},
	} {
		got := must[page.Of[core.Document]](f)(f.DocumentsPage(f.ctx, c.ID, tc.filter, page.Request{}))
		if len(got.Items) != len(tc.want) {
			f.t.Errorf("%s: %d documents", name, len(got.Items))
			continue
		}
		f.same(tc.want, got.Items)
		f.same(int64(len(tc.want)), got.Count)
	}
	walk := must[page.Of[core.Document]](f)(f.DocumentsPage(f.ctx, c.ID, core.DocumentFilter{}, page.Request{Size: 2, ByCursor: true}))
	f.same([]core.Document{one, two}, walk.Items)
	walk = must[page.Of[core.Document]](f)(f.DocumentsPage(f.ctx, c.ID, core.DocumentFilter{}, page.Request{Size: 2, Cursor: walk.NextCursor}))
	f.same([]core.Document{three, four}, walk.Items)
}

func connections(f fixture) {
	a, b := f.corpus("a"), f.corpus("b")
	first := must[core.Connection](f)(f.connection(5, b))
	second := must[core.Connection](f)(f.connection(5, a))
	must[core.Connection](f)(f.connection(6, a))
	_, err := f.connection(5, a)
	f.is(err, core.ErrConnected)
	f.same([]core.Connected{{Connection: first, Corpus: b, Shown: true}, {Connection: second, Corpus: a, Shown: true}}, must[[]core.Connected](f)(f.Connections(f.ctx, reader, 5)))
	f.same([]core.Connected{}, must[[]core.Connected](f)(f.Connections(f.ctx, access.VisibleCorpora{OrganizationID: 2, All: true}, 5)))
	f.same([]core.Connected{}, must[[]core.Connected](f)(f.Connections(f.ctx, reader, 7)))
}

func connectionChanges(f fixture) {
	a, b := f.corpus("a"), f.corpus("b", func(c *core.Corpus) { c.IsPublic = true })
	of := func(agent int64) (ids []int64) {
		for _, c := range must[[]core.Connected](f)(f.Connections(f.ctx, reader, agent)) {
			ids = append(ids, c.CorpusID)
		}
		return ids
	}
	n := must[core.Connection](f)(f.connection(5, a))
	for _, agent := range []int64{5, 6} {
		must[core.Connection](f)(f.connection(agent, b))
	}
	f.same(n, must[core.Connection](f)(f.Connection(f.ctx, org, 5, a.ID)))
	seen := must[[]core.Connected](f)(f.Connections(f.ctx, access.VisibleCorpora{OrganizationID: org, UserID: al}, 5))
	f.same([]bool{false, true}, []bool{seen[0].Shown, seen[1].Shown})
	change := func(c *core.Connection) error { c.SharesContent, c.IsDefault = false, true; return nil }
	n.SharesContent, n.IsDefault = false, true
	f.same(n, must[core.Connection](f)(f.UpdateConnection(f.ctx, org, 5, a.ID, change)))
	for _, missing := range [][3]int64{{2, 5, a.ID}, {org, 6, a.ID}, {org, 5, 99}} {
		_, err := f.Connection(f.ctx, missing[0], missing[1], missing[2])
		f.is(err, core.ErrNotConnected)
		_, err = f.UpdateConnection(f.ctx, missing[0], missing[1], missing[2], change)
		f.is(err, core.ErrNotConnected)
		_, err = f.RemoveConnection(f.ctx, missing[0], missing[1], missing[2])
		f.is(err, core.ErrNotConnected)
	}
	f.same(n, must[core.Connection](f)(f.RemoveConnection(f.ctx, org, 5, a.ID)))
	f.same([]int64{b.ID}, of(5))
	f.check(f.DropAgent(f.ctx, 2, 6))
	f.check(f.DropCorpus(f.ctx, 2, b.ID))
	f.same([]int64{b.ID}, of(6))
	f.check(f.DropAgent(f.ctx, org, 6))
	f.same(0, len(of(6)))
	f.same([]int64{b.ID}, of(5))
	f.check(f.DropCorpus(f.ctx, org, b.ID))
	f.same(0, len(of(5)))
	f.same(0, len(f.roles(b.ID)))
	f.same(1, len(f.roles(a.ID)))
}

func rollback(f fixture) {
	c := f.corpus("a")
	d := f.document(c, "a.md")
	boom := errors.New("boom")
	err := f.unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		in := f
		in.ctx = ctx
		other := in.corpus("b")
		must[core.Connection](in)(in.connection(5, other))
		in.document(c, "b.md")
		if _, err := f.Begin(ctx, d.ID); err != nil {
			return err
		}
		f.check(f.PassCorpora(ctx, org, jo, al))
		return boom
	})
	f.is(err, boom)
	f.same([]core.Corpus{c}, must[page.Of[core.Corpus]](f)(f.CorporaPage(f.ctx, reader, page.Request{})).Items)
	f.same([]core.Document{d}, must[page.Of[core.Document]](f)(f.DocumentsPage(f.ctx, c.ID, core.DocumentFilter{}, page.Request{})).Items)
	f.same(map[int64]int64{c.ID: 1}, must[map[int64]int64](f)(f.CountDocuments(f.ctx, []int64{c.ID})))
	f.same([]core.Connected{}, must[[]core.Connected](f)(f.Connections(f.ctx, reader, 5)))
}
