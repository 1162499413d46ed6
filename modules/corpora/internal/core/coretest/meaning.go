package coretest

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"

	"parley/modules/corpora/internal/core"
	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/storetest"
)

// closest is how many passages a question finds by meaning at most.
const closest = 100

// meant is a corpus of which each passage has a vector.
type meant struct {
	core.Corpus
	documents []core.Document
	vectors   map[int64][]int8 // by passage
	of        map[int64]int64  // passage → document
}

func (f fixture) meant(random *rand.Rand, name string, documents, passages int) meant {
	f.t.Helper()
	m := meant{Corpus: f.corpus(name), vectors: map[int64][]int8{}, of: map[int64]int64{}}
	for i := range documents {
		d := f.document(m.Corpus, fmt.Sprint(name, i))
		texts := make([]string, passages)
		for k := range texts {
			texts[k] = fmt.Sprintf("lantern %d", k)
		}
		m.documents = append(m.documents, f.finish(f.begin(), core.Completed, passages, indexed(1, "", texts...)))
		f.embed(random, &m, d.ID)
	}
	return m
}

// embed makes vectors of what has none.
func (f fixture) embed(random *rand.Rand, m *meant, documentID int64) {
	f.t.Helper()
	bare := storetest.Must[[]ranking.Passage](f.t)(f.Unembedded(f.ctx, m.ID, documentID, "m", 0, 1_000))
	made := make([]ranking.Vector, len(bare))
	for i, p := range bare {
		made[i] = ranking.Vector{Passage: p.ID, Values: somewhere(random)}
		m.vectors[p.ID], m.of[p.ID] = made[i].Values, p.Document
	}
	f.NoError(f.AddVectors(f.ctx, m.ID, "m", made, held))
	f.NoError(f.ShowVectors(f.ctx, m.ID))
}

func somewhere(random *rand.Rand) []int8 {
	v := make([]float32, 8)
	for i := range v {
		v[i] = float32(random.NormFloat64())
	}
	out, _ := ranking.Quantize(v)
	return out
}

// nearest are the passages that a question finds when all are compared.
func nearest(question []int8, vectors map[int64][]int8) (ids []int64) {
	cosine := func(v []int8) float64 {
		product, length := 0.0, 0.0
		for i, x := range v {
			product += float64(x) * float64(question[i])
			length += float64(x) * float64(x)
		}
		return product / math.Sqrt(length)
	}
	for id, v := range vectors {
		if cosine(v) > 0 {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b int64) int {
		return cmp.Or(cmp.Compare(cosine(vectors[b]), cosine(vectors[a])), cmp.Compare(a, b))
	})
	return ids[:min(len(ids), closest)]
}

// finds asks for what is close in meaning and compares it with what is. An
// index may miss one in twenty, and finds nothing that is not there.
func (f fixture) finds(random *rand.Rand, engine *ranking.Engine, all ...meant) {
	f.t.Helper()
	there := map[int64][]int8{}
	var ids []int64
	for _, m := range all {
		ids = append(ids, m.ID)
		for id, v := range m.vectors {
			there[id] = v
		}
	}
	right, wanted := 0, 0
	for range 20 {
		question := somewhere(random)
		want := nearest(question, there)
		found := storetest.Must[ranking.Result](f.t)(engine.Search(f.ctx, ranking.Question{Corpora: f.searchable(ids...), Limit: 10, Meaning: &ranking.Meaning{Model: "m", Values: question}}))
		for _, h := range found.Hits {
			if there[h.ID] == nil {
				f.t.Fatalf("passage %d of document %d and corpus %d is found, and may not be", h.ID, h.Document, h.Corpus)
			}
			if slices.Contains(want, h.ID) {
				right++
			}
		}
		f.Equal(true, len(found.Hits) <= len(want))
		wanted += len(want)
	}
	if float64(right) < .95*float64(wanted) {
		f.t.Errorf("%d of %d passages are found", right, wanted)
	}
}

// meaning holds what questions find by meaning while documents come and go,
// with one engine, which keeps what it has read.
func meaning(f fixture) {
	random, engine := rand.New(rand.NewPCG(1, 2)), ranking.NewEngine(f.Store, 16<<20) //nolint:gosec // the same in every run
	a, b := f.meant(random, "a", 4, 90), f.meant(random, "b", 2, 90)
	f.finds(random, engine, a)
	f.finds(random, engine, b)
	f.finds(random, engine, a, b)

	without := func(m meant, document int64) {
		for passage, of := range m.of {
			if of == document {
				delete(m.vectors, passage)
				delete(m.of, passage)
			}
		}
	}
	f.NoError(f.RemoveDocuments(f.ctx, a.ID, a.documents[:1]))
	without(a, a.documents[0].ID)
	f.finds(random, engine, a) // before Clear and after it
	f.cleared(a.documents[0].ID)
	f.finds(random, engine, a, b)

	// A new text takes the place of the old one, whose vectors count for nothing.
	d := storetest.Must[core.Document](f.t)(f.UpdateDocument(f.ctx, a.documents[1].ID, func(d *core.Document) error { d.Step = core.Pending; return nil }))
	f.Equal(d.ID, f.begin().ID)
	f.NoError(f.Stage(f.ctx, d, indexed(1, "", "another lantern"), held))
	f.finds(random, engine, a, b)
	f.finish(d, core.Completed, 1, nil)
	without(a, d.ID)
	f.finds(random, engine, a, b)
	f.cleared(d.ID)
	f.embed(random, &a, d.ID)
	f.finds(random, engine, a, b)

	lost := storetest.Must[core.Corpus](f.t)(f.UpdateCorpus(f.ctx, org, b.ID, func(c *core.Corpus) error { c.IsDeleted = true; return nil }))
	f.Equal(0, len(f.searchable(lost.ID)))
	f.finds(random, engine, a)
}

// cleared removes what no question sees of a document.
func (f fixture) cleared(documentID int64) {
	f.t.Helper()
	for range 10 {
		if storetest.Must[bool](f.t)(f.Clear(f.ctx, documentID, held)) {
			return
		}
	}
	f.t.Error("clearing does not end")
}
