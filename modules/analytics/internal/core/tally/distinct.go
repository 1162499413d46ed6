package tally

import "math/bits"

const pageBits = 12

// paged has a T for each id, in pages of those that follow on each other. Ids
// are dense where they are few, so it is an array nearly always.
type paged[T any] struct {
	pages map[int64]*[1 << pageBits]T
	near  [16]struct {
		number int64
		page   *[1 << pageBits]T
	}
}

// at is what an id has. Its zero value is what it has at first.
func (p *paged[T]) at(id int64) *T {
	near := &p.near[(id>>pageBits)&15]
	if near.page == nil || near.number != id>>pageBits {
		p.find(id >> pageBits)
	}
	return &near.page[id&(1<<pageBits-1)]
}

// find puts a page where at looks for it.
func (p *paged[T]) find(number int64) *[1 << pageBits]T {
	page := p.pages[number]
	if page == nil {
		if page = new([1 << pageBits]T); p.pages == nil {
			p.pages = map[int64]*[1 << pageBits]T{}
		}
		p.pages[number] = page
	}
	near := &p.near[number&15]
	near.number, near.page = number, page
	return page
}

// once is a set of the ids of one period, which begins empty with each period.
type once struct {
	period int
	pages  map[int64]*bitmap
	used   []*bitmap // in the period
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
	p := o.pages[number]
	if p == nil {
		if o.pages == nil {
			o.pages = map[int64]*bitmap{}
		}
		p = &bitmap{number: number, period: period}
		o.pages[number] = p
		o.used = append(o.used, p)
	} else if p.period != period {
		p.period = period
		clear(p.words[:])
		o.used = append(o.used, p)
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
// come in order of period.
//
// Nearly always one id belongs to one key: a thread has one asker and one agent.
// So each id has the slot where it was seen last, and only what belongs to
// several keys of one period is in a map. Where there is one key, bits do.
type distinct struct {
	single bool
	once   once
	last   paged[seen]
	more   map[slotted]struct{}
}

// seen is where an id was seen last: the slot and the period, both from 1; 0 is
// never.
type seen struct{ slot, period int32 }

type slotted struct {
	id   int64
	slot int32
}

// add notes ids, and answers how many of them are new to the slot.
func (d *distinct) add(period, slot int, ids ...int64) (n int64) {
	if d.single {
		return d.once.add(period, ids...)
	}
	for _, id := range ids {
		if d.one(period, slot, id) {
			n++
		}
	}
	return n
}

// one is add for one id where there are several keys.
func (d *distinct) one(period, slot int, id int64) bool {
	c := d.last.at(id)
	now := seen{slot: int32(slot) + 1, period: int32(period) + 1}
	switch {
	case *c == now:
		return false
	case c.period != now.period:
		*c = now
		return true
	}
	key := slotted{id: id, slot: now.slot}
	if _, known := d.more[key]; known {
		return false
	}
	if d.more == nil {
		d.more = map[slotted]struct{}{}
	}
	d.more[key] = struct{}{}
	return true
}
