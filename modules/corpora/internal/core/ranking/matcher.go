package ranking

import (
	"strings"

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
	forms   map[string]int // exact form → term
	targets map[string]int // stem that is looked for → term
	seen    map[string]int // form met in a passage → term, -1 for none
	begins  [256][]string  // the targets by their first byte
	pairs   []pair
	grams   map[text.Gram]int
	pieces  []gramPiece
}

// gramPiece is the grams of one word, and what the word weighs.
type gramPiece struct {
	grams  []int
	weight float64
}

func newMatcher(q query) *matcher {
	m := &matcher{
		terms: q.terms, forms: q.forms,
		targets: map[string]int{}, seen: map[string]int{}, grams: map[text.Gram]int{},
	}
	for i, t := range q.terms {
		m.targets[t.target()] = i
		first := t.target()[0]
		m.begins[first] = append(m.begins[first], t.target())
	}
	m.addPairs(q.order)
	for _, p := range q.pieces {
		m.addGrams(p)
	}
	return m
}

func (m *matcher) addPairs(order []int) {
	known := map[[2]int]bool{}
	for k := 1; k < len(order); k++ {
		key := [2]int{order[k-1], order[k]}
		if key[0] != key[1] && !known[key] {
			known[key] = true
			m.pairs = append(m.pairs, pair{key[0], key[1], m.terms[key[0]].IDF + m.terms[key[1]].IDF})
		}
	}
}

// addGrams leaves out words nobody knows no more than others: their grams may
// be in the passages all the same.
func (m *matcher) addGrams(p piece) {
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
		i, ok := m.grams[gram]
		if !ok {
			i = len(m.grams)
			m.grams[gram] = i
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

func (m *matcher) newFind() find {
	n := len(m.terms)
	counts := make([]float64, 2*n+len(m.pairs)+len(m.grams))
	return find{
		counts: counts,
		tf:     counts[:n],
		exact:  counts[n : 2*n],
		pairs:  counts[2*n : 2*n+len(m.pairs)],
		grams:  counts[2*n+len(m.pairs):],
	}
}

func (m *matcher) find(p Passage) find {
	f := m.newFind()
	m.scan(&f, p.Title, titleWeight)
	m.scan(&f, p.Text, 1)
	return f
}

func (f *find) add(other find) {
	for i, n := range other.counts {
		f.counts[i] += n
	}
	f.length += other.length
	f.letters += other.letters
}

// matched lists the indexed words that were found.
func (m *matcher) matched(f find) (out []string) {
	for i, n := range f.tf {
		if n > 0 {
			out = append(out, m.terms[i].target())
		}
	}
	return out
}

// hit is a term met at a position, stop words not counted.
type hit struct{ at, term int }

func (m *matcher) scan(f *find, s string, weight float64) {
	var hits []hit
	at := 0
	for w := range text.Words(s) {
		if text.IsStop(w.Form) {
			continue
		}
		at++
		if i := m.term(w.Form); i >= 0 {
			f.tf[i] += weight
			if k, ok := m.forms[w.Form]; ok {
				f.exact[k] += weight
			}
			hits = append(hits, hit{at, i})
		}
	}
	f.length += weight * float64(at)
	for i, p := range m.pairs {
		f.pairs[i] += weight * float64(count(p, hits))
	}
	letters := 0
	for g := range text.Grams(s) {
		letters++
		if i, ok := m.grams[g]; ok {
			f.grams[i] += weight
		}
	}
	f.letters += weight * float64(letters)
}

// term gives the question's term that a form stands for, -1 for none. Most
// words of a passage are told apart without finding their stems, which is slow.
func (m *matcher) term(form string) int {
	if !m.promising(form) {
		return -1
	}
	i, ok := m.seen[form]
	if !ok {
		if i, ok = m.targets[text.Stem(form)]; !ok {
			i = -1
		}
		m.seen[form] = i
	}
	return i
}

// promising leaves out what text.Stem says cannot have one of the targets as
// its stem.
func (m *matcher) promising(form string) bool {
	for _, target := range m.begins[form[0]] {
		if len(target) <= len(form) && (len(target) < 4 || strings.HasPrefix(form, target[:len(target)-2])) {
			return true
		}
	}
	return false
}

// count says how often the pair stands in order within the window.
func count(p pair, hits []hit) (n int) {
	for i, first := range hits {
		if first.term != p.first {
			continue
		}
		for _, second := range hits[i+1:] {
			if second.at-first.at >= window {
				break
			}
			if second.term == p.second {
				n++
				break
			}
		}
	}
	return n
}
