package tally

import (
	"math/bits"
	"sync"
)

const pageBits = 12

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
	near   [16]*bitmap // of pages
	used   []*bitmap   // in the period
}

type bitmap struct {
	number int64
	period int
	words  [1 << pageBits / 64]uint64
}

// page is the one with a number, as of a period.
func (o *once) page(number int64, period int) *bitmap {
	if period != o.period {
		o.used, o.period = o.used[:0], period
	}
	p := o.near[number&15]
	if p == nil || p.number != number {
		p = o.find(number)
		o.near[number&15] = p
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
		w := &p.words[id>>6&(1<<pageBits/64-1)]
		bit := uint64(1) << (id & 63)
		if *w&bit == 0 {
			*w |= bit
			n++
		}
	}
	return n
}

// has reports whether an id was added in the period.
func (o *once) has(id int64) bool {
	p := o.pages[id>>pageBits]
	return p != nil && p.period == o.period && p.words[id>>6&(1<<pageBits/64-1)]&(1<<(id&63)) != 0
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

// distinct counts ids by slot, each once a slot. Slots are (period, key); they
// come in order of period, so those of a period follow on each other.
//
// Nearly always one id belongs to one key: a thread has one asker and one agent.
// So each id has the slot where it was seen last, and only what belongs to
// several keys of one period is in a map. Where there is one key, bits do.
type distinct struct {
	single bool
	once   once
	last   paged[int32] // from 1
	more   map[slotted]struct{}
}

func newDistinct(single bool) distinct {
	return distinct{single: single, last: paged[int32]{spare: &sparePages}}
}

type slotted struct {
	id   int64
	slot int32
}

// add notes ids, and answers how many of them are new to the slot. first is the
// first slot of the period.
func (d *distinct) add(period, first, slot int, ids ...int64) (n int64) {
	if d.single {
		return d.once.add(period, ids...)
	}
	var page *[1 << pageBits]int32
	for i, id := range ids {
		if i == 0 || id>>pageBits != ids[i-1]>>pageBits {
			page = d.last.page(id >> pageBits)
		}
		if d.seen(&page[id&(1<<pageBits-1)], first, int32(slot)+1, id) {
			n++
		}
	}
	return n
}

// one is add for one id where there are several keys.
func (d *distinct) one(first, slot int, id int64) bool {
	return d.seen(d.last.at(id), first, int32(slot)+1, id)
}

// seen notes an id, and reports whether it is new to the slot. last is where it was
// seen last.
func (d *distinct) seen(last *int32, first int, now int32, id int64) bool {
	if int(*last) <= first { // in an earlier period, or never
		*last = now
		return true
	}
	return *last != now && d.another(id, now)
}

// another is for an id that belongs to several keys of one period.
func (d *distinct) another(id int64, now int32) bool {
	key := slotted{id: id, slot: now}
	if _, known := d.more[key]; known {
		return false
	}
	if d.more == nil {
		d.more = map[slotted]struct{}{}
	}
	d.more[key] = struct{}{}
	return true
}

// sparePages are pages of last that are not needed any more: there are hundreds
// for the threads of a year.
var sparePages sync.Pool

func (d *distinct) release() {
	for _, p := range d.last.pages {
		sparePages.Put(p)
	}
	d.last = paged[int32]{spare: &sparePages}
}
