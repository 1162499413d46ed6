package money_test

import (
	"strings"
	"testing"

	"parley/platform/kernel/money"
)

func FuzzParse(f *testing.F) {
	for _, s := range []string{"0", "0.01692", "-1", "1e9", "9223372036.854775807999", "9223372037", ".5", "5.", "1.0000000000001", "٣", "", "+1", "0x1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if a, err := money.Parse(s); err == nil {
			if again, err := money.Parse(a.String()); err != nil || again != a || strings.HasPrefix(a.String(), "-") {
				t.Errorf("%q is %v, and that is %v: %v", s, a, again, err)
			}
		}
		if p, err := money.ParsePerMillion(s); err == nil && (p < 0 || p > 1_000_000_000_000) {
			t.Errorf("%q is a price of %d", s, p)
		}
	})
}
