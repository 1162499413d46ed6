package ranking

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"parley/platform/kernel/text"
)

const (
	// wholeMost is how long the passages of a corpus may be together, as Entry
	// counts them, for its index to be read as a whole: it takes 3 MB then.
	wholeMost = 100_000
	// wordsOfRead is how many words of indexes are read as a whole while a question
	// reads parts of them. One is read when both have taken as long: who never
	// knows how many questions will come waits so at most twice as long as who
	// does (Karlin, Manasse, Rudolph and Sleator, "Competitive snoopy caching",
	// 1988).
	wordsOfRead = 2_500
)

// keptWhole is the whole index of a small corpus.
type keptWhole struct {
	corpus, version int64
	terms           map[string]*keptTerm
	absent          keptTerm
	size            int

	once  sync.Once
	names []string    // of the terms
	grams []gramOfOne // ordered
}

// gramOfOne is a gram of a term, which stands for its name.
type gramOfOne struct {
	gram text.Gram
	term int32
}

func (e *keptWhole) bytes() int { return e.size }

// keptReads counts what questions have paid for reading parts of an index.
type keptReads struct {
	corpus, version int64
	words           atomic.Int64 // of which an index is read as a whole for as much
}

func (e *keptReads) bytes() int { return 96 }

// term answers a term of the corpus, or one that is nowhere.
func (e *keptWhole) term(name string) *keptTerm {
	if t, ok := e.terms[name]; ok {
		return t
	}
	return &e.absent
}

// whole answers the index of one of the corpora, nil when it is not there as a
// whole.
func (v view) whole(corpus int) *keptWhole {
	c := &v.corpora[corpus]
	if c.Length > wholeMost {
		return nil
	}
	found, _ := v.warm.Get(v.stamps[corpus] ^ wholeName)
	if e, ok := found.(*keptWhole); ok && e.corpus == c.ID && e.version == c.Version {
		return e
	}
	return nil
}

// allWhole reports whether all corpora of the question are there as a whole.
func (v view) allWhole() bool { return !slices.Contains(v.wholes, nil) }

// complete reads the indexes as a whole that enough questions have read parts of,
// and those that take no longer than what this question would read, by one
// statement. What cannot be read now, it reads as the others do.
func (v view) complete(ctx context.Context) {
	var ids []int64
	own, most := wordsOfRead, wholeMost
	for i, c := range v.corpora {
		switch {
		case v.wholes[i] != nil || c.Length > most:
		case c.Length <= own:
			own, most = own-c.Length, most-c.Length
			ids = append(ids, c.ID)
		case v.reads(i).enough(c.Length):
			most -= c.Length
			ids = append(ids, c.ID)
		}
	}
	if len(ids) == 0 {
		return
	}
	read, versions, err := v.source.Whole(ctx, ids, wholeMost)
	if err != nil {
		return
	}
	of := make(map[int64][]Postings, len(ids))
	for _, p := range read {
		of[p.Corpus] = append(of[p.Corpus], p)
	}
	for i, c := range v.corpora {
		if slices.Contains(ids, c.ID) && versions[c.ID] == c.Version { // it is as the question knows it
			v.wholes[i] = newWhole(c, of[c.ID])
			v.warm.Set(v.stamps[i]^wholeName, v.wholes[i])
		}
	}
}

func newWhole(c Corpus, read []Postings) *keptWhole {
	e := &keptWhole{corpus: c.ID, version: c.Version, terms: make(map[string]*keptTerm, len(read))}
	terms := make([]keptTerm, len(read))
	for i, p := range read {
		terms[i] = keptTerm{corpus: c.ID, version: c.Version, term: p.Term, df: p.DF, postings: p.List}
		e.terms[p.Term] = &terms[i]
		e.size += terms[i].bytes() + 48 + 16*len(p.Term) // the place in the map, and the grams
	}
	return e
}

// reads counts for one of the corpora.
func (v view) reads(corpus int) *keptReads {
	c, name := &v.corpora[corpus], v.stamps[corpus]^readsName
	found, _ := v.warm.Get(name)
	e, ok := found.(*keptReads)
	if !ok || e.corpus != c.ID || e.version != c.Version {
		e = &keptReads{corpus: c.ID, version: c.Version}
		v.warm.Set(name, e)
	}
	return e
}

// enough reports once whether an index of so many words is worth reading, and
// again when as much more was paid.
func (e *keptReads) enough(words int) bool {
	paid := e.words.Load()
	return paid >= int64(words) && e.words.CompareAndSwap(paid, 0)
}

// partRead notes that the question has read parts of the indexes, which it paid for
// once.
func (v view) partRead() {
	parts := int64(0)
	for _, e := range v.wholes {
		if e == nil {
			parts++
		}
	}
	for i, c := range v.corpora {
		if v.wholes[i] == nil && c.Length <= wholeMost {
			v.reads(i).words.Add(wordsOfRead / parts)
		}
	}
}

// alike is Source's of the indexes that are there as a whole.
func (v view) alike(ctx context.Context, words [][]text.Gram, limit int) ([]AlikeTerm, Versions, error) {
	if !v.allWhole() {
		v.scratch.partly = true
		return v.source.Alike(ctx, v.ids(), words, limit)
	}
	var out []AlikeTerm
	for word, grams := range words {
		var found []AlikeTerm
		known := map[string]bool{}
		for _, e := range v.wholes {
			for _, f := range e.alike(grams) {
				if !known[f.Term] {
					known[f.Term] = true
					f.Word = word
					found = append(found, f)
				}
			}
		}
		slices.SortFunc(found, func(a, b AlikeTerm) int {
			return cmp.Or(cmp.Compare(b.Shared, a.Shared), cmp.Compare(len(a.Term), len(b.Term)), cmp.Compare(a.Term, b.Term))
		})
		out = append(out, found[:min(limit, len(found))]...)
	}
	return out, v.versions(), nil
}

// alike answers the terms that share grams with a word, in any order.
func (e *keptWhole) alike(grams []text.Gram) (out []AlikeTerm) {
	e.once.Do(e.index)
	shared := map[int32]int{}
	for _, g := range grams {
		at, _ := slices.BinarySearchFunc(e.grams, g, func(o gramOfOne, g text.Gram) int { return cmp.Compare(o.gram, g) })
		for ; at < len(e.grams) && e.grams[at].gram == g; at++ {
			shared[e.grams[at].term]++
		}
	}
	for term, n := range shared {
		out = append(out, AlikeTerm{Term: e.names[term], Shared: n})
	}
	return out
}

// index orders the grams of the terms.
func (e *keptWhole) index() {
	e.names = make([]string, 0, len(e.terms))
	for name := range e.terms {
		for _, g := range text.TermGrams(name) {
			e.grams = append(e.grams, gramOfOne{g, int32(len(e.names))}) //nolint:gosec // at most wholeMost
		}
		e.names = append(e.names, name)
	}
	slices.SortFunc(e.grams, func(a, b gramOfOne) int { return cmp.Compare(a.gram, b.gram) })
}

// vocabulary is Source's of the indexes that are there as a whole.
func (v view) vocabulary(ctx context.Context, prefix string, shortest, longest, limit int) ([]TermCount, Versions, error) {
	if !v.allWhole() {
		v.scratch.partly = true
		return v.source.Vocabulary(ctx, v.ids(), prefix, shortest, longest, limit)
	}
	dfs := map[string]int{}
	for _, e := range v.wholes {
		for name, t := range e.terms {
			if len(name) >= shortest && len(name) <= longest && strings.HasPrefix(name, prefix) {
				dfs[name] += t.df
			}
		}
	}
	out := make([]TermCount, 0, len(dfs))
	for name, df := range dfs {
		out = append(out, TermCount{name, df})
	}
	slices.SortFunc(out, func(a, b TermCount) int {
		return cmp.Or(cmp.Compare(b.DF, a.DF), cmp.Compare(a.Term, b.Term))
	})
	return out[:min(limit, len(out))], v.versions(), nil
}

// versions are those of the question.
func (v view) versions() Versions {
	out := make(Versions, len(v.corpora))
	for _, c := range v.corpora {
		out[c.ID] = c.Version
	}
	return out
}
