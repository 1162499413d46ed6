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
	// wordsOfRead is what an index has for each question that read a part of it
	// when it is worth reading as a whole: then both have taken as long. Who never
	// knows how many questions will come waits so at most twice as long as who
	// does (Karlin, Manasse, Rudolph and Sleator, "Competitive snoopy caching",
	// 1988).
	wordsOfRead = 2_500
)

// keptWhole is the whole index of a small corpus.
type keptWhole struct {
	corpus, version int64
	terms           map[string]*keptTerm
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

// keptReads counts the questions that read a part of an index.
type keptReads struct {
	corpus, version int64
	n               atomic.Int64
}

func (e *keptReads) bytes() int { return 96 }

// absent is a term that a corpus does not have.
var absent keptTerm

func (e *keptWhole) term(name string) *keptTerm {
	if t, ok := e.terms[name]; ok {
		return t
	}
	return &absent
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

// complete reads the indexes that enough questions have read parts of. What
// cannot be read now, this question reads as the others do.
func (v view) complete(ctx context.Context) {
	for i, c := range v.corpora {
		if v.wholes[i] != nil || c.Length > wholeMost {
			continue
		}
		if c.Length > wordsOfRead && !v.reads(i).enough(c.Length) {
			continue
		}
		if e := v.readWhole(ctx, c); e != nil {
			v.wholes[i] = e
			v.warm.Set(v.stamps[i]^wholeName, e)
		}
	}
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
// again when as many more questions have come.
func (e *keptReads) enough(words int) bool {
	n := e.n.Load()
	return n*wordsOfRead >= int64(words) && e.n.CompareAndSwap(n, 0)
}

// readWhole reads the index of a corpus, nil when it is no longer as the question
// knows it.
func (v view) readWhole(ctx context.Context, c Corpus) *keptWhole {
	read, versions, err := v.source.Whole(ctx, c.ID, wholeMost)
	if err != nil || versions[c.ID] != c.Version {
		return nil
	}
	e := &keptWhole{corpus: c.ID, version: c.Version, terms: make(map[string]*keptTerm, len(read))}
	terms := make([]keptTerm, len(read))
	for i, p := range read {
		terms[i] = keptTerm{corpus: c.ID, version: c.Version, term: p.Term, df: p.DF, postings: p.List}
		e.terms[p.Term] = &terms[i]
		e.size += terms[i].bytes() + 48 + 16*len(p.Term) // the place in the map, and the grams
	}
	return e
}

// partRead notes that the question has read a part of the indexes.
func (v view) partRead() {
	for i, c := range v.corpora {
		if v.wholes[i] == nil && c.Length <= wholeMost {
			v.reads(i).n.Add(1)
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
