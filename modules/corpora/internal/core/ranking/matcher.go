package ranking

import (
	"cmp"
	"slices"

	"parley/platform/kernel/text"
)

// window is how near the words of a pair must stand: the second at most three
// words after the first, stop words not counted.
const window = 4

// pair is two neighbouring words of the question, in order.
type pair struct {
	first, second int
	weight        float64
}

// matcher finds a question's words in passages. It is made for one question
// and used by one goroutine.
type matcher struct {
	terms   []Term
	targets hashTable // stem that is looked for → sought
	sought  []sought
	forms   hashTable // exact form → term
	pairs   []pair
	seconds [][]int // the pairs that begin with each term
	grams   []gramOf
	pieces  []gramPiece
	*scratch
}

// sought is what a stem counts for a term: less than 1 for another form.
type sought struct {
	term   int
	weight float64
}

// gramOf is a mixed gram and its number. They are looked for in the order of
// a gramTable, so that memory is read in one direction.
type gramOf struct {
	mixed  uint64
	number int
}

// gramPiece is the grams of one word, and what the word weighs.
type gramPiece struct {
	grams  []int
	weight float64
}

func newMatcher(q query, x *tokenizer, memory *scratch) *matcher {
	m := &matcher{
		terms: q.terms, targets: newHashTable(q.stemsSought()), forms: newHashTable(len(q.forms)), seconds: make([][]int, len(q.terms)), scratch: memory,
	}
	for i, t := range q.terms {
		m.seek(x.hash(t.target()), sought{i, 1})
	}
	for i, t := range q.terms {
		for _, f := range t.Forms {
			m.seek(x.hash(f.Term), sought{i, f.Weight})
		}
	}
	for form, i := range q.forms {
		m.forms.set(x.hash(form), i)
	}
	m.addPairs(q.order)
	known := map[text.Gram]int{}
	for _, p := range q.pieces {
		m.addGrams(p, known)
	}
	slices.SortFunc(m.grams, func(a, b gramOf) int { return cmp.Compare(a.mixed, b.mixed) })
	return m
}

func (m *matcher) seek(stem uint64, what sought) {
	m.targets.set(stem, len(m.sought))
	m.sought = append(m.sought, what)
}

func (m *matcher) addPairs(order []int) {
	known := map[[2]int]bool{}
	for k := 1; k < len(order); k++ {
		key := [2]int{order[k-1], order[k]}
		if key[0] != key[1] && !known[key] {
			known[key] = true
			m.seconds[key[0]] = append(m.seconds[key[0]], len(m.pairs))
			m.pairs = append(m.pairs, pair{key[0], key[1], m.terms[key[0]].IDF + m.terms[key[1]].IDF})
		}
	}
}

// addGrams leaves out words nobody knows no more than others: their grams may
// be in the passages all the same.
func (m *matcher) addGrams(p piece, known map[text.Gram]int) {
	g := gramPiece{}
	for _, t := range p.terms {
		g.weight += m.terms[t].IDF
	}
	own := map[text.Gram]bool{}
	for gram := range text.Grams(p.text) {
		if own[gram] {
			continue
		}
		own[gram] = true
		i, ok := known[gram]
		if !ok {
			i = len(m.grams)
			known[gram] = i
			m.grams = append(m.grams, gramOf{mix(gram), i})
		}
		g.grams = append(g.grams, i)
	}
	if len(g.grams) > 0 {
		m.pieces = append(m.pieces, g)
	}
}

// find is what one passage has of the question: weighted counts, title words
// three times.
type find struct {
	tf, exact, pairs, grams []float64
	counts                  []float64 // the four in one
	length, letters         float64
}

// width is how many counts a find has.
func (m *matcher) width() int { return 2*len(m.terms) + len(m.pairs) + len(m.grams) }

// newFind makes a find of counts, which are zero.
func (m *matcher) newFind(counts []float64) find {
	n := len(m.terms)
	return find{
		counts: counts,
		tf:     counts[:n],
		exact:  counts[n : 2*n],
		pairs:  counts[2*n : 2*n+len(m.pairs)],
		grams:  counts[2*n+len(m.pairs):],
	}
}

// find fills f with what a passage has.
func (m *matcher) find(f *find, t *tokens) {
	f.length, f.letters = t.length, t.letters
	m.scan(f, t.words[:t.title], titleWeight)
	m.scan(f, t.words[t.title:], 1)
	for _, g := range m.grams {
		if n := t.grams.count(g.mixed); n > 0 {
			f.grams[g.number] = float64(n)
		}
	}
}

func (f *find) add(other find) {
	for i, n := range other.counts {
		f.counts[i] += n
	}
	f.length += other.length
	f.letters += other.letters
}

// matched adds the indexed words that were found to names.
func (m *matcher) matched(f find, names []string) []string {
	for i, n := range f.tf {
		if n > 0 {
			names = append(names, m.terms[i].target())
		}
	}
	return names
}

// hit is a term met at a position, stop words not counted.
type hit struct{ at, term int }

func (m *matcher) scan(f *find, words []word, weight float64) {
	m.hits = m.hits[:0]
	for at, w := range words {
		k := m.targets.get(w.stem)
		if k < 0 {
			continue
		}
		i := m.sought[k].term
		f.tf[i] += weight * m.sought[k].weight
		if k := m.forms.get(w.form); k >= 0 {
			f.exact[k] += weight
		}
		m.hits = append(m.hits, hit{at, i})
	}
	for i, first := range m.hits {
		for _, p := range m.seconds[first.term] {
			if m.follows(m.pairs[p].second, i) {
				f.pairs[p] += weight
			}
		}
	}
}

// follows reports whether a term stands within the window after a hit.
func (m *matcher) follows(term, after int) bool {
	for _, h := range m.hits[after+1:] {
		if h.at-m.hits[after].at >= window {
			return false
		}
		if h.term == term {
			return true
		}
	}
	return false
}

// hashTable maps few hashes to small numbers, faster than a map.
type hashTable struct {
	mask    uint64
	entries []hashEntry
}

type hashEntry struct {
	hash  uint64 // 0 for an empty place
	value int
}

func newHashTable(n int) hashTable {
	size := 16
	for size < 4*n { // at most a quarter is taken, so most searches end at once
		size *= 2
	}
	return hashTable{mask: uint64(size - 1), entries: make([]hashEntry, size)} //nolint:gosec // positive
}

func (t hashTable) set(hash uint64, value int) {
	for i := hash & t.mask; ; i = (i + 1) & t.mask {
		if e := &t.entries[i]; e.hash == 0 || e.hash == hash {
			e.hash, e.value = hash, value
			return
		}
	}
}

// get answers -1 for a hash that is not there.
func (t hashTable) get(hash uint64) int {
	for i := hash & t.mask; ; i = (i + 1) & t.mask {
		switch e := &t.entries[i]; e.hash {
		case hash:
			return e.value
		case 0:
			return -1
		}
	}
}
