package ranking

import (
	"context"
	"math"
)

// Source is the index as a question needs it. Every method looks at the
// corpora it is given and at nothing else: permission to read them has been
// decided before, and no corpora means nothing is found.
type Source interface {
	// Statistics sums up the corpora and says in how many of their passages
	// each of the terms occurs; a term that does not occur is left out of DF.
	Statistics(ctx context.Context, corpora []int64, terms []string) (Statistics, error)
	// Vocabulary lists the indexed terms that begin with prefix and have from
	// shortest to longest bytes, with the number of passages, commonest first.
	Vocabulary(ctx context.Context, corpora []int64, prefix string, shortest, longest, limit int) ([]TermCount, error)
	// Candidates gives the passages with the highest sums of
	// Weight*tf/(tf+Base+slope*length) over the terms, ties in favour of the
	// lower id.
	Candidates(ctx context.Context, corpora []int64, terms []Weighted, slope float64, limit int) ([]Candidate, error)
	// Passages reads passages by id, in any order. It leaves out a passage that
	// has been deleted.
	Passages(ctx context.Context, corpora []int64, ids []int64) ([]Passage, error)
}

// Statistics of a set of corpora.
type Statistics struct {
	Passages int            // how many passages are indexed
	Length   int            // the sum of their lengths, as Entry counts them
	DF       map[string]int // term → number of passages with it
}

// AverageLength is never zero.
func (s Statistics) AverageLength() float64 {
	if s.Passages == 0 || s.Length == 0 {
		return 1
	}
	return float64(s.Length) / float64(s.Passages)
}

// IDF is Lucene's: ln(1 + (N - df + 0.5)/(df + 0.5)), never negative.
func (s Statistics) IDF(df int) float64 { return idf(s.Passages, df) }

func idf(n, df int) float64 {
	df = min(df, n)
	return math.Log(1 + (float64(n-df)+0.5)/(float64(df)+0.5))
}

// TermCount is a word of the vocabulary and the number of its passages.
type TermCount struct {
	Term string
	DF   int
}

// Weighted is a term of the candidate statement.
type Weighted struct {
	Term   string
	Weight float64
}

// Candidate is a passage and its sum.
type Candidate struct {
	Passage int64
	Score   float64
}

// Passage is what a question gets back.
type Passage struct {
	ID       int64
	Corpus   int64
	Document int64
	Number   int // position in its document, from 1
	Page     int // 0 when the document has no pages
	Title    string
	Text     string
}

// BM25 with k1 = 1.2 and b = 0.75, without the constant factor k1+1:
// weight*tf/(tf+Base+slope*length).
const k1, b = 1.2, 0.75

// Base is the part of the denominator that no length changes.
const Base = k1 * (1 - b)

// Slope is the part for one unit of length.
func Slope(averageLength float64) float64 { return k1 * b / averageLength }

func saturate(tf, length, slope float64) float64 {
	if tf <= 0 {
		return 0
	}
	return tf / (tf + Base + slope*length)
}
