package ranking

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"

	"parley/platform/kernel/text"
)

// Vector is what an embedding model makes of a passage: its direction, with
// each coordinate in one byte.
type Vector struct {
	Passage int64
	Values  []int8
}

// Quantize keeps the direction of a vector, scaled so that its largest
// coordinate is 127. It is false for a vector without one.
func Quantize(v []float32) ([]int8, bool) {
	largest := 0.0
	for _, x := range v {
		if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
			return nil, false
		}
		largest = max(largest, math.Abs(float64(x)))
	}
	if largest == 0 {
		return nil, false
	}
	out := make([]int8, len(v))
	for i, x := range v {
		out[i] = int8(math.Round(float64(x) / largest * 127))
	}
	return out, true
}

// Meaning is a question as an embedding model reads it.
type Meaning struct {
	Model  string
	Values []int8
}

const (
	// vectorsAtOnce is how many vectors are read, and kept in memory, together.
	vectorsAtOnce = 1_000
	// fusion is the constant of reciprocal rank fusion, by Cormack, Clarke and
	// Buettcher, 2009.
	fusion = 60
)

// vectors are those of consecutive passages of a corpus.
type vectors struct {
	list []Vector
	norm []float64
}

func newVectors(list []Vector) *vectors {
	v := &vectors{list: list, norm: make([]float64, len(list))}
	for i, x := range list {
		v.norm[i] = math.Sqrt(float64(dot(x.Values, x.Values)))
	}
	return v
}

func (v *vectors) bytes() int {
	n := 64 + 40*len(v.list)
	for _, x := range v.list {
		n += cap(x.Values)
	}
	return n
}

// dot is the inner product of vectors of the same length. Four sums at a time
// keep the processor busy; each is of products of at most 1<<14.
func dot(a, b []int8) int64 {
	const together = 8
	b = b[:len(a)]
	var sum int64
	for len(a) >= together {
		n := min(len(a)/together*together, 1<<16)
		var s0, s1, s2, s3 int32
		for i := 0; i+together <= n; i += together {
			x, y := (*[together]int8)(a[i:]), (*[together]int8)(b[i:])
			s0 += int32(x[0])*int32(y[0]) + int32(x[4])*int32(y[4])
			s1 += int32(x[1])*int32(y[1]) + int32(x[5])*int32(y[5])
			s2 += int32(x[2])*int32(y[2]) + int32(x[6])*int32(y[6])
			s3 += int32(x[3])*int32(y[3]) + int32(x[7])*int32(y[7])
		}
		sum += int64(s0) + int64(s1) + int64(s2) + int64(s3)
		a, b = a[n:], b[n:]
	}
	for i, x := range a {
		sum += int64(x) * int64(b[i])
	}
	return sum
}

// closest are the passages whose vectors point most nearly where the question's
// does: among those that an index finds, or by comparing all of them. Vectors of
// another length are of another model and left out.
func (v view) closest(ctx context.Context, m Meaning, limit int) ([]Candidate, error) {
	best := top{limit: limit}
	near, ok, err := v.source.Closest(ctx, v.corpora, m, limit)
	if err != nil {
		return nil, err
	}
	if ok {
		newVectors(near).compare(m, &best)
		return best.sorted(), nil
	}
	for _, c := range v.corpora {
		for after := int64(0); ; {
			part, err := v.vectors(ctx, c, m.Model, after)
			if err != nil {
				return nil, err
			}
			part.compare(m, &best)
			if len(part.list) < vectorsAtOnce {
				break
			}
			after = part.list[len(part.list)-1].Passage
		}
	}
	return best.sorted(), nil
}

func (v *vectors) compare(m Meaning, best *top) {
	for i, x := range v.list {
		if len(x.Values) == len(m.Values) && v.norm[i] > 0 {
			if score := float64(dot(x.Values, m.Values)) / v.norm[i]; score > 0 {
				best.add(Candidate{x.Passage, score})
			}
		}
	}
}

func (v view) vectors(ctx context.Context, c Corpus, model string, after int64) (*vectors, error) {
	name := v.tokens.hash(model) ^ mix(text.Gram(after)) ^ vectorsName
	found, _ := v.warm.Get(name ^ v.tokens.stamp(c))
	if e, ok := found.(*keptVectors); ok && e.corpus == c.ID && e.version == c.Version && e.after == after && e.model == model {
		return e.vectors, nil
	}
	list, versions, err := v.source.Vectors(ctx, c.ID, model, after, vectorsAtOnce)
	if err != nil {
		return nil, fmt.Errorf("reading vectors: %w", err)
	}
	read := newVectors(list)
	if version := versions[c.ID]; version != 0 {
		v.warm.Set(name^v.tokens.stamp(Corpus{ID: c.ID, Version: version}), &keptVectors{c.ID, version, after, model, read})
	}
	return read, nil
}

// join adds the closest passages to the candidates that words have found.
func join(candidates, closest []Candidate) []Candidate {
	known := make(map[int64]bool, len(candidates))
	for _, c := range candidates {
		known[c.Passage] = true
	}
	out := slices.Clone(candidates)
	for _, c := range closest {
		if !known[c.Passage] {
			out = append(out, c)
		}
	}
	return out
}

// fuse orders hits by their rank among those with words of the question and
// their rank among the closest, and scores them from 0 to 1.
func fuse(hits []Hit, closest []Candidate) {
	rank := make(map[int64]int, len(closest))
	for i, c := range closest {
		rank[c.Passage] = i + 1
	}
	const most = 2.0 / (fusion + 1)
	for i := range hits {
		h := &hits[i]
		sum := 0.0
		if h.Score.Total > 0 {
			sum += 1.0 / float64(fusion+i+1)
		}
		if r := rank[h.ID]; r > 0 {
			sum += 1.0 / float64(fusion+r)
			h.Score.Closest = r
		}
		h.Score.Total = sum / most
	}
	slices.SortStableFunc(hits, func(a, b Hit) int {
		return cmp.Or(cmp.Compare(b.Score.Total, a.Score.Total), cmp.Compare(a.ID, b.ID))
	})
}
