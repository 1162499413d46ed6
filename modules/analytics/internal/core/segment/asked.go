package segment

import (
	"cmp"
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
	err := EachThread(threads, askers, every, func(cell int64, r *Rows) {
		if whole {
			cell = 0
		}
		users := r.Users()
		for i, thread := range r.IDs {
			rows = append(rows, asked{cell: cell, thread: thread, user: users[i]})
		}
	})
	if err != nil {
		return nil, err
	}
	if whole {
		sortAsked(rows)
		rows = slices.Compact(rows)
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
			c, p := AskedCell{cell: rows[0].cell}, pager{left: len(layer)}
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
			c.By, c.Who, c.Count = slices.Clip(c.By), slices.Clip(c.Who), make([]int32, len(c.Who))
			for i, who := range c.Who {
				c.Count[i] = count[who]
				count[who] = 0
			}
			ids := p.done()
			c.Pages = ids.cells[0].pages
			out.cells = append(out.cells, c)
			out.Size += ids.Size + 4*len(c.By) + 8*len(c.Who) + 100
			layer = rest
		}
		rows = rows[n:]
	}
	out.Size += 8 * len(out.Users)
	return out, nil
}
