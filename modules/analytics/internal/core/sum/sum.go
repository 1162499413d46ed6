// Package sum adds numbers so that none of them, however large, makes a sum wrong
// in sign or breaks it.
package sum

import (
	"math"

	"parley/platform/kernel/money"
)

// Add is a sum that stays at the end of the range rather than leave it.
func Add(a, b int64) int64 {
	switch sum := a + b; {
	case a > 0 && b > 0 && sum < 0:
		return math.MaxInt64
	case a < 0 && b < 0 && sum >= 0:
		return math.MinInt64
	default:
		return sum
	}
}

// Plus is Add for money. The result has fewer than 1,000 trillionths.
func Plus(a, b money.Amount) money.Amount {
	pico := a.Pico%1000 + b.Pico%1000
	return money.Amount{Nano: Add(Add(a.Nano, a.Pico/1000), Add(Add(b.Nano, b.Pico/1000), pico/1000)), Pico: pico % 1000}
}
