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
	pairs   []pair
	seconds [][]int // the pairs that begin with each term
	*scratch
}

// sought is what a stem counts for a term: less than 1 for another form.
type sought struct {
	stem   uint64
	term   int
	weight float64
}

// gramOf is a mixed gram, its number, and the last piece that has it. They are
// looked for in the order of a gramTable, so that memory is read in one
// direction.
type gramOf struct {
	mixed  uint64
	number int
	piece  int
}

// gramPiece is the grams of one word, and what the word weighs.
type gramPiece struct {
	grams  []int
	weight float64
}

func newMatcher(q query, x *tokenizer, memory *scratch) *matcher {
	n := q.stemsSought()
	m := &matcher{terms: q.terms, seconds: make([][]int, len(q.terms)), scratch: memory}
	m.sought, m.grams, m.pieces = m.sought[:0], m.grams[:0], m.pieces[:0]
	m.targets.reset(n)
	m.forms.reset(len(q.forms))
	for i, t := range q.terms {
		m.seek(sought{x.hash(t.target()), i, 1})
	}
	for i, t := range q.terms {
		for _, f := range t.Forms {
			m.seek(sought{x.hash(f.Term), i, f.Weight})
		}
	}
	for form, i := range q.forms {
		m.forms.set(x.hash(form), i)
	}
	m.addPairs(q.order)
	if m.known == nil {
		m.known = map[text.Gram]int{}
	}
	clear(m.known)
	for _, p := range q.pieces {
		m.addGrams(p)
	}
	slices.SortFunc(m.grams, func(a, b gramOf) int { return cmp.Compare(a.mixed, b.mixed) })
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
func (m *matcher) addGrams(p piece) {
	g := gramPiece{grams: make([]int, 0, len(p.text))}
	for _, t := range p.terms {
		g.weight += m.terms[t].IDF
	}
	for gram := range text.Grams(p.text) {
		i, ok := m.known[gram]
		if !ok {
			i = len(m.grams)
			m.known[gram] = i
			m.grams = append(m.grams, gramOf{mix(gram), i, -1})
		}
		if m.grams[i].piece != len(m.pieces) {
			m.grams[i].piece = len(m.pieces)
			g.grams = append(g.grams, i)
		}
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
	hits := m.meet(t)
	title := 0
	for title < len(hits) && hits[title].at < t.title {
		title++
	}
	m.count(f, t.words, hits[:title], titleWeight)
	m.count(f, t.words, hits[title:], 1)
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
		for _, p := range t.places.near(stem) {
			if p.half == half(stem) && t.words[p.at].stem == stem {
				hits = append(hits, hit{int(p.at), k})
			}
		}
	}
	slices.SortFunc(hits, func(a, b hit) int { return a.at - b.at })
	m.hits = hits
	return hits
}

// count adds the hits in the title, or in the text, of a passage with these
// words.
func (m *matcher) count(f *find, words []word, hits []hit, weight float64) {
	for i, h := range hits {
		what := &m.sought[h.sought]
		f.tf[what.term] += weight * what.weight
		if k := m.forms.get(words[h.at].form); k >= 0 {
			f.exact[k] += weight
		}
		for _, p := range m.seconds[what.term] {
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
	hash  uint64 // 0 for an empty place
	value int
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
		if e := &t.entries[i]; e.hash == 0 || e.hash == hash {
			e.hash, e.value = hash, value
			return
		}
	}
}

// get answers -1 for a hash that is not there.
func (t *hashTable) get(hash uint64) int {
	for i := hash & t.mask; ; i = (i + 1) & t.mask {
		switch e := &t.entries[i]; e.hash {
		case hash:
			return e.value
		case 0:
			return -1
		}
	}
}
