package metrics

import (
	"math"

	"parley/platform/kernel/text"
)

// cosine is the cosine of the angle between two vectors of counts.
func cosine[K comparable](a, b map[K]int) float64 {
	if len(a) == 0 || len(b) == 0 {
		return 0
	}
	if len(a) > len(b) {
		a, b = b, a
	}
	var both, aa, bb float64
	for k, n := range a {
		both += float64(n) * float64(b[k])
		aa += float64(n) * float64(n)
	}
	for _, n := range b {
		bb += float64(n) * float64(n)
	}
	return both / math.Sqrt(aa*bb)
}

func gramsOf(s string) map[text.Gram]int {
	out := map[text.Gram]int{}
	for g := range text.Grams(s) {
		out[g]++
	}
	return out
}
