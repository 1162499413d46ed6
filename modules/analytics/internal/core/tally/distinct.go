package tally

// distinct counts ids by slot, each once a slot. Slots are (period, key); they
// come in order of period.
//
// Nearly always one id belongs to one key: a thread has one asker and one agent.
// So each id has the slot where it was seen last, and only what belongs to
// several keys of one period is in a map.
type distinct struct {
	pages map[int64]*page
	at    int64 // whose page last is
	last  *page
	more  map[slotted]struct{}
}

const pageSize = 1 << 12

// page has, for each of its ids, the slot and the period where it was seen last,
// both from 1; 0 is never.
type page [pageSize]seen

type seen struct{ slot, period int32 }

type slotted struct {
	id   int64
	slot int32
}

func newDistinct() *distinct { return &distinct{pages: map[int64]*page{}, at: -1} }

// cell is where an id has what is known of it.
func (d *distinct) cell(id int64) *seen {
	if n := id >> 12; n != d.at || d.last == nil {
		p := d.pages[n]
		if p == nil {
			p = new(page)
			d.pages[n] = p
		}
		d.at, d.last = n, p
	}
	return &d.last[id&(pageSize-1)]
}

// add reports whether the id is new to the slot.
func (d *distinct) add(id int64, period, slot int) bool {
	c := d.cell(id)
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
