package main

import "testing"

func TestMemoryIsGivenBackWhenItIsMuchAndNothingHappens(t *testing.T) {
	const mb = 1 << 20
	before := memory{allocated: 1000 * mb}
	for _, c := range []struct {
		name string
		now  memory
		want bool
	}{
		{"free pages are left of a burst", memory{allocated: 1001 * mb, objects: 100 * mb, live: 100 * mb, free: 30 * mb}, true},
		{"garbage is left of a burst", memory{allocated: 1001 * mb, objects: 130 * mb, live: 100 * mb}, true},
		{"it is busy", memory{allocated: 1100 * mb, objects: 160 * mb, live: 100 * mb, free: 60 * mb}, false},
		{"little would come back", memory{allocated: 1001 * mb, objects: 110 * mb, live: 100 * mb, free: 10 * mb}, false},
		{"a collection has just ended", memory{allocated: 1001 * mb, objects: 99 * mb, live: 100 * mb}, false},
	} {
		if got := c.now.worthGivingBack(before); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if m := readMemory(); m.allocated == 0 || m.objects == 0 {
		t.Errorf("the memory is not read: %+v", m)
	}
}
