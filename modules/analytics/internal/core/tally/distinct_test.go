package tally

import (
	"math/rand/v2"
	"slices"
	"testing"

	"parley/modules/analytics/internal/core/segment"
)

// pagesOf are pages of ids, as bits or not.
func pagesOf(ids []int64, asBits bool) (out []segment.Page) {
	for i, id := range ids {
		if i == 0 || out[len(out)-1].Number != id>>pageBits {
			out = append(out, segment.Page{Number: id >> pageBits, Before: int32(i)})
			if asBits {
				out[len(out)-1].Bits = new([1 << pageBits / 64]uint64)
			}
		}
		p, low := &out[len(out)-1], id&(1<<pageBits-1)
		if asBits {
			p.Bits[low/64] |= 1 << (low % 64)
		} else {
			p.Few = append(p.Few, uint16(low))
		}
	}
	return out
}

// TestAnIDCountsOnceForEachOfItsSlots counts ids that come again under one slot or
// under several, in pages of one slot, in pages of several and as facts, over
// several periods.
func TestAnIDCountsOnceForEachOfItsSlots(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(3, seed))
		d := newDistinct(false)
		got, want := map[int]int64{}, map[int]int64{}
		seen := map[slotted]bool{}
		for period, first := 0, 0; period < 6; period++ {
			slots := 1 + r.IntN(4)
			for range r.IntN(30) {
				ids := make([]int64, 1+r.IntN(20))
				for i := range ids {
					ids[i] = r.Int64N(40) * r.Int64N(2000) // a few come often, on some pages
				}
				slices.Sort(ids)
				ids = slices.Compact(ids)
				under, kind := make([]int, len(ids)), r.IntN(4)
				for i, id := range ids {
					if under[i] = first + r.IntN(slots); kind == 0 {
						under[i] = under[0]
					}
					if key := (slotted{id: id, slot: int32(under[i])}); !seen[key] {
						seen[key] = true
						want[under[i]]++
					}
				}
				pages := pagesOf(ids, r.IntN(2) == 0)
				slot := func(p *segment.Page, bit int) int { return under[int(p.Before)+p.Rank(bit)] }
				switch kind {
				case 0:
					got[under[0]] += d.unite(period, pages, nil)
				case 1:
					for _, slot := range under {
						got[slot]++
					}
					d.unite(period, pages, func(p *segment.Page, bit int) { got[slot(p, bit)]-- })
				case 3:
					d.fresh(period, ids, func(i int) { got[under[i]]++ })
					d.came = append(d.came, func() {
						d.again.some(ids, func(i int) {
							if d.another(first, under[i], ids[i]) {
								got[under[i]]++
							}
						})
					})
					continue
				case 2:
					for i, id := range ids {
						got[under[i]] += d.fact(period, under[i], id)
					}
					continue
				}
				d.came = append(d.came, func() {
					d.cameAgain(pages, func(p *segment.Page, bit int) {
						if at := slot(p, bit); d.another(first, at, p.ID(bit)) {
							got[at]++
						}
					})
				})
			}
			d.end(period, first, func(slot int) { got[slot]++ })
			first += slots
		}
		for slot, n := range want {
			if got[slot] != n {
				t.Fatalf("seed %d: slot %d has %d, want %d", seed, slot, got[slot], n)
			}
		}
	}
}
