package segment

import (
	"math/bits"
	"slices"
)

// IDs is a face of ids of cells, decoded so that sets of them are united a word at
// a time. It never changes.
type IDs struct {
	cells []cellIDs
	Size  int // in bytes, about
}

type cellIDs struct {
	cell  int64
	pages []Page
}

// PageBits is how many bits of an id tell it from the others of its page.
const PageBits = 12

const pageMask = 1<<PageBits - 1

// Page is different ids with all but the last bits in common: bits, or where they
// are few their last bits, ascending.
type Page struct {
	Number int64 // of the page: its ids without the last bits
	Before int32 // so many ids of the cell are on pages before
	Few    []uint16
	Bits   *[1 << PageBits / 64]uint64
}

// few is up to how many ids a page of bits is larger.
const few = 1 << PageBits / 16

// Each calls cell with the pages of each cell that take wants.
func (d *IDs) Each(take func(cell int64) bool, cell func(cell int64, pages []Page)) {
	if d == nil {
		return
	}
	for i := range d.cells {
		if c := &d.cells[i]; take(c.cell) {
			cell(c.cell, c.pages)
		}
	}
}

// ID is the one of a place on the page.
func (p *Page) ID(bit int) int64 { return p.Number<<PageBits | int64(bit) }

// Rank is how many ids are on the page before one that is there.
func (p *Page) Rank(bit int) (n int) {
	if p.Bits == nil {
		for n < len(p.Few) && int(p.Few[n]) < bit {
			n++
		}
		return n
	}
	for _, w := range p.Bits[:bit/64] {
		n += bits.OnesCount64(w)
	}
	return n + bits.OnesCount64(p.Bits[bit/64]&(1<<(bit%64)-1))
}

// pager makes pages of ids that ascend within each cell. What it makes has no room
// to spare, since it is kept.
type pager struct {
	out   IDs
	pages []Page   // of the last cell
	page  []uint16 // the last page
	at    int64    // its number
	n     int32    // ids of the cell on pages before
}

// cell begins another one.
func (p *pager) cell(number int64) {
	p.end()
	p.out.cells = append(p.out.cells, cellIDs{cell: number})
}

// add adds an id, unless it was the last one.
func (p *pager) add(id int64) {
	if number := id >> PageBits; number != p.at {
		p.endPage()
		p.at = number
	}
	low := uint16(id & pageMask)
	if n := len(p.page); n > 0 && p.page[n-1] == low {
		return
	}
	p.page = append(p.page, low)
}

func (p *pager) endPage() {
	if len(p.page) == 0 {
		return
	}
	page := Page{Number: p.at, Before: p.n}
	if len(p.page) > few {
		page.Bits = new([1 << PageBits / 64]uint64)
		for _, low := range p.page {
			page.Bits[low/64] |= 1 << (low % 64)
		}
		p.out.Size += 1 << PageBits / 8
	} else {
		page.Few = slices.Clone(p.page)
		p.out.Size += 2*len(p.page) + 8
	}
	p.pages = append(p.pages, page)
	p.n += int32(len(p.page))
	p.page = p.page[:0]
}

// end ends a cell.
func (p *pager) end() {
	p.endPage()
	if n := len(p.out.cells); n > 0 {
		p.out.cells[n-1].pages = slices.Clone(p.pages)
		p.out.Size += 40 + 52*len(p.pages)
	}
	p.pages, p.n = p.pages[:0], 0
}

func (p *pager) done() *IDs {
	p.end()
	p.out.cells = slices.Clone(p.out.cells)
	return &p.out
}

func every(int64) bool { return true }

// decodeIDs reads a FaceActive or a FaceAllThreads, whose cell is 0.
func decodeIDs(face []byte) (*IDs, error) {
	var p pager
	p.cell(0)
	err := EachID(face, func(ids []int64) {
		for _, id := range ids {
			p.add(id)
		}
	})
	return p.done(), err
}

// decodeRanCells reads the cells with a run of a FaceSums.
func decodeRanCells(face []byte) (*IDs, error) {
	var p pager
	p.cell(0)
	err := EachRan(face, p.add)
	return p.done(), err
}

// decodeCells reads a face of threads, or of askers of cells.
func decodeCells(face []byte) (*IDs, error) {
	var p pager
	last := int64(-1)
	err := EachThread(face, nil, every, func(cell int64, r *Rows) {
		if cell != last {
			p.cell(cell)
			last = cell
		}
		for _, id := range r.IDs {
			p.add(id)
		}
	})
	return p.done(), err
}

// decodeRan reads the users with a run of a FacePairs.
func decodeRan(face []byte) (*IDs, error) {
	var p pager
	last := int64(-1)
	err := EachPair(face, nil, nil, every, func(cell int64, r *Rows) {
		if cell != last {
			p.cell(cell)
			last = cell
		}
		for i, id := range r.IDs {
			if r.Runs[i] > 0 {
				p.add(id)
			}
		}
	})
	return p.done(), err
}
