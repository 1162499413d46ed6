package segment

import (
	"cmp"
	"math/bits"
	"slices"
)

// settled are rows with coarser cells, by cell and user, each of them once.
//
// Rows are large, so that their keys are put in order, and the rows then moved
// once. A key is one number nearly always: cell, user and place in some bits each.
func settled(rows []pair, of func(cell int64) int64) []pair {
	cells := make([]int64, len(rows))
	var most [2]int64
	for i := range rows {
		if i > 0 && rows[i].cell == rows[i-1].cell {
			cells[i] = cells[i-1]
		} else {
			cells[i] = of(rows[i].cell)
		}
		// A negative number has all bits.
		most[0] |= cells[i]
		most[1] |= rows[i].user
	}
	var out []pair
	add := func(i int) {
		p := rows[i]
		p.cell = cells[i]
		if n := len(out); n > 0 && out[n-1].cell == p.cell && out[n-1].user == p.user {
			out[n-1].add(&p.Sums)
			return
		}
		out = append(out, p)
	}
	user, place := bits.Len64(uint64(most[1])), bits.Len(uint(len(rows)))
	if bits.Len64(uint64(most[0]))+user+place > 63 {
		places := make([]int, len(rows))
		for i := range places {
			places[i] = i
		}
		slices.SortStableFunc(places, func(a, b int) int {
			return cmp.Or(cmp.Compare(cells[a], cells[b]), cmp.Compare(rows[a].user, rows[b].user))
		})
		for _, i := range places {
			add(i)
		}
		return out
	}
	keys := make([]uint64, len(rows))
	for i := range rows {
		keys[i] = (uint64(cells[i])<<user|uint64(rows[i].user))<<place | uint64(i)
	}
	slices.Sort(keys)
	n := 0
	for i, k := range keys {
		if i == 0 || k>>place != keys[i-1]>>place {
			n++
		}
	}
	out = make([]pair, 0, n) // of a large segment far fewer than rows
	for _, k := range keys {
		add(int(k & (1<<place - 1)))
	}
	return out
}

// sortAsked orders rows by cell, thread and user.
func sortAsked(rows []asked) {
	var most asked
	for _, a := range rows {
		most.cell |= a.cell
		most.thread |= a.thread
		most.user |= a.user
	}
	thread, user := bits.Len64(uint64(most.thread)), bits.Len64(uint64(most.user))
	if bits.Len64(uint64(most.cell))+thread+user > 63 {
		slices.SortFunc(rows, func(a, b asked) int {
			return cmp.Or(cmp.Compare(a.cell, b.cell), cmp.Compare(a.thread, b.thread), cmp.Compare(a.user, b.user))
		})
		return
	}
	keys := make([]uint64, len(rows))
	for i, a := range rows {
		keys[i] = (uint64(a.cell)<<thread|uint64(a.thread))<<user | uint64(a.user)
	}
	slices.Sort(keys)
	for i, k := range keys {
		rows[i] = asked{cell: int64(k >> (thread + user)), thread: int64(k >> user & (1<<thread - 1)), user: int64(k & (1<<user - 1))}
	}
}
