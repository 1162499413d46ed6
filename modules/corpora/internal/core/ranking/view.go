package ranking

import (
	"context"
	"math"
	"slices"
	"strconv"

	"parley/platform/kernel/text"
)

// view is the index as one question sees it: the corpora in their versions,
// read from memory where that has them. What has to be read comes with the
// versions that it was read at and is kept for these, so that memory never
// answers for a version what belongs to another.
type view struct {
	*Engine
	corpora []Corpus
	scratch *scratch
}

// scratch is memory that one question needs and the next one uses again.
type scratch struct {
	adder
	heap           []Candidate
	targets, forms hashTable
	sought         []sought // a later one of the same stem counts in place of an earlier
	grams          []gramOf
	pieces         []gramPiece
	known          map[text.Gram]int // grams, by their number
	hits           []hit

	counts    []float64
	finds     []find
	own       []Score
	order     []int
	documents map[int64]int // by id, in the order of their first passages

	others hashTable
	found  []feedback
}

// zeros makes room for n zero values in a slice that is used again.
func zeros[T any](room *[]T, n int) []T {
	*room = slices.Grow((*room)[:0], n)[:n]
	clear(*room)
	return *room
}

// key names what is kept.
type key struct {
	kind    byte
	corpus  int64  // of a term
	version int64  // of the corpus
	passage int64  // of tokens, or the one before those of vectors
	text    string // the term, the model, or the word that is not known with all versions
}

const (
	termKey = iota
	nearKey
	formsKey
	passageKey
	vectorKey
)

// entry is what is kept; it never changes.
type entry struct {
	df       int
	postings []Posting // nil when only the number is known
	near     TermCount
	forms    []Form
	passage  *tokens
	vectors  *vectors
}

// bytes is the room an entry takes.
func (e entry) bytes() int {
	n := 128 + 16*cap(e.postings) + len(e.near.Term) // key and entry themselves
	for _, f := range e.forms {
		n += 40 + len(f.Term)
	}
	if e.passage != nil {
		n += e.passage.bytes()
	}
	if e.vectors != nil {
		n += e.vectors.bytes()
	}
	return n
}

func (v view) ids() []int64 {
	ids := make([]int64, len(v.corpora))
	for i, c := range v.corpora {
		ids[i] = c.ID
	}
	return ids
}

// signature is the corpora with their versions, as text.
func (v view) signature() string {
	var out []byte
	for _, c := range v.corpora {
		out = strconv.AppendInt(append(out, ' '), c.ID, 36)
		out = strconv.AppendInt(append(out, ':'), c.Version, 36)
	}
	return string(out)
}

// unchanged reports whether the versions are those of the question.
func (v view) unchanged(versions Versions) bool {
	return !slices.ContainsFunc(v.corpora, func(c Corpus) bool { return versions[c.ID] != c.Version })
}

// keep remembers a term of a corpus at the version it was read at.
func (v view) keep(versions Versions, corpus int64, term string, e entry) {
	if version, known := versions[corpus]; known {
		v.warm.Set(key{kind: termKey, corpus: corpus, version: version, text: term}, e)
	}
}

func (v view) term(c Corpus, term string) (entry, bool) {
	return v.warm.Get(key{kind: termKey, corpus: c.ID, version: c.Version, text: term})
}

// statistics sums up the corpora, and counts the passages of each term. It reads
// those of all but the commonest terms with them, since most are needed next.
func (v view) statistics(ctx context.Context, terms []string) (Statistics, error) {
	s := Statistics{DF: make(map[string]int, len(terms))}
	for _, c := range v.corpora {
		s.Passages += c.Passages
		s.Length += c.Length
	}
	var missing []string
	for _, term := range terms {
		df, known := 0, true
		for _, c := range v.corpora {
			e, ok := v.term(c, term)
			df, known = df+e.df, known && ok
		}
		if !known {
			missing = append(missing, term)
		} else if df > 0 {
			s.DF[term] = df
		}
	}
	if len(missing) == 0 {
		return s, nil
	}
	ids := v.ids()
	read, versions, err := v.source.Postings(ctx, ids, missing, atOnce)
	if err != nil {
		return s, err
	}
	type place struct {
		corpus int64
		term   string
	}
	found := make(map[place]entry, len(read))
	for _, p := range read {
		s.DF[p.Term] += p.DF
		found[place{p.Corpus, p.Term}] = entry{df: p.DF, postings: p.List}
	}
	for _, id := range ids {
		for _, term := range missing {
			v.keep(versions, id, term, found[place{id, term}])
		}
	}
	return s, nil
}

// postings answers the lists of each corpus, in the order of the terms.
func (v view) postings(ctx context.Context, terms []Weighted) ([][][]Posting, error) {
	out := make([][][]Posting, len(v.corpora))
	at := make(map[int64]int, len(v.corpora))
	var missing []string
	var from []int64
	for i, c := range v.corpora {
		out[i], at[c.ID] = make([][]Posting, len(terms)), i
		for k, t := range terms {
			e, known := v.term(c, t.Term)
			if out[i][k] = e.postings; !known || len(e.postings) < e.df {
				missing = append(missing, t.Term)
				from = append(from, c.ID)
			}
		}
	}
	if len(missing) == 0 {
		return out, nil
	}
	slices.Sort(missing)
	slices.Sort(from)
	read, versions, err := v.source.Postings(ctx, slices.Compact(from), slices.Compact(missing), math.MaxInt)
	if err != nil {
		return nil, err
	}
	for _, p := range read {
		for k, t := range terms {
			if t.Term == p.Term {
				out[at[p.Corpus]][k] = p.List
			}
		}
		v.keep(versions, p.Corpus, p.Term, entry{df: p.DF, postings: p.List})
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
	for _, ofCorpus := range lists {
		for _, c := range v.scratch.sum(terms, ofCorpus, slope) {
			best.add(c)
		}
	}
	v.scratch.heap = best.heap
	return best.sorted(), nil
}

// passages answers the candidates' passages as tokens.
func (v view) passages(ctx context.Context, candidates []Candidate) ([]*tokens, error) {
	out := make([]*tokens, 0, len(candidates))
	var missing []int64
	for _, c := range candidates {
		if e, ok := v.warm.Get(key{kind: passageKey, passage: c.Passage}); ok {
			out = append(out, e.passage)
		} else {
			missing = append(missing, c.Passage)
		}
	}
	if len(missing) == 0 {
		return out, nil
	}
	read, err := v.source.Passages(ctx, v.ids(), missing)
	if err != nil {
		return nil, err
	}
	for _, p := range read {
		t := v.tokens.read(p)
		v.warm.Set(key{kind: passageKey, passage: p.ID}, entry{passage: t})
		out = append(out, t)
	}
	return out, nil
}
