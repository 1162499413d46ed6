package ranking

import (
	"context"
	"math"
	"slices"
)

// view is the index as one question sees it: the corpora in their versions,
// read from memory where that has them. What has to be read comes with the
// versions that it was read at and is kept for these, so that memory never
// answers for a version what belongs to another.
type view struct {
	*Engine
	corpora []Corpus
	stamps  []uint64     // of the corpora in their versions
	wholes  []*keptWhole // of those that are there as a whole
	scratch *scratch
}

func (e *Engine) view(corpora []Corpus, s *scratch) view {
	s.stamps = s.stamps[:0]
	for _, c := range corpora {
		s.stamps = append(s.stamps, e.tokens.stamp(c))
	}
	v := view{e, corpora, s.stamps, zeros(&s.wholes, len(corpora)), s}
	for i := range corpora {
		v.wholes[i] = v.whole(i)
	}
	return v
}

func (v view) ids() []int64 {
	ids := make([]int64, len(v.corpora))
	for i, c := range v.corpora {
		ids[i] = c.ID
	}
	return ids
}

// unchanged reports whether the versions are those of the question.
func (v view) unchanged(versions Versions) bool {
	return !slices.ContainsFunc(v.corpora, func(c Corpus) bool { return versions[c.ID] != c.Version })
}

// totals sums up the corpora.
func (v view) totals() (s Statistics) {
	for _, c := range v.corpora {
		s.Passages += c.Passages
		s.Length += c.Length
	}
	return s
}

// count answers in how many passages each term is. It reads where those terms
// are that memory does not know, except for the commonest, since most are needed
// next. The answer is valid until the next one.
func (v view) count(ctx context.Context, terms []string) ([]int, error) {
	dfs := zeros(&v.scratch.dfs, len(terms))
	var missing []string
	for i, term := range terms {
		hash := v.tokens.hash(term)
		for corpus := range v.corpora {
			e := v.term(corpus, term, hash)
			if e == nil {
				missing = append(missing, term)
				break
			}
			dfs[i] += e.df
		}
	}
	if len(missing) == 0 {
		return dfs, nil
	}
	slices.Sort(missing)
	missing = slices.Compact(missing)
	v.scratch.partly = true
	ids := v.ids()
	read, versions, err := v.source.Postings(ctx, ids, missing, atOnce)
	if err != nil {
		return nil, err
	}
	type place struct {
		corpus int64
		term   string
	}
	found := make(map[place]Postings, len(read))
	counted := make(map[string]int, len(missing))
	for _, p := range read {
		counted[p.Term] += p.DF
		found[place{p.Corpus, p.Term}] = p
	}
	for _, id := range ids {
		for _, term := range missing {
			p := found[place{id, term}]
			v.keep(versions, keptTerm{corpus: id, term: term, df: p.DF, postings: p.List})
		}
	}
	for i, term := range terms {
		if _, read := slices.BinarySearch(missing, term); read {
			dfs[i] = counted[term]
		}
	}
	return dfs, nil
}

// postings answers the lists of each corpus, in the order of the terms, one
// corpus after the other. The answer is valid until the next one.
func (v view) postings(ctx context.Context, terms []Weighted) ([][]Posting, error) {
	out := zeros(&v.scratch.lists, len(v.corpora)*len(terms))
	var missing []string
	var from []int64
	for k, t := range terms {
		hash := v.tokens.hash(t.Term)
		for i, c := range v.corpora {
			e := v.term(i, t.Term, hash)
			if e == nil || len(e.postings) < e.df {
				missing = append(missing, t.Term)
				from = append(from, c.ID)
			} else {
				out[i*len(terms)+k] = e.postings
			}
		}
	}
	if len(missing) == 0 {
		return out, nil
	}
	slices.Sort(missing)
	slices.Sort(from)
	v.scratch.partly = true
	read, versions, err := v.source.Postings(ctx, slices.Compact(from), slices.Compact(missing), math.MaxInt)
	if err != nil {
		return nil, err
	}
	at := make(map[int64]int, len(v.corpora))
	for i, c := range v.corpora {
		at[c.ID] = i * len(terms)
	}
	for _, p := range read {
		for k, t := range terms {
			if t.Term == p.Term {
				out[at[p.Corpus]+k] = p.List
			}
		}
		v.keep(versions, keptTerm{corpus: p.Corpus, term: p.Term, df: p.DF, postings: p.List})
	}
	return out, nil
}

// candidates are the passages with the highest sums of
// Weight*tf/(tf+Base+slope*length) over the terms, ties in favour of the lower
// id.
func (v view) candidates(ctx context.Context, terms []Weighted, slope float64, limit int) ([]Candidate, error) {
	lists, err := v.postings(ctx, terms)
	if err != nil {
		return nil, err
	}
	best := top{limit: limit, heap: v.scratch.heap[:0]}
	for ; len(lists) > 0; lists = lists[len(terms):] {
		for _, c := range v.scratch.sum(terms, lists[:len(terms)], slope) {
			best.add(c)
		}
	}
	v.scratch.heap = best.heap
	return best.sorted(), nil
}

// passages answers the candidates' passages as tokens. The answer is valid until
// the next one.
func (v view) passages(ctx context.Context, candidates []Candidate) ([]*tokens, error) {
	out := slices.Grow(v.scratch.passages[:0], len(candidates))
	var missing []int64
	for _, c := range candidates {
		if t := v.passage(c.Passage); t != nil {
			out = append(out, t)
		} else {
			missing = append(missing, c.Passage)
		}
	}
	v.scratch.passages = out
	if len(missing) == 0 {
		return out, nil
	}
	read, err := v.source.Passages(ctx, v.ids(), missing)
	if err != nil {
		return nil, err
	}
	for _, p := range read {
		t := v.passage(p.ID) // questions of one moment find the same passages, and one reads its words for all
		if t == nil {
			t = v.tokens.read(p)
			v.warm.Set(passageName(p.ID), t)
		}
		out = append(out, t)
	}
	v.scratch.passages = out
	return out, nil
}
