package ranking

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"sync"
)

// Memory is a Source that lives in memory, for tests and for the memory store.
// Its ranking is that of the SQL stores. It is safe for concurrent use.
type Memory struct {
	mu       sync.RWMutex
	passages map[int64]indexedPassage
	postings map[string]map[int64]int // term → passage → tf
}

type indexedPassage struct {
	Passage
	entry Entry
}

var _ Source = (*Memory)(nil)

// NewMemory makes an empty index.
func NewMemory() *Memory {
	return &Memory{passages: map[int64]indexedPassage{}, postings: map[string]map[int64]int{}}
}

// Add indexes a passage, in place of the one with the same id.
func (m *Memory) Add(p Passage) {
	e := NewIndexer().Entry(p.Title, p.Text)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.remove(p.ID)
	m.passages[p.ID] = indexedPassage{p, e}
	for term, tf := range e.Terms {
		if m.postings[term] == nil {
			m.postings[term] = map[int64]int{}
		}
		m.postings[term][p.ID] = tf
	}
}

// RemoveDocument takes the passages of a document out.
func (m *Memory) RemoveDocument(document int64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for id, p := range m.passages {
		if p.Document == document {
			m.remove(id)
		}
	}
}

func (m *Memory) remove(id int64) {
	for term := range m.passages[id].entry.Terms {
		if delete(m.postings[term], id); len(m.postings[term]) == 0 {
			delete(m.postings, term)
		}
	}
	delete(m.passages, id)
}

// Statistics implements Source.
func (m *Memory) Statistics(_ context.Context, corpora []int64, terms []string) (Statistics, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	s := Statistics{DF: map[string]int{}}
	for _, p := range m.passages {
		if slices.Contains(corpora, p.Corpus) {
			s.Passages++
			s.Length += p.entry.Length
		}
	}
	for _, term := range terms {
		if n := m.count(corpora, term); n > 0 {
			s.DF[term] = n
		}
	}
	return s, nil
}

func (m *Memory) count(corpora []int64, term string) (n int) {
	for id := range m.postings[term] {
		if slices.Contains(corpora, m.passages[id].Corpus) {
			n++
		}
	}
	return n
}

// Vocabulary implements Source.
func (m *Memory) Vocabulary(_ context.Context, corpora []int64, prefix string, shortest, longest, limit int) ([]TermCount, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var out []TermCount
	for term := range m.postings {
		if len(term) < shortest || len(term) > longest || !strings.HasPrefix(term, prefix) {
			continue
		}
		if n := m.count(corpora, term); n > 0 {
			out = append(out, TermCount{term, n})
		}
	}
	slices.SortFunc(out, func(a, b TermCount) int {
		return cmp.Or(cmp.Compare(b.DF, a.DF), cmp.Compare(a.Term, b.Term))
	})
	return out[:min(limit, len(out))], nil
}

// Candidates implements Source.
func (m *Memory) Candidates(_ context.Context, corpora []int64, terms []Weighted, slope float64, limit int) ([]Candidate, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	sums := map[int64]float64{}
	for _, t := range terms {
		for id, tf := range m.postings[t.Term] {
			if p := m.passages[id]; slices.Contains(corpora, p.Corpus) {
				sums[id] += t.Weight * saturate(float64(tf), float64(p.entry.Length), slope)
			}
		}
	}
	out := make([]Candidate, 0, len(sums))
	for id, sum := range sums {
		out = append(out, Candidate{id, sum})
	}
	slices.SortFunc(out, func(a, b Candidate) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Passage, b.Passage))
	})
	return out[:min(limit, len(out))], nil
}

// Passages implements Source.
func (m *Memory) Passages(_ context.Context, corpora []int64, ids []int64) ([]Passage, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	out := make([]Passage, 0, len(ids))
	for _, id := range ids {
		if p, ok := m.passages[id]; ok && slices.Contains(corpora, p.Corpus) {
			out = append(out, p.Passage)
		}
	}
	return out, nil
}
