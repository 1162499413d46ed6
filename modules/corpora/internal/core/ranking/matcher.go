package ranking

import (
	"slices"

	"parley/platform/kernel/text"
)

// window is how near the words of a pair must stand: the second at most three
// words after the first, stop words not counted.
const window = 4

// pair is two neighbouring words of the question, in order.
type pair struct {
	first, second int
	weight        float64 // with pairWeight
	before        int     // another pair that begins with the same term, -1 for none
}

// matcher finds a question's words in passages. It is made for one question
// and used by one goroutine.
type matcher struct {
	terms []Term
	*scratch
}

// sought is what a stem counts for a term: less than 1 for another form.
type sought struct {
	stem   uint64
	term   int
	weight float64
}

// termWeight is what a term counts, and what it does in its exact form.
type termWeight struct{ words, exact float64 }

// gramOf is a mixed gram, and the last piece that has it.
type gramOf struct {
	mixed uint64
	piece int
}

// gramPiece is the grams of one word, and what the word weighs.
type gramPiece struct {
	grams  []int
	weight float64
}

func newMatcher(q query, x *tokenizer, memory *scratch) matcher {
	m := matcher{terms: q.terms, scratch: memory}
	m.sought, m.weights = m.sought[:0], m.weights[:0]
	m.targets.reset(q.stemsSought())
	for i := range q.terms {
		t := &q.terms[i]
		m.seek(sought{x.hash(t.target()), i, 1})
		m.weights = append(m.weights, termWeight{t.weight(), exactWeight * t.IDF})
	}
	for i := range q.terms {
		for _, f := range q.terms[i].Forms {
			m.seek(sought{x.hash(f.Term), i, f.Weight})
		}
	}
	m.exact.reset(len(q.forms))
	for _, f := range q.forms {
		m.exact.set(x.hash(f.form), f.term)
	}
	m.addPairs(q.order)
	m.addGrams(q.pieces)
	return m
}

func (m *matcher) seek(what sought) {
	if k := m.targets.get(what.stem); k >= 0 {
		m.sought[k] = what
		return
	}
	m.targets.set(what.stem, len(m.sought))
	m.sought = append(m.sought, what)
}

func (m *matcher) addPairs(order []int) {
	m.pairs, m.pairsOf = m.pairs[:0], m.pairsOf[:0]
	for range m.terms {
		m.pairsOf = append(m.pairsOf, -1)
	}
	for k := 1; k < len(order); k++ {
		first, second := order[k-1], order[k]
		if first != second && !m.isPair(first, second) {
			weight := pairWeight * (m.terms[first].IDF + m.terms[second].IDF)
			m.pairs = append(m.pairs, pair{first, second, weight, m.pairsOf[first]})
			m.pairsOf[first] = len(m.pairs) - 1
		}
	}
}

func (m *matcher) isPair(first, second int) bool {
	for p := m.pairsOf[first]; p >= 0; p = m.pairs[p].before {
		if m.pairs[p].second == second {
			return true
		}
	}
	return false
}

// addGrams leaves out words nobody knows no more than others: their grams may
// be in the passages all the same.
func (m *matcher) addGrams(pieces []piece) {
	m.grams, m.gramPieces, m.pieceGrams = m.grams[:0], m.gramPieces[:0], m.pieceGrams[:0]
	size := 0
	for _, p := range pieces {
		m.letters = text.AppendGrams(m.letters[:0], p.text)
		size += len(m.letters)
	}
	m.known.reset(size)
	for _, p := range pieces {
		m.letters = text.AppendGrams(m.letters[:0], p.text)
		m.addPiece(p.terms, m.letters)
	}
}

func (m *matcher) addPiece(terms []int, grams []text.Gram) {
	from := len(m.pieceGrams)
	for _, gram := range grams {
		mixed := mix(gram)
		i := m.known.get(mixed)
		if i < 0 {
			i = len(m.grams)
			m.known.set(mixed, i)
			m.grams = append(m.grams, gramOf{mixed, -1})
		}
		if m.grams[i].piece != len(m.gramPieces) {
			m.grams[i].piece = len(m.gramPieces)
			m.pieceGrams = append(m.pieceGrams, i)
		}
	}
	if len(m.pieceGrams) == from {
		return
	}
	weight := 0.0
	for _, t := range terms {
		weight += m.terms[t].IDF
	}
	m.gramPieces = append(m.gramPieces, gramPiece{m.pieceGrams[from:], weight})
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
	hits := m.meet(t)
	title := 0
	for title < len(hits) && hits[title].at < t.title {
		title++
	}
	m.count(f, t.words, hits[:title], titleWeight)
	m.count(f, t.words, hits[title:], 1)
	for i := range m.grams {
		if mixed := m.grams[i].mixed; t.grams.may(mixed) {
			if n := t.grams.count(mixed); n > 0 {
				f.grams[i] = float64(n)
				m.gramDF[i]++
			}
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

// names is room for the words that all the finds have.
func (m *matcher) names(finds []find) []string {
	n := 0
	for i := range finds {
		for _, tf := range finds[i].tf {
			if tf > 0 {
				n++
			}
		}
	}
	return make([]string, 0, n)
}

// matched answers the indexed words that were found, and what room is left.
func (m *matcher) matched(f find, room []string) (found, left []string) {
	for i, n := range f.tf {
		if n > 0 {
			room = append(room, m.terms[i].target())
		}
	}
	return room[:len(room):len(room)], room[len(room):]
}

// hit is a stem that is looked for, met at a position, stop words not counted.
type hit struct{ at, sought int }

// meet answers where a passage has what is looked for, in its order. The answer
// is valid until the next one.
func (m *matcher) meet(t *tokens) []hit {
	hits := m.hits[:0]
	for k := range m.sought {
		stem := m.sought[k].stem
		if !t.places.may(stem) {
			continue
		}
		for _, p := range t.places.near(stem) {
			if p.half == half(stem) && t.words[p.at].stem == stem {
				hits = append(hits, hit{int(p.at), k})
			}
		}
	}
	if len(hits) > 1 {
		slices.SortFunc(hits, func(a, b hit) int { return a.at - b.at })
	}
	m.hits = hits
	return hits
}

// count adds the hits in the title, or in the text, of a passage with these
// words.
func (m *matcher) count(f *find, words []word, hits []hit, weight float64) {
	for i, h := range hits {
		what := &m.sought[h.sought]
		f.tf[what.term] += weight * what.weight
		if k := m.exact.get(words[h.at].form); k >= 0 {
			f.exact[k] += weight
		}
		for p := m.pairsOf[what.term]; p >= 0; p = m.pairs[p].before {
			if m.follows(m.pairs[p].second, hits[i:]) {
				f.pairs[p] += weight
			}
		}
	}
}

// follows reports whether a term stands within the window after the first hit.
func (m *matcher) follows(term int, hits []hit) bool {
	for _, h := range hits[1:] {
		if h.at-hits[0].at >= window {
			return false
		}
		if m.sought[h.sought].term == term {
			return true
		}
	}
	return false
}

// hashTable maps few hashes to small numbers, faster than a map. It is made by
// reset.
type hashTable struct {
	mask    uint64
	entries []hashEntry
}

type hashEntry struct {
	hash  uint64
	value int // one more than it is, 0 for an empty place
}

// reset empties the table and makes room for n hashes.
func (t *hashTable) reset(n int) {
	size := 16
	for size < 4*n { // at most a quarter is taken, so most searches end at once
		size *= 2
	}
	zeros(&t.entries, size)
	t.mask = uint64(size - 1) //nolint:gosec // positive
}

func (t *hashTable) set(hash uint64, value int) {
	for i := hash & t.mask; ; i = (i + 1) & t.mask {
		if e := &t.entries[i]; e.value == 0 || e.hash == hash {
			e.hash, e.value = hash, value+1
			return
		}
	}
}

// get answers -1 for a hash that is not there.
func (t *hashTable) get(hash uint64) int {
	for i := hash & t.mask; ; i = (i + 1) & t.mask {
		if e := &t.entries[i]; e.value == 0 || e.hash == hash {
			return e.value - 1
		}
	}
}
