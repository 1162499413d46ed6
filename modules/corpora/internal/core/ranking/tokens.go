package ranking

import (
	"hash/maphash"
	"sync"

	"parley/platform/kernel/text"
)

// tokens is a passage as questions are compared with it, so that its text is
// read once and not by every question.
type tokens struct {
	Passage
	words   []word // without stop words: the title's, then the text's
	places  places // of their stems
	title   int    // how many of them are the title's
	length  float64
	letters float64
	grams   gramTable
}

// word is a word of a passage. Words are known by 64-bit hashes under a seed
// of the process: two that are confused are not to be met.
type word struct{ stem, form uint64 }

// bytes is the room that tokens take.
func (t *tokens) bytes() int {
	sections := 0
	for _, s := range t.Sections {
		sections += 24 + len(s.Title)
	}
	return 256 + sections + len(t.Title) + len(t.Text) + 16*cap(t.words) + t.places.bytes() + 8*cap(t.grams.keys) + 2*cap(t.grams.counts) + 4*len(t.grams.begins)
}

// tokenizer reads passages. It remembers the stems of the words it has met,
// since finding a stem takes longer than all else. It is safe for concurrent
// use.
type tokenizer struct {
	seed  maphash.Seed
	mu    sync.Mutex
	stems map[uint64]uint64 // by form
}

func newTokenizer() *tokenizer {
	return &tokenizer{seed: maphash.MakeSeed(), stems: map[uint64]uint64{}}
}

func (x *tokenizer) hash(s string) uint64 { return max(maphash.String(x.seed, s), 1) } // 0 is for empty places

func (x *tokenizer) read(p Passage) *tokens {
	t := &tokens{Passage: p}
	size := len(p.Title) + len(p.Text)
	t.words = make([]word, 0, size/7+4)
	grams := make([]uint64, 0, size+8)
	x.add(t, p.Title)
	t.title = len(t.words)
	t.length = titleWeight * float64(t.title)
	for g := range text.Grams(p.Title) {
		t.letters += titleWeight
		for range titleWeight {
			grams = append(grams, mix(g))
		}
	}
	x.add(t, p.Text)
	t.length += float64(len(t.words) - t.title)
	for g := range text.Grams(p.Text) {
		t.letters++
		grams = append(grams, mix(g))
	}
	t.grams = newGramTable(grams)
	t.places = newPlaces(t.words)
	return t
}

func (x *tokenizer) add(t *tokens, s string) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for w := range text.Words(s) {
		if text.IsStop(w.Form) {
			continue
		}
		form := x.hash(w.Form)
		stem, known := x.stems[form]
		if !known {
			if len(x.stems) == maxStems {
				clear(x.stems)
			}
			stem = x.hash(text.Stem(w.Form))
			x.stems[form] = stem
		}
		t.words = append(t.words, word{stem, form})
	}
}

// mix spreads grams over all numbers, each to one of its own.
func mix(g text.Gram) uint64 { return uint64(g) * 0x9e3779b97f4a7c15 }

// gramTable says how often each gram is in a passage. The grams lie by their
// first eight bits, two or three to each, so that one is found in a few steps
// and an array is all there is.
type gramTable struct {
	keys   []uint64
	counts []uint16
	begins [257]uint32
}

// newGramTable counts mixed grams.
func newGramTable(grams []uint64) (t gramTable) {
	for _, g := range grams {
		t.begins[g>>56+1]++
	}
	for i := 1; i < len(t.begins); i++ {
		t.begins[i] += t.begins[i-1]
	}
	sorted := make([]uint64, len(grams))
	next := t.begins
	for _, g := range grams {
		sorted[next[g>>56]] = g
		next[g>>56]++
	}
	t.keys = make([]uint64, 0, len(grams)*7/8)
	t.counts = make([]uint16, 0, len(grams)*7/8)
	for b := range 256 {
		first := uint32(len(t.keys)) //nolint:gosec // a passage is short
		from, to := t.begins[b], t.begins[b+1]
		t.begins[b] = first
	next:
		for _, g := range sorted[from:to] {
			for i := first; i < uint32(len(t.keys)); i++ { //nolint:gosec // as above
				if t.keys[i] == g {
					if t.counts[i] < maxTF {
						t.counts[i]++
					}
					continue next
				}
			}
			t.keys, t.counts = append(t.keys, g), append(t.counts, 1)
		}
	}
	t.begins[256] = uint32(len(t.keys)) //nolint:gosec // as above
	return t
}

// count says how often a mixed gram is there.
func (t *gramTable) count(g uint64) uint16 {
	for i := t.begins[g>>56]; i < t.begins[g>>56+1]; i++ {
		if t.keys[i] == g {
			return t.counts[i]
		}
	}
	return 0
}
