package judged

import (
	"math"
	"slices"
)

// Run is a ranking: by question, the documents that were found, best first,
// each once.
type Run map[string][]string

// Measures are averages over the questions that some document answers. A
// question that is missing from a run counts 0.
type Measures struct {
	Questions int
	NDCG10    float64
	Recall10  float64
	Recall100 float64
	MRR       float64
	First     float64 // the first document answers the question
}

// Measure compares a run with judgments.
func Measure(j Judgments, run Run) (m Measures) {
	for question, grades := range j {
		var gains []int
		for _, g := range grades {
			if g > 0 {
				gains = append(gains, g)
			}
		}
		if len(gains) == 0 {
			continue
		}
		m.Questions++
		m.add(grades, gains, run[question])
	}
	n := float64(max(m.Questions, 1))
	for _, sum := range []*float64{&m.NDCG10, &m.Recall10, &m.Recall100, &m.MRR, &m.First} {
		*sum /= n
	}
	return m
}

// add adds one question.
func (m *Measures) add(grades map[string]int, gains []int, ranked []string) {
	slices.SortFunc(gains, func(a, b int) int { return b - a })
	ideal, gained := 0.0, 0.0
	for i, g := range gains[:min(10, len(gains))] {
		ideal += float64(g) / math.Log2(float64(i+2))
	}
	found := 0.0
	for i, document := range ranked {
		g := grades[document]
		if g <= 0 {
			continue
		}
		if found++; found == 1 {
			m.MRR += 1 / float64(i+1)
		}
		if i == 0 {
			m.First++
		}
		if i < 10 {
			gained += float64(g) / math.Log2(float64(i+2))
			m.Recall10 += 1 / float64(len(gains))
		}
		if i < 100 {
			m.Recall100 += 1 / float64(len(gains))
		}
	}
	m.NDCG10 += gained / ideal
}
