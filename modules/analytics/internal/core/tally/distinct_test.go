package tally

import (
	"math/rand/v2"
	"testing"
)

// TestAnIDCountsOnceForEachOfItsSlots counts ids that come again under one slot or
// under several, by themselves, in lists and as facts, over several periods.
func TestAnIDCountsOnceForEachOfItsSlots(t *testing.T) {
	for seed := range uint64(50) {
		r := rand.New(rand.NewPCG(3, seed))
		d := newDistinct(false)
		got, want := map[int]int64{}, map[int]int64{}
		seen := map[slotted]bool{}
		var places []int32
		for period, first := 0, 0; period < 6; period++ {
			slots := 1 + r.IntN(4)
			for range r.IntN(30) {
				ids := make([]int64, 1+r.IntN(20))
				under := make([]int, len(ids))
				for i := range ids {
					ids[i] = r.Int64N(40) * r.Int64N(2000) // a few come often, in some pages
					under[i] = first + r.IntN(slots)
				}
				kind := r.IntN(3)
				for i, id := range ids {
					if kind == 0 { // a list has one slot
						under[i] = under[0]
					}
					if key := (slotted{id: id, slot: int32(under[i])}); !seen[key] {
						seen[key] = true
						want[under[i]]++
					}
				}
				switch kind {
				case 0:
					got[under[0]] += d.add(period, ids...)
				case 1:
					places = d.fresh(period, ids, places)
					for _, i := range places {
						got[under[i]]++
					}
				case 2:
					for i, id := range ids {
						got[under[i]] += d.fact(period, under[i], id)
					}
					continue
				}
				d.came = append(d.came, func() {
					for _, i := range d.again.some(ids, nil) {
						if d.another(first, under[i], ids[i]) {
							got[under[i]]++
						}
					}
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
