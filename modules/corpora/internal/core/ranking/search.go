package ranking

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"

	"parley/platform/kernel/bytecache"
)

// Question asks for the best passages of some corpora.
type Question struct {
	Text    string
	Corpora []Corpus // those that the asker may read now; decided by the caller
	Limit   int      // passages to keep, at most 100
	// Meaning is what an embedding model makes of Text; nil without a model.
	Meaning *Meaning
}

// Result is what was found and how.
type Result struct {
	Terms         []Term // the words that were looked for
	Passages      int    // how many passages the corpora have
	AverageLength float64
	// Hits are all candidates that were compared, best first. The first Kept
	// of them are the answer.
	Hits []Hit
	Kept int
}

// Hit is a passage with its score and the indexed words it was found by. The
// passage is that of the engine's memory and must not be changed.
type Hit struct {
	*Passage
	Score   Score
	Matched []string
}

// Why says in one line why a passage stands where it stands.
func (h Hit) Why() string {
	out := strconv.AppendFloat(append(make([]byte, 0, 160), "words "...), h.Score.Words, 'f', 2, 64)
	for _, part := range []struct {
		name  string
		value float64
	}{
		{" + in order ", h.Score.Pairs},
		{" + same form ", h.Score.Exact},
		{" + letters ", h.Score.Grams},
		{" + document ", h.Score.Document},
		{" + subject ", h.Score.Subject},
	} {
		if part.value > 0 {
			out = strconv.AppendFloat(append(out, part.name...), part.value, 'f', 2, 64)
		}
	}
	if h.Score.Closest > 0 {
		out = strconv.AppendInt(append(out, "; in meaning it is number "...), int64(h.Score.Closest), 10)
	}
	out = strconv.AppendFloat(append(out, " = "...), h.Score.Total, 'f', 2, 64)
	for i, term := range h.Matched {
		if i == 0 {
			out = append(out, "; has "...)
		} else {
			out = append(out, ", "...)
		}
		out = append(out, term...)
	}
	return string(out)
}

// Engine answers questions over one Source. It keeps in memory what earlier
// questions read, as long as the corpora have the versions it was read at. It
// is safe for concurrent use.
type Engine struct {
	source Source
	warm   *bytecache.Cache[uint64, kept]
	tokens *tokenizer
	idle   sync.Pool // of *scratch
}

// NewEngine returns an Engine that keeps at most limit bytes in memory.
func NewEngine(source Source, limit uint64) *Engine {
	return &Engine{
		source: source,
		warm:   bytecache.New(limit, func(_ uint64, e kept) int { return e.bytes() }),
		tokens: newTokenizer(),
		idle:   sync.Pool{New: func() any { return newScratch() }},
	}
}

// Search finds the best passages. A question without words, or with none that
// the corpora know, finds nothing and is no error.
func (e *Engine) Search(ctx context.Context, question Question) (Result, error) {
	s := e.idle.Get().(*scratch)
	defer func() {
		s.forget()
		e.idle.Put(s)
	}()
	q := s.read(question.Text)
	if len(q.terms) == 0 && question.Meaning == nil || len(question.Corpora) == 0 {
		return Result{Terms: slices.Clone(q.terms)}, nil
	}
	v := e.view(question.Corpora, s)
	if len(q.terms) > 0 {
		v.complete(ctx)
	}
	defer func() {
		if s.partly {
			v.partRead()
		}
	}()
	stats := v.totals()
	dfs, err := v.count(ctx, s.stemsOf(q.terms))
	if err != nil {
		return Result{}, fmt.Errorf("counting terms: %w", err)
	}
	for i, df := range dfs {
		q.terms[i].DF = df
	}
	if stats.Passages > 0 {
		if err := v.repair(ctx, q.terms); err != nil {
			return Result{}, err
		}
		if err := v.addForms(ctx, q.terms, stats.Passages); err != nil {
			return Result{}, err
		}
		if q.terms, err = v.addRelated(ctx, q.terms); err != nil {
			return Result{}, err
		}
	}
	s.terms = q.terms
	var candidates, closest []Candidate
	chosen := s.weigh(q.terms, stats)
	result := Result{Terms: slices.Clone(q.terms), Passages: stats.Passages, AverageLength: stats.AverageLength()}
	if len(chosen) > 0 {
		if candidates, err = v.candidates(ctx, chosen, Slope(stats.AverageLength()), depth); err != nil {
			return Result{}, fmt.Errorf("finding candidates: %w", err)
		}
	}
	if question.Meaning != nil {
		if closest, err = v.closest(ctx, *question.Meaning, depth); err != nil {
			return Result{}, fmt.Errorf("finding what is close: %w", err)
		}
		candidates = join(candidates, closest)
	}
	if len(candidates) == 0 {
		return result, nil
	}
	passages, err := v.passages(ctx, candidates)
	if err != nil {
		return Result{}, fmt.Errorf("reading candidates: %w", err)
	}
	m := newMatcher(q, e.tokens, s)
	result.Hits = m.score(passages, stats, q.english)
	if len(closest) > 0 {
		fuse(result.Hits, closest)
	}
	result.Kept = min(max(question.Limit, 0), len(result.Hits))
	return result, nil
}
