package ranking

import (
	"context"
	"math"

	"parley/modules/corpora"
	"parley/platform/kernel/text"
)

// Corpus is a corpus as it is when a question is asked.
type Corpus struct {
	ID int64
	// Version changes in the transaction of every change of what can be found,
	// and never comes back.
	Version  int64
	Passages int // how many passages are indexed
	Length   int // the sum of their lengths, as Entry counts them
}

// Versions are the versions of corpora, by id, in the snapshot of a read.
type Versions map[int64]int64

// Source is the index as a question needs it. Every method looks at the
// corpora it is given and at nothing else: permission to read them has been
// decided before, and no corpora means nothing is found. What is answered with
// versions comes from one snapshot with them.
type Source interface {
	// Postings reads in how many passages of each corpus each of the terms occurs,
	// and in which, unless they are more than most; a term that does not occur is
	// left out.
	Postings(ctx context.Context, corpora []int64, terms []string, most int) ([]Postings, Versions, error)
	// Whole reads what Postings does of every term of those corpora whose passages
	// are at most so long together; of a longer one it reads nothing.
	Whole(ctx context.Context, corpora []int64, most int) ([]Postings, Versions, error)
	// Vocabulary lists the indexed terms that begin with prefix and have from
	// shortest to longest bytes, with the number of passages, commonest first.
	Vocabulary(ctx context.Context, corpora []int64, prefix string, shortest, longest, limit int) ([]TermCount, Versions, error)
	// Alike lists the indexed terms that share most grams with each of some
	// words, of which the grams are given: at most limit for each word, the
	// shorter of equal ones first. Some may be in no passage any more.
	Alike(ctx context.Context, corpora []int64, words [][]text.Gram, limit int) ([]AlikeTerm, Versions, error)
	// Vectors reads the vectors that a model made of the passages of a corpus
	// after an id, ordered by passage. Some may be of passages that are not found
	// yet, or any more.
	Vectors(ctx context.Context, corpus int64, model string, after int64, limit int) ([]Vector, Versions, error)
	// Closest finds, by an index, limit vectors of m's model in the corpora that
	// point most nearly where m does, in any order; now and then a closer one is
	// missed. It is not ok without such an index, while that has not all vectors,
	// when it finds too few, and when comparing all is faster.
	Closest(ctx context.Context, corpora []Corpus, m Meaning, limit int) (found []Vector, ok bool, err error)
	// Passages reads passages by id, in any order. A passage that has been
	// deleted meanwhile is left out. The text behind an id never changes.
	Passages(ctx context.Context, corpora []int64, ids []int64) ([]Passage, error)
}

// Postings are where a term occurs in a corpus.
type Postings struct {
	Corpus int64
	Term   string
	DF     int       // in how many passages
	List   []Posting // by ascending passage; nil when they are more than was asked for
}

// Posting says how often a term is in a passage of a length.
type Posting struct {
	Passage    int64
	TF, Length int32 // at most 30,000, see Entry
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

// AlikeTerm is an indexed term that shares grams with one of some words.
type AlikeTerm struct {
	Word   int // which of the words
	Term   string
	Shared int
}

// Weighted is a term that candidates are found by.
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
	Sections []corpora.Section // within Text
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
