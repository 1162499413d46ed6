package tally

import (
	"math/bits"
	"sync"

	"parley/modules/analytics/internal/core/segment"
)

const pageBits = segment.PageBits

// paged has a T for each id, in pages of those that follow on each other. Ids
// are dense where they are few, so it is an array nearly always.
type paged[T any] struct {
	pages map[int64]*[1 << pageBits]T
	spare *sync.Pool // of pages, to be used again, or nil
	near  [16]struct {
		number int64
		page   *[1 << pageBits]T
	}
}

// at is what an id has. Its zero value is what it has at first.
func (p *paged[T]) at(id int64) *T {
	return &p.page(id >> pageBits)[id&(1<<pageBits-1)]
}

// page is the one with a number.
func (p *paged[T]) page(number int64) *[1 << pageBits]T {
	if near := &p.near[number&15]; near.page != nil && near.number == number {
		return near.page
	}
	return p.find(number)
}

// find puts a page where at looks for it.
func (p *paged[T]) find(number int64) *[1 << pageBits]T {
	page := p.pages[number]
	if page == nil {
		if page = p.fresh(); p.pages == nil {
			p.pages = map[int64]*[1 << pageBits]T{}
		}
		p.pages[number] = page
	}
	near := &p.near[number&15]
	near.number, near.page = number, page
	return page
}

func (p *paged[T]) fresh() *[1 << pageBits]T {
	if p.spare != nil {
		if used, ok := p.spare.Get().(*[1 << pageBits]T); ok {
			clear(used[:])
			return used
		}
	}
	return new([1 << pageBits]T)
}

// once is a set of the ids of one period, which begins empty with each period.
type once struct {
	period int
	pages  map[int64]*bitmap
	near   [64]*bitmap // of pages
	used   []*bitmap   // in the period
}

type bitmap struct {
	number int64
	period int
	words  [1 << pageBits / 64]uint64
}

// each calls id with the ids of the page.
func (p *bitmap) each(id func(id int64)) {
	for i, w := range p.words {
		for ; w != 0; w &= w - 1 {
			id(p.number<<pageBits | int64(i*64+bits.TrailingZeros64(w)))
		}
	}
}

// at is where the bit of an id of the page is.
func (p *bitmap) at(id int64) (word *uint64, bit uint64) {
	return &p.words[id>>6&(1<<pageBits/64-1)], 1 << (id & 63)
}

// page is the one with a number, as of a period.
func (o *once) page(number int64, period int) *bitmap {
	if period != o.period {
		o.used, o.period = o.used[:0], period
	}
	p := o.near[number&63]
	if p == nil || p.number != number {
		p = o.find(number)
		o.near[number&63] = p
	}
	if p.period != period {
		p.period = period
		clear(p.words[:])
		o.used = append(o.used, p)
	}
	return p
}

// find is a page as of whatever period it was used in.
func (o *once) find(number int64) *bitmap {
	p := o.pages[number]
	if p == nil {
		if o.pages == nil {
			o.pages = map[int64]*bitmap{}
		}
		p = &bitmap{number: number, period: -1}
		o.pages[number] = p
	}
	return p
}

// add notes ids, and answers how many of them were not there.
func (o *once) add(period int, ids ...int64) (n int64) {
	var p *bitmap
	for _, id := range ids {
		if p == nil || p.number != id>>pageBits {
			p = o.page(id>>pageBits, period)
		}
		w, bit := p.at(id)
		if *w&bit == 0 {
			*w |= bit
			n++
		}
	}
	return n
}

// unite adds the ids of pages, and answers how many of them were not there.
func (o *once) unite(period int, pages []segment.Page) (n int64) {
	for i := range pages {
		p := &pages[i]
		to := o.page(p.Number, period)
		for _, low := range p.Few {
			if w, bit := to.at(int64(low)); *w&bit == 0 {
				*w |= bit
				n++
			}
		}
		if p.Bits == nil {
			continue
		}
		for k, w := range p.Bits {
			n += int64(bits.OnesCount64(w &^ to.words[k]))
			to.words[k] |= w
		}
	}
	return n
}

// some calls each with the places of ids that were added in the period.
func (o *once) some(ids []int64, each func(place int)) {
	var p *bitmap
	for i, id := range ids {
		if i == 0 || id>>pageBits != ids[i-1]>>pageBits {
			p = o.there(id >> pageBits)
		}
		if p == nil {
			continue
		}
		if w, bit := p.at(id); *w&bit != 0 {
			each(i)
		}
	}
}

// any reports whether some id was added in a period.
func (o *once) any(period int) bool { return o.period == period && len(o.used) > 0 }

// there is a page that has ids of the period, or nil.
func (o *once) there(number int64) *bitmap {
	if p := o.pages[number]; p != nil && p.period == o.period {
		return p
	}
	return nil
}

// has reports whether an id was added in the period.
func (o *once) has(id int64) bool {
	p := o.there(id >> pageBits)
	if p == nil {
		return false
	}
	w, bit := p.at(id)
	return *w&bit != 0
}

// tally adds 1 for each id of the period.
func (o *once) tally(to *paged[int32]) {
	for _, p := range o.used {
		counts := to.find(p.number)
		for i, w := range p.words {
			for ; w != 0; w &= w - 1 {
				counts[i*64+bits.TrailingZeros64(w)]++
			}
		}
	}
}
