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
	"parley/platform/storetest"
)

func corpusRoundTrip(f fixture) {
	c := f.corpus("Guides", func(c *core.Corpus) { c.Description, c.IsPublic, c.Tags = "All of them", true, []string{"a", "ü"} })
	f.Equal(c, storetest.Must[core.Corpus](f.t)(f.Corpus(f.ctx, reader, c.ID)))
	_, err := f.Corpus(f.ctx, reader, 99)
	f.ErrorIs(err, core.ErrNotFound)
	_, err = f.Corpus(f.ctx, access.VisibleCorpora{OrganizationID: 2, All: true}, c.ID)
	f.ErrorIs(err, core.ErrNotFound)
}

func nameIsUnique(f fixture) {
	c := f.corpus("Guides")
	c.Name = "GUIDES"
	_, err := f.AddCorpus(f.ctx, c)
	f.ErrorIs(err, core.ErrNameTaken)
	f.corpus("guides", func(c *core.Corpus) { c.OwnerID = al })
	f.corpus("guides", func(c *core.Corpus) { c.IsDeleted = true })
}

func oddNames(f fixture) {
	f.corpus("Plain")
	a := f.corpus("Bu\u0308cher")
	b := f.corpus("B\u00fccher", func(c *core.Corpus) { c.OrganizationID, c.OwnerID = 2, 13 })
	f.corpus("\u00dcber", func(c *core.Corpus) { c.IsDeleted = true })
	ids := func(after int64, limit int) (ids []int64) {
		for _, c := range storetest.Must[[]core.Corpus](f.t)(f.OddlyNamed(f.ctx, after, limit)) {
			ids = append(ids, c.ID)
		}
		return ids
	}
	f.Equal([]int64{a.ID, b.ID}, ids(0, 10))
	f.Equal([]int64{a.ID}, ids(0, 1))
	f.Equal([]int64{b.ID}, ids(a.ID, 10))
}

// owners own the corpora that are read by chance; 0 is nobody, also for readers
// who are.
var owners = []int64{0, 11, 12, 13}

func readableAlike(f fixture) {
	rnd := rand.New(rand.NewPCG(7, 7))
	var ids []int64
	for i := range 40 {
		ids = append(ids, f.corpus(fmt.Sprint("c", i), func(c *core.Corpus) {
			c.OrganizationID, c.OwnerID = 1+rnd.Int64N(2), owners[rnd.IntN(len(owners))]
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
					f.Equal(theirs(grants[id], r), c.Grants)
					c.Grants = nil
					one = append(one, c)
				} else {
					f.ErrorIs(err, core.ErrNotFound)
				}
			}
			list := storetest.Must[page.Of[core.Corpus]](f.t)(f.CorporaPage(f.ctx, r, page.Request{}))
			f.Equal(one, list.Items)
			f.Equal(int64(len(one)), list.Count)
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
	f.NoError(f.PassCorpora(f.ctx, org, jo, al))
	f.NoError(f.PassCorpora(f.ctx, org, jo, al))
	f.NoError(f.PassCorpora(f.ctx, org, 13, al))
	a.OwnerID, a.Name, b.OwnerID = al, fmt.Sprintf("Guides (%d)", a.ID), al
	f.Equal(a, storetest.Must[core.Corpus](f.t)(f.Corpus(f.ctx, reader, a.ID)))
	f.Equal(b, storetest.Must[core.Corpus](f.t)(f.Corpus(f.ctx, reader, b.ID)))
	f.Equal(abroad, storetest.Must[core.Corpus](f.t)(f.Corpus(f.ctx, access.VisibleCorpora{OrganizationID: 2, All: true}, abroad.ID)))
}

func documentRoundTrip(f fixture) {
	c := f.corpus("Guides")
	d := f.document(c, "a.md", func(d *core.Document) {
		pages, reason := 3, "because"
		d.Tags, d.PageCount, d.FailureReason = []string{"x"}, &pages, &reason
	})
	f.Equal(d, storetest.Must[core.Document](f.t)(f.Document(f.ctx, reader, d.ID)))
	for _, r := range []access.VisibleCorpora{{OrganizationID: org, UserID: al}, {OrganizationID: 2, UserID: jo, All: true}} {
		_, err := f.Document(f.ctx, r, d.ID)
		f.ErrorIs(err, core.ErrDocumentNotFound)
	}
	_, err := f.Document(f.ctx, reader, 99)
	f.ErrorIs(err, core.ErrDocumentNotFound)
}

func counting(f fixture) {
	a, b, empty := f.corpus("a"), f.corpus("b"), f.corpus("empty")
	one, two := f.document(a, "1"), f.document(b, "2")
	f.document(a, "3")
	f.Equal(map[int64]int64{a.ID: 2, b.ID: 1, empty.ID: 0}, storetest.Must[map[int64]int64](f.t)(f.CountDocuments(f.ctx, []int64{a.ID, b.ID, empty.ID})))
	f.Equal(0, len(storetest.Must[map[int64]int64](f.t)(f.CountDocuments(f.ctx, nil))))
	f.Equal(map[int64]int64{one.ID: a.ID, two.ID: b.ID}, storetest.Must[map[int64]int64](f.t)(f.Existing(f.ctx, []int64{one.ID, two.ID, 99})))
	f.Equal(0, len(storetest.Must[map[int64]int64](f.t)(f.Existing(f.ctx, nil))))
	f.NoError(f.unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		f.Equal(int64(2), storetest.Must[int64](f.t)(f.LockCorpus(ctx, a.ID)))
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
		got := storetest.Must[page.Of[core.Document]](f.t)(f.DocumentsPage(f.ctx, c.ID, tc.filter, page.Request{}))
		if len(got.Items) != len(tc.want) {
			f.t.Errorf("%s: %d documents", name, len(got.Items))
			continue
		}
		f.Equal(tc.want, got.Items)
		f.Equal(int64(len(tc.want)), got.Count)
	}
	walk := storetest.Must[page.Of[core.Document]](f.t)(f.DocumentsPage(f.ctx, c.ID, core.DocumentFilter{}, page.Request{Size: 2, ByCursor: true}))
	f.Equal([]core.Document{one, two}, walk.Items)
	walk = storetest.Must[page.Of[core.Document]](f.t)(f.DocumentsPage(f.ctx, c.ID, core.DocumentFilter{}, page.Request{Size: 2, Cursor: walk.NextCursor}))
	f.Equal([]core.Document{three, four}, walk.Items)
	for _, filter := range []core.DocumentFilter{{Tag: "y"}, {Tag: "y", Name: "N"}} {
		walk = storetest.Must[page.Of[core.Document]](f.t)(f.DocumentsPage(f.ctx, c.ID, filter, page.Request{Size: 1, ByCursor: true}))
		f.Equal([]core.Document{one}, walk.Items)
		walk = storetest.Must[page.Of[core.Document]](f.t)(f.DocumentsPage(f.ctx, c.ID, filter, page.Request{Size: 1, Cursor: walk.NextCursor}))
		f.Equal([]core.Document{two}, walk.Items)
		f.Equal("", walk.NextCursor)
	}
}

// manyNamed has more documents of a name than are looked for by their names
// alone.
func manyNamed(f fixture) {
	c, others := f.corpus("a"), f.corpus("b")
	var all, odd []core.Document
	for i := range 330 {
		d := f.document(c, fmt.Sprintf("Übersicht_%d%%.PDF", i), func(d *core.Document) {
			if d.Tags = []string{}; i%2 == 1 {
				d.Tags = []string{"odd"}
			}
		})
		if all = append(all, d); i%2 == 1 {
			odd = append(odd, d)
		}
	}
	f.document(others, "übersicht_0%.pdf")
	last := f.document(c, "notes")
	part := "ÜBERSICHT_"
	for _, tc := range []struct {
		filter core.DocumentFilter
		want   []core.Document
	}{{core.DocumentFilter{Name: part}, all}, {core.DocumentFilter{Name: "%.pdf"}, all}, {core.DocumentFilter{Name: part, Tag: "odd"}, odd}, {core.DocumentFilter{Name: part, Step: core.Pending}, all}} {
		second := storetest.Must[page.Of[core.Document]](f.t)(f.DocumentsPage(f.ctx, c.ID, tc.filter, page.Request{Number: 2, Size: 7}))
		f.Equal(tc.want[7:14], second.Items)
		f.Equal(int64(len(tc.want)), second.Count)
		walk := storetest.Must[page.Of[core.Document]](f.t)(f.DocumentsPage(f.ctx, c.ID, tc.filter, page.Request{Size: 7, ByCursor: true}))
		f.Equal(tc.want[:7], walk.Items)
		walk = storetest.Must[page.Of[core.Document]](f.t)(f.DocumentsPage(f.ctx, c.ID, tc.filter, page.Request{Size: 7, Cursor: walk.NextCursor}))
		f.Equal(tc.want[7:14], walk.Items)
	}
	f.NoError(func() error {
		_, err := f.UpdateDocument(f.ctx, last.ID, func(d *core.Document) error { d.Name = "Große Übersicht_"; return nil })
		return err
	}())
	f.Equal(int64(331), storetest.Must[page.Of[core.Document]](f.t)(f.DocumentsPage(f.ctx, c.ID, core.DocumentFilter{Name: part}, page.Request{})).Count)
	found := storetest.Must[page.Of[core.Document]](f.t)(f.DocumentsPage(f.ctx, c.ID, core.DocumentFilter{Name: part}, page.Request{Number: 4}))
	f.Equal(last.ID, found.Items[30].ID)
}

func connections(f fixture) {
	a, b := f.corpus("a"), f.corpus("b")
	first := storetest.Must[core.Connection](f.t)(f.connection(5, b))
	second := storetest.Must[core.Connection](f.t)(f.connection(5, a))
	third := storetest.Must[core.Connection](f.t)(f.connection(6, a))
	_, err := f.connection(5, a)
	f.ErrorIs(err, core.ErrConnected)
	f.Equal([]core.Connected{{Connection: first, Corpus: b, Shown: true}, {Connection: second, Corpus: a, Shown: true}}, storetest.Must[[]core.Connected](f.t)(f.Connections(f.ctx, reader, 5)))
	f.Equal([]core.Connected{}, storetest.Must[[]core.Connected](f.t)(f.Connections(f.ctx, access.VisibleCorpora{OrganizationID: 2, All: true}, 5)))
	f.Equal([]core.Connected{}, storetest.Must[[]core.Connected](f.t)(f.Connections(f.ctx, reader, 7)))
	of := storetest.Must[map[int64][]core.Connection](f.t)
	f.Equal(map[int64][]core.Connection{5: {first, second}, 6: {third}}, of(f.ConnectionsOf(f.ctx, org, []int64{5, 6, 7})))
	f.Equal(map[int64][]core.Connection{6: {third}}, of(f.ConnectionsOf(f.ctx, org, []int64{6})))
	f.Equal(map[int64][]core.Connection{}, of(f.ConnectionsOf(f.ctx, 2, []int64{5, 6})))
	f.Equal(map[int64][]core.Connection{}, of(f.ConnectionsOf(f.ctx, org, nil)))
	f.Equal([]int64{5, 6}, storetest.Must[[]int64](f.t)(f.AgentsOf(f.ctx, org, a.ID)))
	f.Equal([]int64{5}, storetest.Must[[]int64](f.t)(f.AgentsOf(f.ctx, org, b.ID)))
	f.Equal([]int64{}, storetest.Must[[]int64](f.t)(f.AgentsOf(f.ctx, 2, b.ID)))
}

func connectionChanges(f fixture) {
	a, b := f.corpus("a"), f.corpus("b", func(c *core.Corpus) { c.IsPublic = true })
	of := func(agent int64) (ids []int64) {
		for _, c := range storetest.Must[[]core.Connected](f.t)(f.Connections(f.ctx, reader, agent)) {
			ids = append(ids, c.CorpusID)
		}
		return ids
	}
	n := storetest.Must[core.Connection](f.t)(f.connection(5, a))
	for _, agent := range []int64{5, 6} {
		storetest.Must[core.Connection](f.t)(f.connection(agent, b))
	}
	f.Equal(n, storetest.Must[core.Connection](f.t)(f.Connection(f.ctx, org, 5, a.ID)))
	seen := storetest.Must[[]core.Connected](f.t)(f.Connections(f.ctx, access.VisibleCorpora{OrganizationID: org, UserID: al}, 5))
	f.Equal([]bool{false, true}, []bool{seen[0].Shown, seen[1].Shown})
	change := func(c *core.Connection) error { c.SharesContent, c.IsDefault = false, true; return nil }
	n.SharesContent, n.IsDefault = false, true
	f.Equal(n, storetest.Must[core.Connection](f.t)(f.UpdateConnection(f.ctx, org, 5, a.ID, change)))
	for _, missing := range [][3]int64{{2, 5, a.ID}, {org, 6, a.ID}, {org, 5, 99}} {
		_, err := f.Connection(f.ctx, missing[0], missing[1], missing[2])
		f.ErrorIs(err, core.ErrNotConnected)
		_, err = f.UpdateConnection(f.ctx, missing[0], missing[1], missing[2], change)
		f.ErrorIs(err, core.ErrNotConnected)
		_, err = f.RemoveConnection(f.ctx, missing[0], missing[1], missing[2])
		f.ErrorIs(err, core.ErrNotConnected)
	}
	f.Equal(n, storetest.Must[core.Connection](f.t)(f.RemoveConnection(f.ctx, org, 5, a.ID)))
	f.Equal([]int64{b.ID}, of(5))
	f.NoError(f.DropAgent(f.ctx, 2, 6))
	f.NoError(f.DropCorpus(f.ctx, 2, b.ID))
	f.Equal([]int64{b.ID}, of(6))
	f.NoError(f.DropAgent(f.ctx, org, 6))
	f.Equal(0, len(of(6)))
	f.Equal([]int64{b.ID}, of(5))
	f.NoError(f.DropCorpus(f.ctx, org, b.ID))
	f.Equal(0, len(of(5)))
	f.Equal(0, len(f.roles(b.ID)))
	f.Equal(1, len(f.roles(a.ID)))
}

func rollback(f fixture) {
	c := f.corpus("a")
	d := f.document(c, "a.md")
	boom := errors.New("boom")
	err := f.unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		in := f
		in.ctx = ctx
		other := in.corpus("b")
		storetest.Must[core.Connection](in.t)(in.connection(5, other))
		in.document(c, "b.md")
		if _, err := f.Begin(ctx, d.ID); err != nil {
			return err
		}
		f.NoError(f.PassCorpora(ctx, org, jo, al))
		return boom
	})
	f.ErrorIs(err, boom)
	f.Equal([]core.Corpus{c}, storetest.Must[page.Of[core.Corpus]](f.t)(f.CorporaPage(f.ctx, reader, page.Request{})).Items)
	f.Equal([]core.Document{d}, storetest.Must[page.Of[core.Document]](f.t)(f.DocumentsPage(f.ctx, c.ID, core.DocumentFilter{}, page.Request{})).Items)
	f.Equal(map[int64]int64{c.ID: 1}, storetest.Must[map[int64]int64](f.t)(f.CountDocuments(f.ctx, []int64{c.ID})))
	f.Equal([]core.Connected{}, storetest.Must[[]core.Connected](f.t)(f.Connections(f.ctx, reader, 5)))
}
