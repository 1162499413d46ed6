package ranking

import (
	"hash/maphash"
	"math/bits"
	"slices"
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
	grams := 8*cap(t.grams.keys) + 2*cap(t.grams.counts) + 8*len(t.grams.some) + 4*len(t.grams.begins)
	return 256 + sections + len(t.Title) + len(t.Text) + 16*cap(t.words) + t.places.bytes() + grams
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

func (x *tokenizer) hash(s string) uint64 { return maphash.String(x.seed, s) }

func (x *tokenizer) read(p Passage) *tokens {
	t := &tokens{Passage: p}
	size := len(p.Title) + len(p.Text)
	t.words = make([]word, 0, size/7+4)
	x.add(t, p.Title)
	t.title = len(t.words)
	t.length = titleWeight * float64(t.title)
	grams := make([]text.Gram, 0, titleWeight*len(p.Title)+len(p.Text))
	grams = text.AppendGrams(grams, p.Title)
	grams = append(grams, slices.Repeat(grams, titleWeight-1)...)
	x.add(t, p.Text)
	t.length += float64(len(t.words) - t.title)
	grams = text.AppendGrams(grams, p.Text)
	t.letters = float64(len(grams))
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

// gramTable says how often each gram is in a passage. The numbers of mixed grams
// are cut into 4,096 stretches, and a bit says which of them have a gram: most
// that are looked for are not there, which these 64 words tell. For the others,
// the bits before theirs count the grams before it.
type gramTable struct {
	some   [64]uint64 // the bits
	begins [65]uint32 // where the grams of each word of bits begin
	keys   []uint64   // ascending
	counts []uint16
}

// newGramTable counts grams.
func newGramTable(grams []text.Gram) (t gramTable) {
	var begins [257]uint32
	for _, g := range grams {
		begins[mix(g)>>56+1]++
	}
	for i := 1; i < len(begins); i++ {
		begins[i] += begins[i-1]
	}
	sorted := make([]uint64, len(grams))
	next := begins
	for _, g := range grams {
		mixed := mix(g)
		sorted[next[mixed>>56]] = mixed
		next[mixed>>56]++
	}
	t.keys = make([]uint64, 0, len(grams)*7/8)
	t.counts = make([]uint16, 0, len(grams)*7/8)
	for b := range 256 {
		if b%4 == 0 {
			t.begins[b/4] = uint32(len(t.keys)) //nolint:gosec // a passage is short
		}
		first := len(t.keys)
		for _, g := range sorted[begins[b]:begins[b+1]] {
			i := len(t.keys)
			for i > first && t.keys[i-1] > g {
				i--
			}
			if i > first && t.keys[i-1] == g {
				t.counts[i-1] = min(t.counts[i-1]+1, maxTF)
				continue
			}
			t.keys, t.counts = append(t.keys, g), append(t.counts, 1)
			if last := len(t.keys) - 1; i < last {
				copy(t.keys[i+1:], t.keys[i:last])
				copy(t.counts[i+1:], t.counts[i:last])
				t.keys[i], t.counts[i] = g, 1
			}
			t.some[g>>58] |= 1 << (g >> 52 % 64)
		}
	}
	t.begins[64] = uint32(len(t.keys)) //nolint:gosec // as above
	return t
}

// may reports whether a mixed gram may be there.
func (t *gramTable) may(g uint64) bool { return t.some[g>>58]>>(g>>52%64)&1 != 0 }

// count says how often a mixed gram is there that may be.
func (t *gramTable) count(g uint64) uint16 {
	before := t.some[g>>58] & (1<<(g>>52%64) - 1)
	for i := t.begins[g>>58] + uint32(bits.OnesCount64(before)); i < t.begins[g>>58+1]; i++ { //nolint:gosec // at most 63
		if t.keys[i] >= g {
			if t.keys[i] == g {
				return t.counts[i]
			}
			break
		}
	}
	return 0
}
