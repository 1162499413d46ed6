package coretest

import (
	"context"
	"errors"

	"parley/modules/corpora/internal/core/ranking"
)

func vectors(f fixture) {
	a, b := f.corpus("a"), f.corpus("b")
	d := f.document(a, "1")
	f.document(b, "2")
	f.complete("A", "one", "two", "three")
	f.complete("B", "four")
	ids := func(found []ranking.Passage, err error) (out []int64) {
		f.NoError(err)
		for _, p := range found {
			f.Equal(true, p.Text != "" && p.Corpus != 0)
			out = append(out, p.ID)
		}
		return out
	}
	all := ids(f.Unembedded(f.ctx, a.ID, 0, "m", 0, 10))
	f.Equal(3, len(all))
	f.Equal(all, ids(f.Unembedded(f.ctx, a.ID, d.ID, "m", 0, 10)))
	f.Equal(all[1:2], ids(f.Unembedded(f.ctx, a.ID, 0, "m", all[0], 1)))

	made := []ranking.Vector{{Passage: all[0], Values: []int8{-127, 0, 5}}, {Passage: all[2], Values: []int8{1, 2, 127}}}
	lost := errors.New("lost")
	f.ErrorIs(f.AddVectors(f.ctx, a.ID, "m", made, func(context.Context) error { return lost }), lost)
	f.Equal(all, ids(f.Unembedded(f.ctx, a.ID, 0, "m", 0, 10)))
	gone := ranking.Vector{Passage: 9_999, Values: []int8{1}}
	f.NoError(f.AddVectors(f.ctx, a.ID, "m", append([]ranking.Vector{}, made...), held))
	f.Equal(all[1:2], ids(f.Unembedded(f.ctx, a.ID, 0, "m", 0, 10)))
	f.Equal(all, ids(f.Unembedded(f.ctx, a.ID, 0, "another", 0, 10)))
	f.NoError(f.AddVectors(f.ctx, b.ID, "m", []ranking.Vector{gone}, held))
	f.NoError(f.ShowVectors(f.ctx, a.ID))

	read := func(corpus int64, model string, after int64, limit int) []ranking.Vector {
		found, versions, err := f.Vectors(f.ctx, corpus, model, after, limit)
		f.NoError(err)
		_, known := versions[corpus]
		f.Equal(true, known)
		return found
	}
	f.Equal(made, read(a.ID, "m", 0, 10))
	f.Equal(made[1:], read(a.ID, "m", all[0], 10))
	f.Equal(made[:1], read(a.ID, "m", 0, 1))
	f.Equal(0, len(read(a.ID, "another", 0, 10)))
	f.Equal(0, len(read(b.ID, "m", 0, 10)))
	corpora, err := f.CorporaAfter(f.ctx, a.ID, 10)
	f.NoError(err)
	f.Equal(1, len(corpora))
	f.Equal(b.ID, corpora[0].ID)
}
