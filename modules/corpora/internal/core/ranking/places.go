package ranking

// places says where in a passage each stem stands, so that a question looks for
// its few words instead of comparing each word of the passage with them. The
// stems lie by their first bits, about two words to each, in the order of the
// passage.
type places struct {
	some   [1 << (stretchBits - 6)]uint64 // which of 512 stretches of numbers have a stem
	begins [1<<placeBits + 1]uint32
	list   []place
}

const (
	placeBits   = 6
	stretchBits = 9
)

// place is where a word stands, and half of its stem's hash.
type place struct{ half, at uint32 }

func newPlaces(words []word) (p places) {
	for _, w := range words {
		stretch := w.stem >> (64 - stretchBits)
		p.some[stretch/64] |= 1 << (stretch % 64)
		p.begins[w.stem>>(64-placeBits)+1]++
	}
	for i := 1; i < len(p.begins); i++ {
		p.begins[i] += p.begins[i-1]
	}
	p.list = make([]place, len(words))
	next := p.begins
	for at, w := range words {
		b := w.stem >> (64 - placeBits)
		p.list[next[b]] = place{half(w.stem), uint32(at)} //nolint:gosec // a passage is short
		next[b]++
	}
	return p
}

func half(stem uint64) uint32 { return uint32(stem) } //nolint:gosec // a half is meant

// may reports whether a stem may be there. It reads a single line of memory,
// and most passages lack most words.
func (p *places) may(stem uint64) bool {
	stretch := stem >> (64 - stretchBits)
	return p.some[stretch/64]>>(stretch%64)&1 != 0
}

// near are the places whose stems may be one: the caller compares the halves,
// and then the stems.
func (p *places) near(stem uint64) []place {
	b := stem >> (64 - placeBits)
	return p.list[p.begins[b]:p.begins[b+1]]
}

// bytes is the room of the places beside their begins.
func (p *places) bytes() int { return 8*cap(p.list) + 4*len(p.begins) + 8*len(p.some) }
