package segment

import (
	"math/bits"
	"slices"
)

// IDs is a face of ids of cells, decoded so that sets of them are united a word at
// a time, unless that would take much room. It never changes.
type IDs struct {
	cells []cellIDs
	scan  scan // reads what is not decoded, or nil
	Size  int  // in bytes, about
}

// scan calls ids with those of the cells that take wants, which ascend in each cell.
type scan func(take func(cell int64) bool, ids func(cell int64, ids []int64)) error

// tooLarge reports whether what a face decodes to is not worth its room: it has a
// few ids on each of many pages.
func tooLarge(decoded, stored int) bool { return decoded > 8*stored && decoded > 512 }

// finest reports whether a face of the finest cells would always be too large.
func finest(f Face) bool { return f == FacePairs || f == FaceThreads }

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

// Each calls cell with the pages of each cell that take wants, or ids with ids of it
// where they are not decoded; those are only lent.
func (d *IDs) Each(take func(cell int64) bool, cell func(cell int64, pages []Page), ids func(cell int64, ids []int64)) {
	if d == nil {
		return
	}
	if d.scan != nil {
		_ = d.scan(take, ids) // what was read without an error is again
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

// pager makes pages of ids that ascend within each cell. What is kept has no room to
// spare.
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

// addTo adds ids to a cell, in order of cells.
func (p *pager) addTo(cell int64, ids []int64) {
	if n := len(p.out.cells); n == 0 || p.out.cells[n-1].cell != cell {
		p.cell(cell)
	}
	for _, id := range ids {
		p.add(id)
	}
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

// decodeIDs decodes the ids of a face, if that is worth it.
func decodeIDs(f Face, face []byte) (*IDs, error) {
	scan := scanOf(f, face)
	if finest(f) {
		return &IDs{scan: scan, Size: len(face)}, scan(every, func(int64, []int64) {})
	}
	var p pager
	if err := scan(every, p.addTo); err != nil {
		return nil, err
	}
	if out := p.done(); !tooLarge(out.Size, len(face)) {
		return out, nil
	}
	return &IDs{scan: scan, Size: len(face)}, nil
}

// scanOf reads the ids of a face: of FacePairs the users with a run, of sums the
// cells with one, as ids of cell 0.
func scanOf(f Face, face []byte) scan {
	switch f {
	case FaceActive, FaceAllThreads:
		return func(take func(cell int64) bool, ids func(cell int64, ids []int64)) error {
			if !take(0) {
				return nil
			}
			return EachID(face, func(all []int64) { ids(0, all) })
		}
	case FacePairs:
		return func(take func(cell int64) bool, ids func(cell int64, ids []int64)) error {
			return EachPair(face, nil, nil, take, func(cell int64, r *Rows) { ids(cell, ran(r)) })
		}
	case FaceSums, FaceTotal, FacePlaces, FaceKinds, FaceTeams:
		return func(take func(cell int64) bool, ids func(cell int64, ids []int64)) error {
			if !take(0) {
				return nil
			}
			return EachRan(face, func(cell int64) { ids(0, []int64{cell}) })
		}
	}
	return func(take func(cell int64) bool, ids func(cell int64, ids []int64)) error {
		return EachThread(face, nil, take, func(cell int64, r *Rows) { ids(cell, r.IDs) })
	}
}

// ran are the users with a run. They take the place of all.
func ran(r *Rows) []int64 {
	n := 0
	for i, user := range r.IDs {
		if r.Runs[i] > 0 {
			r.IDs[n] = user
			n++
		}
	}
	return r.IDs[:n]
}
