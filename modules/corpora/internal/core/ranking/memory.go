package ranking

import (
	"cmp"
	"context"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"parley/platform/kernel/text"
)

// Memory is a Source that lives in memory, for tests and for the memory store.
// Its ranking is that of the SQL stores. It is safe for concurrent use.
type Memory struct {
	mu       sync.RWMutex
	passages map[int64]indexedPassage
	postings map[string]map[int64]int // term → passage → tf
	versions Versions
	vectors  map[string][]Vector // by model, ordered by passage
}

type indexedPassage struct {
	Passage
	entry Entry
}

var _ Source = (*Memory)(nil)

// NewMemory makes an empty index.
func NewMemory() *Memory {
	return &Memory{passages: map[int64]indexedPassage{}, postings: map[string]map[int64]int{}, versions: Versions{}, vectors: map[string][]Vector{}}
}

// Add indexes a passage, in place of the one with the same id.
func (m *Memory) Add(p Passage) {
	e := NewIndexer().Entry(p.Title, p.Text)
	m.mu.Lock()
	defer m.mu.Unlock()
	m.remove(p.ID)
	m.passages[p.ID] = indexedPassage{p, e}
	m.versions[p.Corpus]++
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
	if p, ok := m.passages[id]; ok {
		m.versions[p.Corpus]++
	}
	delete(m.passages, id)
	for model, list := range m.vectors {
		m.vectors[model] = slices.DeleteFunc(list, func(v Vector) bool { return v.Passage == id })
	}
}

// AddVectors keeps vectors that a model made of passages.
func (m *Memory) AddVectors(model string, vectors []Vector) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, v := range vectors {
		if p, ok := m.passages[v.Passage]; ok {
			m.versions[p.Corpus]++
		}
		list := m.vectors[model]
		at, known := slices.BinarySearchFunc(list, v.Passage, func(v Vector, id int64) int { return cmp.Compare(v.Passage, id) })
		if known {
			list[at] = v
		} else {
			m.vectors[model] = slices.Insert(list, at, v)
		}
	}
}

// Words are those of a passage: the same ones have the same vectors.
type Words struct{ Title, Text string }

// VectorsOf answers the vectors of a document, by model and words.
func (m *Memory) VectorsOf(document int64) map[string]map[Words][]int8 {
	m.mu.RLock()
	defer m.mu.RUnlock()
	out := map[string]map[Words][]int8{}
	for model, list := range m.vectors {
		out[model] = map[Words][]int8{}
		for _, v := range list {
			if p := m.passages[v.Passage]; p.Document == document {
				out[model][Words{p.Title, p.Text}] = v.Values
			}
		}
	}
	return out
}

// PassVectors gives the passages of a document the vectors of their words.
func (m *Memory) PassVectors(document int64, vectors map[string]map[Words][]int8) {
	for model, of := range vectors {
		var made []Vector
		m.mu.RLock()
		for id, p := range m.passages {
			if v := of[Words{p.Title, p.Text}]; p.Document == document && v != nil {
				made = append(made, Vector{Passage: id, Values: v})
			}
		}
		m.mu.RUnlock()
		m.AddVectors(model, made)
	}
}

// Vectors implements Source.
func (m *Memory) Vectors(_ context.Context, corpus int64, model string, after int64, limit int) ([]Vector, Versions, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	out := []Vector{}
	for _, v := range m.vectors[model] {
		if v.Passage > after && m.passages[v.Passage].Corpus == corpus && len(out) < limit {
			out = append(out, v)
		}
	}
	return out, m.at([]int64{corpus}), nil
}

// Closest implements Source.
func (m *Memory) Closest(context.Context, []Corpus, Meaning, int) ([]Vector, bool, error) {
	return nil, false, nil
}

// Unembedded answers passages of a corpus, or of one document of it, after an
// id that have no vector of a model, ordered by id.
func (m *Memory) Unembedded(corpus, document int64, model string, after int64, limit int) []Passage {
	m.mu.RLock()
	defer m.mu.RUnlock()
	out := []Passage{}
	for id, p := range m.passages {
		if id <= after || p.Corpus != corpus || document != 0 && p.Document != document {
			continue
		}
		if !slices.ContainsFunc(m.vectors[model], func(v Vector) bool { return v.Passage == id }) {
			out = append(out, p.Passage)
		}
	}
	slices.SortFunc(out, func(a, b Passage) int { return cmp.Compare(a.ID, b.ID) })
	return out[:min(limit, len(out))]
}

// Corpora answers the corpora as they are now.
func (m *Memory) Corpora(ids ...int64) []Corpus {
	m.mu.RLock()
	defer m.mu.RUnlock()
	out := make([]Corpus, len(ids))
	for i, id := range ids {
		out[i] = Corpus{ID: id, Version: m.versions[id]}
	}
	for _, p := range m.passages {
		if i := slices.Index(ids, p.Corpus); i >= 0 {
			out[i].Passages++
			out[i].Length += p.entry.Length
		}
	}
	return out
}

// at answers the versions of corpora. m is locked.
func (m *Memory) at(corpora []int64) Versions {
	out := Versions{}
	for _, id := range corpora {
		out[id] = m.versions[id]
	}
	return out
}

// Postings implements Source.
func (m *Memory) Postings(_ context.Context, corpora []int64, terms []string, most int) ([]Postings, Versions, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var out []Postings
	for _, term := range terms {
		lists := map[int64][]Posting{}
		for id, tf := range m.postings[term] {
			p := m.passages[id]
			lists[p.Corpus] = append(lists[p.Corpus], Posting{id, int32(tf), int32(p.entry.Length)}) //nolint:gosec // at most maxTF
		}
		for corpus, list := range lists {
			if !slices.Contains(corpora, corpus) {
				continue
			}
			slices.SortFunc(list, func(a, b Posting) int { return cmp.Compare(a.Passage, b.Passage) })
			p := Postings{Corpus: corpus, Term: term, DF: len(list)}
			if p.DF <= most {
				p.List = list
			}
			out = append(out, p)
		}
	}
	return out, m.at(corpora), nil
}

// Whole implements Source.
func (m *Memory) Whole(ctx context.Context, corpora []int64, most int) ([]Postings, Versions, error) {
	var short []int64
	for _, c := range m.Corpora(corpora...) {
		if c.Length <= most {
			short = append(short, c.ID)
		}
	}
	m.mu.RLock()
	terms, versions := slices.Collect(maps.Keys(m.postings)), m.at(corpora)
	m.mu.RUnlock()
	out, _, err := m.Postings(ctx, short, terms, math.MaxInt)
	return out, versions, err
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
func (m *Memory) Vocabulary(_ context.Context, corpora []int64, prefix string, shortest, longest, limit int) ([]TermCount, Versions, error) {
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
	return out[:min(limit, len(out))], m.at(corpora), nil
}

// Alike implements Source.
func (m *Memory) Alike(_ context.Context, corpora []int64, words [][]text.Gram, limit int) ([]AlikeTerm, Versions, error) {
	m.mu.RLock()
	defer m.mu.RUnlock()
	var out []AlikeTerm
	for word, grams := range words {
		var found []AlikeTerm
		for term := range m.postings {
			shared := 0
			for _, g := range text.TermGrams(term) {
				if slices.Contains(grams, g) {
					shared++
				}
			}
			if shared > 0 && m.count(corpora, term) > 0 {
				found = append(found, AlikeTerm{word, term, shared})
			}
		}
		slices.SortFunc(found, func(a, b AlikeTerm) int {
			return cmp.Or(cmp.Compare(b.Shared, a.Shared), cmp.Compare(len(a.Term), len(b.Term)), cmp.Compare(a.Term, b.Term))
		})
		out = append(out, found[:min(limit, len(found))]...)
	}
	return out, m.at(corpora), nil
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
