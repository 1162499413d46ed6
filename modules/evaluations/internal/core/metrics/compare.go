package metrics

import (
	"math/rand/v2"
	"slices"
)

// Pair is a metric's value for one query in two tests.
type Pair struct {
	Query         int64 // the row of the dataset
	Before, After float64
}

// Comparison is how a metric differs between two tests on the same queries.
type Comparison struct {
	Queries                   int
	Before, After, Difference float64 // means, and After − Before
	// Low and High bound the difference with 95 % confidence.
	Low, High float64
	// Regressions are the queries that passed before and fail now, and
	// Improvements the other way round; both ascend.
	Regressions, Improvements []int64
}

const (
	confidence = 0.95
	// Few observations are drawn from often, many seldom: the interval is
	// narrow then.
	mostResamples  = 2000
	leastResamples = 200
	drawn          = 4_000_000 // observations altogether
)

// Compare compares two tests by the queries that both scored. A query passes
// from threshold on. The interval is a paired bootstrap's, and the same for the
// same values in the same order.
func Compare(pairs []Pair, threshold float64) Comparison {
	c := Comparison{Queries: len(pairs)}
	if len(pairs) == 0 {
		return c
	}
	differences := make([]float64, len(pairs))
	for i, p := range pairs {
		c.Before += p.Before
		c.After += p.After
		differences[i] = p.After - p.Before
		switch before, after := p.Before >= threshold, p.After >= threshold; {
		case before && !after:
			c.Regressions = append(c.Regressions, p.Query)
		case after && !before:
			c.Improvements = append(c.Improvements, p.Query)
		}
	}
	slices.Sort(c.Regressions)
	slices.Sort(c.Improvements)
	c.Before /= float64(len(pairs))
	c.After /= float64(len(pairs))
	c.Difference = c.After - c.Before
	c.Low, c.High = bootstrap(len(differences), func(sample []int) (float64, bool) {
		sum := 0.0
		for _, i := range sample {
			sum += differences[i]
		}
		return sum / float64(len(sample)), true
	})
	return c
}

// bootstrap gives the 95 % interval of a statistic of n observations, which it
// computes of resamples drawn with replacement. A resample of which the
// statistic is not defined does not count; with none, the interval is 0 to 0.
// The draws are the same for the same n.
func bootstrap(n int, statistic func(sample []int) (float64, bool)) (low, high float64) {
	draw := rand.New(rand.NewPCG(uint64(n), 17))
	sample := make([]int, n)
	resamples := max(leastResamples, min(mostResamples, drawn/n))
	values := make([]float64, 0, resamples)
	for range resamples {
		for i := range sample {
			sample[i] = draw.IntN(n)
		}
		if v, ok := statistic(sample); ok {
			values = append(values, v)
		}
	}
	if len(values) == 0 {
		return 0, 0
	}
	slices.Sort(values)
	tail := (1 - confidence) / 2
	last := float64(len(values) - 1)
	return values[int(tail*last+0.5)], values[int((1-tail)*last+0.5)]
}
