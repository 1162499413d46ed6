package bytecache_test

import (
	"strings"
	"sync"
	"testing"

	"parley/platform/kernel/bytecache"
)

const limit = 1 << 20

func empty() *bytecache.Cache[int, string] {
	return bytecache.New(limit, func(_ int, v string) int { return len(v) })
}

func TestACacheThatIsFilledStaysWithinItsBytes(t *testing.T) {
	c := empty()
	var group sync.WaitGroup
	for worker := range 4 {
		group.Go(func() {
			for i := range 5_000 {
				c.Set(worker*5_000+i, strings.Repeat("x", i%2_000))
				if n := c.Bytes(); n > limit+4*2_128 { // what the workers are adding at this moment
					t.Errorf("%d bytes", n)
					return
				}
			}
		})
	}
	group.Wait()
	if n := c.Bytes(); n > limit || n < limit/2 {
		t.Errorf("%d bytes are held of %d", n, limit)
	}
	c.Set(-1, strings.Repeat("x", limit+1))
	if _, ok := c.Get(-1); ok || c.Bytes() > limit {
		t.Error("a value that is larger than the cache is held")
	}
}

func TestWhatIsUsedStaysAndWhatIsNotGoes(t *testing.T) {
	c := empty()
	c.Set(-1, "used")
	for i := range 20_000 {
		c.Set(i, strings.Repeat("x", 1_000))
		if v, ok := c.Get(-1); !ok || v != "used" {
			t.Fatalf("after %d others: %q, %v", i+1, v, ok)
		}
	}
	if _, ok := c.Get(0); ok {
		t.Error("the first of many, which nobody used, is still there")
	}
	c.Set(-1, "new")
	if v, _ := c.Get(-1); v != "new" {
		t.Errorf("%q", v)
	}
}
