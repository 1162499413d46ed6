package core

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"parley/platform/kernel/clock"
)

// BenchmarkSignInLimiter measures an attempt of somebody new while the tables
// are full of what is not over.
func BenchmarkSignInLimiter(b *testing.B) {
	l := newLoginLimiter(clock.NewFixed(time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)))
	try := func(i int) {
		from := netip.AddrFrom4([4]byte{byte(i >> 16), byte(i >> 8), byte(i), 1})
		if _, err := l.begin(fmt.Sprint(i), Attempt{From: from}); err != nil {
			b.Fatal(err)
		}
	}
	for i := range maxTallies {
		try(i)
	}
	n := maxTallies
	for b.Loop() {
		try(n)
		n++
	}
}
