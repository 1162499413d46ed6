package ranking

import (
	"cmp"
	"slices"
)

// What each channel counts beside the words' own BM25; doc.go names them.
const (
	pairWeight     = 0.3
	exactWeight    = 0.2
	gramWeight     = 0.5
	foreignWeight  = 1.0
	documentWeight = 0.5
)

// Score says where a passage's score comes from. The parts are weighted: they
// sum up to Total. Scores compare within one search only.
type Score struct {
	Words    float64
	Pairs    float64
	Exact    float64
	Grams    float64
	Document float64
	Subject  float64
	Total    float64
	// Closest is the passage's place among those nearest in meaning, from 1 on.
	// Total is then made of the two places instead, and is at most 1.
	Closest int
}

// score compares passages and sorts them, best first, equal ones by id.
func (m *matcher) score(passages []*tokens, stats Statistics, english bool) []Hit {
	r := rater{matcher: m, grams: gramWeight}
	if !english {
		r.grams = foreignWeight
	}
	documents := m.number(passages)
	zeros(&m.gramDF, len(m.grams))
	width := m.width()
	counts := zeros(&m.counts, (len(passages)+documents)*width)
	all := zeros(&m.finds, len(passages)+documents) // of the passages, then of the documents
	for i := range all {
		all[i] = m.newFind(counts[i*width : (i+1)*width : (i+1)*width])
	}
	finds, wholes := all[:len(passages)], all[len(passages):]
	for i, t := range passages {
		m.find(&finds[i], t)
		wholes[m.documents[t.Document]].add(finds[i])
	}
	var letters float64
	r.shares, letters = m.gramShares(finds)
	r.length, r.letters = stats.AverageLength(), letters
	own := zeros(&m.own, len(passages))
	for i := range finds {
		own[i] = r.rate(&finds[i])
	}
	perDocument := float64(len(passages)) / float64(max(documents, 1))
	r.length, r.letters = r.length*perDocument, r.letters*perDocument
	ofDocument := zeros(&m.ofDocument, documents)
	for k := range wholes {
		ofDocument[k] = documentWeight * r.rate(&wholes[k]).Total
	}
	for i, t := range passages {
		own[i].Document = ofDocument[m.documents[t.Document]]
		own[i].Total += own[i].Document
	}
	m.addSubject(passages, own, Slope(stats.AverageLength()))

	hits := make([]Hit, len(passages))
	names := m.names(finds)
	for i, at := range m.best(passages, own) {
		hits[i] = Hit{Passage: &passages[at].Passage, Score: own[at]}
		hits[i].Matched, names = m.matched(finds[at], names)
	}
	return hits
}

// number gives each document of the passages a number, and answers how many
// there are.
func (m *matcher) number(passages []*tokens) int {
	if m.documents == nil {
		m.documents = map[int64]int{}
	}
	clear(m.documents)
	for _, t := range passages {
		if _, known := m.documents[t.Document]; !known {
			m.documents[t.Document] = len(m.documents)
		}
	}
	return len(m.documents)
}

// best answers the places of the passages, the one with the highest score first,
// equal ones by id. The answer is valid until the next one.
func (m *matcher) best(passages []*tokens, own []Score) []int {
	order := zeros(&m.order, len(passages))
	for i := range order {
		order[i] = i
	}
	slices.SortFunc(order, func(a, b int) int {
		switch {
		case own[a].Total > own[b].Total:
			return -1
		case own[a].Total < own[b].Total:
			return 1
		}
		return cmp.Compare(passages[a].ID, passages[b].ID)
	})
	return order
}

// rater turns counts into a score, by average lengths that are those of
// passages first and of documents then.
type rater struct {
	*matcher
	grams           float64
	shares          []float64 // weight of each gram
	length, letters float64   // averages
}

func (r rater) rate(f *find) (s Score) {
	slope, letters := Slope(r.length), Slope(r.letters)
	for i, weight := range r.weights {
		if f.tf[i] > 0 {
			s.Words += weight.words * saturate(f.tf[i], f.length, slope)
			s.Exact += weight.exact * saturate(f.exact[i], f.length, slope)
		}
	}
	for i, tf := range f.pairs {
		if tf > 0 {
			s.Pairs += r.pairs[i].weight * saturate(tf, f.length, slope)
		}
	}
	for i, tf := range f.grams {
		if tf > 0 {
			s.Grams += r.grams * r.shares[i] * saturate(tf, f.letters, letters)
		}
	}
	s.Total = s.Words + s.Exact + s.Pairs + s.Grams
	return s
}

// gramShares divides the weight of each word among its grams, by their rarity
// among the candidates, and gives the average letters of a candidate. What a
// word weighs comes from the whole collection; grams have no statistics of
// their own to keep.
func (m *matcher) gramShares(finds []find) (shares []float64, letters float64) {
	for i := range finds {
		letters += finds[i].letters
	}
	rarity := zeros(&m.rarity, len(m.grams))
	for g, df := range m.gramDF {
		rarity[g] = idf(len(finds), df)
	}
	shares = zeros(&m.shares, len(m.grams))
	for _, p := range m.gramPieces {
		sum := 0.0
		for _, g := range p.grams {
			sum += rarity[g]
		}
		for _, g := range p.grams {
			shares[g] += p.weight * rarity[g] / sum
		}
	}
	return shares, max(letters, 1) / float64(max(len(finds), 1))
}
