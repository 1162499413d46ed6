package segment

import (
	"maps"
	"slices"
)

// Asked is threads of cells and whose they are, decoded unless that would take much
// room. It never changes.
type Asked struct {
	cells []AskedCell
	Size  int // in bytes, about
	// What is not decoded, or nil.
	threads, askers []byte
}

// AskedCell is different threads of one cell. A thread of several users is in as
// many of them.
type AskedCell struct {
	Pages []Page
	// Who asked, and how many of the threads.
	Who   []int64
	Count []int32

	cell int64
	by   []int32 // whose the threads are, in order: places in Who
}

// Asker is whose a thread is.
func (c *AskedCell) Asker(p *Page, bit int) int64 { return c.Who[c.by[int(p.Before)+p.Rank(bit)]] }

// Each calls cell with each cell that take wants, or threads with some of its threads
// where they are not decoded, which are only lent; a thread of several users comes as
// often.
func (a *Asked) Each(take func(cell int64) bool, cell func(c *AskedCell), threads func(cell int64, r *Rows)) {
	if a == nil {
		return
	}
	if a.threads != nil {
		_ = EachThread(a.threads, a.askers, take, threads) // what was read without an error is again
		return
	}
	for i := range a.cells {
		if c := &a.cells[i]; take(c.cell) {
			cell(c)
		}
	}
}

// decodeAsked decodes a face of threads and that of their askers, if that is worth
// it. whole makes one cell of all.
func decodeAsked(f Face, threads, askers []byte, whole bool) (*Asked, error) {
	if whole {
		var all byThread
		if err := EachThread(threads, askers, every, func(_ int64, r *Rows) { all.add(r.IDs, r.Users()) }); err != nil {
			return nil, err
		}
		return new(askedBuilder).all(all.rows()), nil
	}
	stored := len(threads) + len(askers)
	if finest(f) {
		return &Asked{threads: threads, askers: askers, Size: stored}, EachThread(threads, askers, every, func(int64, *Rows) {})
	}
	rows, err := askedIn(threads, askers)
	if err != nil {
		return nil, err
	}
	if out := new(askedBuilder).all(rows); !tooLarge(out.Size, stored) {
		return out, nil
	}
	return &Asked{threads: threads, askers: askers, Size: stored}, nil
}

func askedIn(threads, askers []byte) (rows []asked, err error) {
	err = EachThread(threads, askers, every, func(cell int64, r *Rows) {
		users := r.Users()
		for i, thread := range r.IDs {
			rows = append(rows, asked{cell: cell, thread: thread, user: users[i]})
		}
	})
	return rows, err
}

// askedBuilder makes cells of rows, which are in order.
type askedBuilder struct {
	out    Asked
	places map[int64]int32 // of users in Who
}

func (b *askedBuilder) all(rows []asked) *Asked {
	b.places = map[int64]int32{}
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].cell == rows[0].cell {
			n++
		}
		for layer := rows[:n]; len(layer) > 0; {
			layer = b.layer(layer)
		}
		rows = rows[n:]
	}
	b.out.cells = slices.Clone(b.out.cells)
	return &b.out
}

// layer makes a cell of the first row of each thread, and answers the others.
func (b *askedBuilder) layer(rows []asked) (rest []asked) {
	c, p := AskedCell{cell: rows[0].cell, by: make([]int32, 0, len(rows))}, pager{}
	p.cell(c.cell)
	clear(b.places)
	for i, row := range rows {
		if i > 0 && row.thread == rows[i-1].thread {
			rest = append(rest, row)
			continue
		}
		p.add(row.thread)
		who, known := b.places[row.user]
		if !known {
			who = int32(len(c.Who))
			b.places[row.user] = who
			c.Who, c.Count = append(c.Who, row.user), append(c.Count, 0)
		}
		c.by = append(c.by, who)
		c.Count[who]++
	}
	ids := p.done()
	c.Pages, c.Who, c.Count = ids.cells[0].pages, slices.Clone(c.Who), slices.Clone(c.Count)
	b.out.cells = append(b.out.cells, c)
	b.out.Size += ids.Size + 4*cap(c.by) + 12*len(c.Who) + 150
	return rest
}

// byThread puts threads of many cells in order. Each has a place of its own, which
// takes less time than to sort them.
type byThread struct {
	pages  map[int64]*askersOfPage
	n      int
	others []asked // threads that have another asker, too
}

type askersOfPage struct {
	there [1 << PageBits]bool
	users [1 << PageBits]int64
}

func (b *byThread) add(threads, users []int64) {
	var page *askersOfPage
	for i, thread := range threads {
		if i == 0 || thread>>PageBits != threads[i-1]>>PageBits {
			if page = b.pages[thread>>PageBits]; page == nil {
				if page = new(askersOfPage); b.pages == nil {
					b.pages = map[int64]*askersOfPage{}
				}
				b.pages[thread>>PageBits] = page
			}
		}
		switch at := thread & pageMask; {
		case !page.there[at]:
			page.there[at], page.users[at] = true, users[i]
			b.n++
		case page.users[at] != users[i]:
			b.others = append(b.others, asked{thread: thread, user: users[i]})
		}
	}
}

// rows are threads and askers in order of both, each once.
func (b *byThread) rows() []asked {
	out := make([]asked, 0, b.n+len(b.others))
	for _, number := range slices.Sorted(maps.Keys(b.pages)) {
		page := b.pages[number]
		for at, there := range page.there {
			if there {
				out = append(out, asked{thread: number<<PageBits | int64(at), user: page.users[at]})
			}
		}
	}
	if len(b.others) == 0 {
		return out
	}
	out = append(out, b.others...)
	sortAsked(out)
	return slices.Compact(out)
}
