package money_test

import (
	"math/big"
	"math/rand/v2"
	"testing"

	"parley/platform/kernel/money"
)

func TestAmountsAreWrittenAndReadToTheLastDigit(t *testing.T) {
	for text, want := range map[string]money.Amount{
		"0": {}, "0.000000000001": {Pico: 1}, "0.000000001": {Nano: 1}, "0.01692": {Nano: 16_920_000}, "12.3456": {Nano: 12_345_600_000}, "100": {Nano: 100_000_000_000},
		"9223372035.999999999999": {Nano: 9_223_372_035_999_999_999, Pico: 999},
	} {
		got, err := money.Parse(text)
		if err != nil || got != want || got.String() != text {
			t.Errorf("%s is read as %+v (%v) and written as %s", text, got, err, got)
		}
	}
	if got := (money.Amount{Nano: 1, Pico: 2_500_007}).String(); got != "0.000002501007" {
		t.Errorf("a sum of trillionths is %s", got)
	}
	for _, text := range []string{"", "-1", "1.", ".5", "1e3", "1,5", "0.0000000000001", "99999999999", "99999999999999999999", "NaN", " 1"} {
		if got, err := money.Parse(text); err == nil {
			t.Errorf("%q is read as %s", text, got)
		}
	}
}

func TestPricesAreExactAndHaveBounds(t *testing.T) {
	for text, want := range map[string]money.PerMillion{"0": 0, "2.50": 2_500_000, "0.0375": 37_500, "1000000": 1e12, "0.000001": 1, "0.1500000000": 150_000} {
		if got, err := money.ParsePerMillion(text); err != nil || got != want {
			t.Errorf("%s is %d, %v", text, got, err)
		}
	}
	for _, text := range []string{"-0.1", "1000000.000001", "0.0000001", "free", ""} {
		if got, err := money.ParsePerMillion(text); err == nil {
			t.Errorf("%q is %d", text, got)
		}
	}
}

func TestCostsAreThoseOfExactArithmetic(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	var sum money.Amount
	exact := new(big.Int)
	for range 2000 {
		price, units := money.PerMillion(r.Int64N(1_000_000_000)), r.Int64N(10_000_000)
		cost := price.Of(units)
		want := new(big.Int).Mul(big.NewInt(int64(price)), big.NewInt(units))
		if got := pico(cost); got.Cmp(want) != 0 || cost.Pico >= 1000 {
			t.Fatalf("%d units at %d cost %s, not %s trillionths", units, price, cost, want)
		}
		sum, exact = sum.Plus(cost), exact.Add(exact, want)
	}
	if pico(sum).Cmp(exact) != 0 {
		t.Errorf("the sum is %s, not %s trillionths", sum, exact)
	}
}

func pico(a money.Amount) *big.Int {
	n := new(big.Int).Mul(big.NewInt(a.Nano), big.NewInt(1000))
	return n.Add(n, big.NewInt(a.Pico))
}
