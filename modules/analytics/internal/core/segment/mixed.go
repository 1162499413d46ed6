package segment

import (
	"cmp"
	"maps"
	"math/bits"
	"slices"
	"sync"
)

// Mixer answers one cell for all that have a team, a source and a model in common:
// the first that is known with them. Questions that ask for nothing else see that
// one as they see each of the others.
func Mixer(cells []Cell) func(cell int64) int64 {
	first, of := map[Cell]int64{}, make([]int64, len(cells))
	for i, c := range cells {
		key := Cell{TeamID: c.TeamID, QuerySource: c.QuerySource, Model: c.Model}
		if _, known := first[key]; !known {
			first[key] = int64(i)
		}
		of[i] = first[key]
	}
	return func(cell int64) int64 {
		if cell < 0 || cell >= int64(len(of)) {
			return cell
		}
		return of[cell]
	}
}

// mixSums is a face of sums with the cells that mix answers.
func mixSums(face []byte, mix func(cell int64) int64) ([]byte, error) {
	all := map[int64]*Sums{}
	if err := EachSums(face, every, func(cell int64, s *Sums) {
		cell = mix(cell)
		if known := all[cell]; known != nil {
			known.add(s)
			return
		}
		of := *s
		all[cell] = &of
	}); err != nil {
		return nil, err
	}
	out := &Segment{}
	for _, cell := range slices.Sorted(maps.Keys(all)) {
		out.pairs = append(out.pairs, pair{cell: cell, Sums: *all[cell]})
	}
	return out.packSums(), nil
}

// mixIDs decodes the ids of a face with the cells that mix answers, if that is
// worth it.
func mixIDs(f Face, face []byte, mix func(cell int64) int64) (*IDs, error) {
	scan, m := scanOf(f, face), mixings.Get().(*mixing) //nolint:forcetypeassert // nothing else is in it
	defer mixings.Put(m)
	defer m.clear()
	if err := scan(every, func(cell int64, ids []int64) { m.add(mix(cell), ids) }); err != nil {
		return nil, err
	}
	if out := m.ids(len(face)); out != nil {
		return out, nil
	}
	return &IDs{scan: scan, Size: len(face)}, nil
}

var mixings = sync.Pool{New: func() any { return &mixing{cells: map[int64][]*bitPage{}} }}

// mixing puts the ids of cells in order: each has a bit of its own, which takes less
// time than to sort them.
type mixing struct {
	cells map[int64][]*bitPage
	spare []*bitPage // without bits
}

type bitPage struct {
	number int64
	n      int // ids, when it is known
	bits   [1 << PageBits / 64]uint64
}

func (m *mixing) add(cell int64, ids []int64) {
	var page *bitPage
	for _, id := range ids {
		if page == nil || id>>PageBits != page.number {
			page = m.page(cell, id>>PageBits)
		}
		page.bits[id&pageMask/64] |= 1 << (id & 63)
	}
}

func (m *mixing) page(cell, number int64) *bitPage {
	pages := m.cells[cell]
	for _, p := range slices.Backward(pages) { // few, and mostly one after the other
		if p.number == number {
			return p
		}
	}
	var page *bitPage
	if n := len(m.spare); n > 0 {
		page, m.spare = m.spare[n-1], m.spare[:n-1]
	} else {
		page = new(bitPage)
	}
	page.number = number
	m.cells[cell] = append(pages, page)
	return page
}

// clear makes it ready for another face.
func (m *mixing) clear() {
	for _, pages := range m.cells {
		for _, p := range pages {
			clear(p.bits[:])
			m.spare = append(m.spare, p)
		}
	}
	clear(m.cells)
}

// ids are what was added, or nil if that takes too much room beside what is stored.
// Pages of a face, and ids of pages that have few, stand in one piece of memory.
func (m *mixing) ids(stored int) *IDs {
	out, pages, low := &IDs{}, 0, 0
	for _, of := range m.cells {
		out.Size += 40 + 52*len(of)
		pages += len(of)
		for _, p := range of {
			p.n = 0
			for _, w := range p.bits {
				p.n += bits.OnesCount64(w)
			}
			if p.n > few {
				out.Size += 1 << PageBits / 8
				continue
			}
			out.Size += 2*p.n + 8
			low += p.n
		}
	}
	if tooLarge(out.Size, stored) {
		return nil
	}
	all, lows := make([]Page, 0, pages), make([]uint16, 0, low)
	for _, cell := range slices.Sorted(maps.Keys(m.cells)) {
		of, first, before := m.cells[cell], len(all), 0
		slices.SortFunc(of, func(a, b *bitPage) int { return cmp.Compare(a.number, b.number) })
		for _, p := range of {
			page := Page{Number: p.number, Before: int32(before)}
			before += p.n
			if p.n > few {
				words := p.bits
				page.Bits = &words
			} else {
				from := len(lows)
				lows = p.appendTo(lows)
				page.Few = lows[from:len(lows):len(lows)]
			}
			all = append(all, page)
		}
		out.cells = append(out.cells, cellIDs{cell, all[first:len(all):len(all)]})
	}
	return out
}

// appendTo appends the last bits of the ids of a page, ascending.
func (p *bitPage) appendTo(low []uint16) []uint16 {
	for k, w := range p.bits {
		for ; w != 0; w &= w - 1 {
			low = append(low, uint16(k*64+bits.TrailingZeros64(w)))
		}
	}
	return low
}
