package segment

import (
	"cmp"
	"maps"
	"slices"
)

// Asked is threads of cells and whose they are, decoded. It never changes.
type Asked struct {
	Users []int64 // who asked
	cells []AskedCell
	Size  int // in bytes, about
}

// AskedCell is different threads of one cell. A thread of several users is in as
// many of them.
type AskedCell struct {
	cell  int64
	Pages []Page
	By    []int32 // whose the threads are, in order: places in Users
	// Who of Users have threads, and how many.
	Who, Count []int32
}

// Asker is whose a thread is: a place in Users.
func (c *AskedCell) Asker(p *Page, bit int) int32 { return c.By[int(p.Before)+p.Rank(bit)] }

// Each calls threads with each cell that take wants.
func (a *Asked) Each(take func(cell int64) bool, threads func(c *AskedCell)) {
	if a == nil {
		return
	}
	for i := range a.cells {
		if c := &a.cells[i]; take(c.cell) {
			threads(c)
		}
	}
}

// decodeAsked reads a face of threads and that of their askers. whole makes one
// cell of all.
func decodeAsked(threads, askers []byte, whole bool) (*Asked, error) {
	var rows []asked
	if whole {
		var all byThread
		if err := EachThread(threads, askers, every, func(_ int64, r *Rows) { all.add(r.IDs, r.Users()) }); err != nil {
			return nil, err
		}
		rows = all.rows()
	} else if err := EachThread(threads, askers, every, func(cell int64, r *Rows) {
		users := r.Users()
		for i, thread := range r.IDs {
			rows = append(rows, asked{cell: cell, thread: thread, user: users[i]})
		}
	}); err != nil {
		return nil, err
	}
	out := &Asked{}
	places := map[int64]int32{}
	var count []int32
	for len(rows) > 0 {
		n := 1
		for n < len(rows) && rows[n].cell == rows[0].cell {
			n++
		}
		for layer := rows[:n]; len(layer) > 0; {
			// Threads are different in each layer.
			var rest []asked
			c, p := AskedCell{cell: rows[0].cell}, pager{}
			p.cell(c.cell)
			for i, row := range layer {
				if i > 0 && row.thread == layer[i-1].thread {
					rest = append(rest, row)
					continue
				}
				p.add(row.thread)
				who, known := places[row.user]
				if !known {
					who = int32(len(out.Users))
					places[row.user] = who
					out.Users, count = append(out.Users, row.user), append(count, 0)
				}
				c.By = append(c.By, who)
				if count[who]++; count[who] == 1 {
					c.Who = append(c.Who, who)
				}
			}
			slices.SortFunc(c.Who, func(a, b int32) int { return cmp.Compare(out.Users[a], out.Users[b]) })
			c.By, c.Who, c.Count = slices.Clone(c.By), slices.Clone(c.Who), make([]int32, len(c.Who))
			for i, who := range c.Who {
				c.Count[i] = count[who]
				count[who] = 0
			}
			ids := p.done()
			c.Pages = ids.cells[0].pages
			out.cells = append(out.cells, c)
			out.Size += ids.Size + 4*len(c.By) + 8*len(c.Who) + 150
			layer = rest
		}
		rows = rows[n:]
	}
	out.Users, out.cells = slices.Clone(out.Users), slices.Clone(out.cells)
	out.Size += 8 * len(out.Users)
	return out, nil
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
