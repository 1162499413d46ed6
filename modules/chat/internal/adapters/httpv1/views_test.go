package httpv1

import "testing"

func TestCostIsADecimalWithoutTrailingZeros(t *testing.T) {
	for nano, want := range map[int64]string{0: "0", 1: "0.000000001", 16_920_000: "0.01692", 1_000_000_000: "1", 12_345_600_000: "12.3456", 100_000_000_000: "100"} {
		if got := dollars(nano); got != want {
			t.Errorf("%d: %q, want %q", nano, got, want)
		}
	}
}
