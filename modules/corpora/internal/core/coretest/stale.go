package coretest

import (
	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/storetest"
)

func stale(f fixture) {
	a, b := f.corpus("a"), f.corpus("b")
	for _, c := range []core.Corpus{a, a, b} {
		f.document(c, "")
	}
	old := f.complete("A", "one lantern")
	f.Equal(core.IndexVersion, old.IndexVersion)
	f.complete("B", "two lanterns")
	failed := f.begin()
	f.finish(failed, core.Failed, 0, nil)
	all := func() []core.Corpus { return storetest.Must[[]core.Corpus](f.t)(f.StaleCorpora(f.ctx, 0, 10)) }
	f.Equal(0, len(all()))
	for _, id := range []int64{old.ID, failed.ID} {
		_, err := f.UpdateDocument(f.ctx, id, func(d *core.Document) error { d.IndexVersion = 1; return nil })
		f.NoError(err)
	}
	f.Equal([]core.Corpus{{ID: a.ID, OrganizationID: org}}, all())
	f.Equal(0, len(storetest.Must[[]core.Corpus](f.t)(f.StaleCorpora(f.ctx, a.ID, 10))))
	found := storetest.Must[[]core.Document](f.t)(f.Stale(f.ctx, a.ID, 10))
	f.Equal(1, len(found))
	f.Equal(old.ID, found[0].ID)
	f.Equal(0, len(storetest.Must[[]core.Document](f.t)(f.Stale(f.ctx, b.ID, 10))))

	// What the last version changes is short documents that were cut.
	for chunks, is := range map[int]bool{1: false, 2: true, 17: true, 18: false} {
		_, err := f.UpdateDocument(f.ctx, old.ID, func(d *core.Document) error { d.IndexVersion, d.ChunkCount = 2, chunks; return nil })
		f.NoError(err)
		f.Equal(is, len(all()) == 1)
		f.Equal(is, len(storetest.Must[[]core.Document](f.t)(f.Stale(f.ctx, a.ID, 10))) == 1)
	}
	_, err := f.UpdateDocument(f.ctx, old.ID, func(d *core.Document) error { d.IndexVersion, d.ChunkCount = 1, 1; return nil })
	f.NoError(err)

	// It stays completed and is found while its new passages are written.
	f.NoError(f.Stage(f.ctx, found[0], indexed(1, "A", "one candle"), held))
	f.Equal(core.Completed, storetest.Must[[]core.Document](f.t)(f.DocumentsByID(f.ctx, []int64{old.ID}))[0].Step)
	f.Equal([]string{"one lantern", "two lanterns"}, f.found("lantern", a))
	f.finish(found[0], core.Completed, 2, indexed(2, "A", "another candle"))
	f.Equal([]string{"two lanterns"}, f.found("lantern", a))
	f.Equal([]string{"another candle", "one candle"}, f.found("candle", a))
	f.Equal(0, len(all()))
}

// sameWords has a new text with a passage of the old one.
func sameWords(f fixture) {
	c := f.corpus("a")
	d := f.document(c, "1")
	f.complete("A", "one", "two")
	bare := func() (texts []string, made []ranking.Vector) {
		for i, p := range storetest.Must[[]ranking.Passage](f.t)(f.Unembedded(f.ctx, c.ID, 0, "m", 0, 10)) {
			texts = append(texts, p.Text)
			made = append(made, ranking.Vector{Passage: p.ID, Values: []int8{int8(i), 127}})
		}
		return texts, made
	}
	texts, made := bare()
	f.Equal([]string{"one", "two"}, texts)
	f.NoError(f.AddVectors(f.ctx, c.ID, "m", made, held))
	f.finish(d, core.Completed, 2, indexed(1, "A", "two", "three"))
	f.cleared(d.ID)
	texts, _ = bare()
	f.Equal([]string{"three"}, texts)
	left, _, err := f.Vectors(f.ctx, c.ID, "m", 0, 10)
	f.NoError(err)
	f.Equal(1, len(left))
	f.Equal(made[1].Values, left[0].Values)
}
