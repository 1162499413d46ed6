package tally

import (
	"cmp"
	"math/bits"
	"slices"
	"sync"

	"parley/modules/analytics/internal/core/segment"
)

// distinct counts ids by slot, each once a slot. Slots are (period, key); they
// come in order of period, so those of a period follow on each other.
//
// Nearly always one id belongs to one key: a thread has one asker and one agent.
// So a bit tells whether an id came before in the period, and it counts under the
// slot that it came with first. What came again is looked at once more at the end
// of the period, in the same order: only then it is noted which slots it has.
type distinct struct {
	single bool // there is one key a period: bits are enough
	once   once
	again  once
	came   []func()  // look at what has ids of the period once more
	facts  []slotted // ids of facts, which come last
	apart  int       // so many of them are known to differ

	slots paged[int32] // of ids that came again: the first slot of each, from 1
	more  map[slotted]struct{}
}

type slotted struct {
	id   int64
	slot int32
}

func newDistinct(single bool) distinct {
	return distinct{single: single, slots: paged[int32]{spare: &sparePages}}
}

// add notes ids, and answers how many of them did not come before in the period.
func (d *distinct) add(period int, ids ...int64) (n int64) {
	if d.single {
		return d.once.add(period, ids...)
	}
	d.fresh(period, ids, func(int) { n++ })
	return n
}

// fresh notes ids, and calls each with the places of those that did not come before
// in the period.
func (d *distinct) fresh(period int, ids []int64, each func(place int)) {
	var p *bitmap
	for i, id := range ids {
		if p == nil || p.number != id>>pageBits {
			p = d.once.page(id>>pageBits, period)
		}
		if w, bit := p.at(id); *w&bit == 0 {
			*w |= bit
			each(i)
		} else {
			d.again.add(period, id)
		}
	}
}

// unite notes the ids of pages, which are different, and answers how many of them did
// not come before in the period. It calls came with the others.
func (d *distinct) unite(period int, pages []segment.Page, came func(p *segment.Page, bit int)) (n int64) {
	if d.single {
		return d.once.unite(period, pages)
	}
	for i := range pages {
		p := &pages[i]
		to := d.once.page(p.Number, period)
		for _, low := range p.Few {
			if w, bit := to.at(int64(low)); *w&bit == 0 {
				*w |= bit
				n++
			} else {
				d.cameBefore(period, p, int(low/64), bit, came)
			}
		}
		if p.Bits == nil {
			continue
		}
		for k, w := range p.Bits {
			before := w & to.words[k]
			to.words[k] |= w
			n += int64(bits.OnesCount64(w &^ before))
			if before != 0 {
				d.cameBefore(period, p, k, before, came)
			}
		}
	}
	return n
}

// cameBefore is for the ids of a word that came before in the period.
func (d *distinct) cameBefore(period int, p *segment.Page, word int, ids uint64, came func(p *segment.Page, bit int)) {
	d.again.page(p.Number, period).words[word] |= ids
	if came == nil {
		return
	}
	for ; ids != 0; ids &= ids - 1 {
		came(p, word*64+bits.TrailingZeros64(ids))
	}
}

// cameAgain calls each with the ids of pages that came more than once in the period.
func (d *distinct) cameAgain(pages []segment.Page, each func(p *segment.Page, bit int)) {
	for i := range pages {
		p := &pages[i]
		again := d.again.there(p.Number)
		if again == nil {
			continue
		}
		for _, low := range p.Few {
			if w, bit := again.at(int64(low)); *w&bit != 0 {
				each(p, int(low))
			}
		}
		if p.Bits == nil {
			continue
		}
		for k, w := range p.Bits {
			for w &= again.words[k]; w != 0; w &= w - 1 {
				each(p, k*64+bits.TrailingZeros64(w))
			}
		}
	}
}

// fact is unite for a fact; end counts it where there are several keys.
func (d *distinct) fact(period, slot int, id int64) (n int64) {
	if d.single {
		return d.once.add(period, id)
	}
	d.facts = append(d.facts, slotted{id: id, slot: int32(slot)})
	if len(d.facts) > 2*d.apart+1000 {
		d.compact()
	}
	return 0
}

func (d *distinct) compact() {
	slices.SortFunc(d.facts, func(a, b slotted) int { return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.slot, b.slot)) })
	d.facts = slices.Compact(d.facts)
	d.apart = len(d.facts)
}

// end calls count for each slot of what is not counted yet in a period, whose first
// slot is given.
func (d *distinct) end(period, first int, count func(slot int)) {
	d.compact()
	for _, f := range d.facts {
		if d.once.add(period, f.id) > 0 {
			count(int(f.slot))
		} else {
			d.again.add(period, f.id)
		}
	}
	if d.again.any(period) {
		for _, look := range d.came {
			look()
		}
		for _, f := range d.facts {
			if d.again.has(f.id) && d.another(first, int(f.slot), f.id) {
				count(int(f.slot))
			}
		}
	}
	d.came, d.facts, d.apart, d.more = d.came[:0], d.facts[:0], 0, nil
}

// another notes the slot of an id that came again, and reports whether it has
// another one that it counts under.
func (d *distinct) another(first, slot int, id int64) bool {
	known, now := d.slots.at(id), int32(slot)+1
	switch {
	case int(*known) <= first: // of an earlier period, or none
		*known = now
		return false
	case *known == now:
		return false
	}
	key := slotted{id: id, slot: now}
	if _, counted := d.more[key]; counted {
		return false
	}
	if d.more == nil {
		d.more = map[slotted]struct{}{}
	}
	d.more[key] = struct{}{}
	return true
}

// sparePages are pages of slots that are not needed any more.
var sparePages sync.Pool

func (d *distinct) release() {
	for _, p := range d.slots.pages {
		sparePages.Put(p)
	}
	d.slots = paged[int32]{spare: &sparePages}
}
