// Package money counts what models cost, exactly.
package money

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Amount is a sum of money. A price of a million tokens has up to six decimals,
// so that every cost is a whole number of trillionths. They are in two parts,
// because sums of databases are of 64 bits.
type Amount struct {
	Nano int64 // billionths
	Pico int64 // trillionths beside them; fewer than 1,000 unless it is a sum of Picos
}

const (
	nanos = 1_000_000_000 // in one
	picos = 1_000         // in a billionth
)

// Plus is the sum of both, with fewer than 1,000 trillionths.
func (a Amount) Plus(b Amount) Amount {
	pico := a.Pico + b.Pico
	return Amount{Nano: a.Nano + b.Nano + pico/picos, Pico: pico % picos}
}

// String is the amount as a decimal without zeros at its end, such as "0.01692".
func (a Amount) String() string {
	a = a.Plus(Amount{})
	if a == (Amount{}) {
		return "0"
	}
	s := fmt.Sprintf("%d.%09d%03d", a.Nano/nanos, a.Nano%nanos, a.Pico)
	return strings.TrimSuffix(strings.TrimRight(s, "0"), ".")
}

// Parse reads what String writes: a decimal with up to twelve decimals.
func Parse(s string) (Amount, error) {
	const places = 12
	whole, part, err := decimal(s, places)
	if err != nil {
		return Amount{}, err
	}
	const most = 1<<63/nanos - 1
	if whole > most {
		return Amount{}, errTooLarge
	}
	return Amount{Nano: whole*nanos + part/picos, Pico: part % picos}, nil
}

// PerMillion is the price of a million units, in millionths: 2.50 is
// 2,500,000.
type PerMillion int64

// The price that none is higher than.
const highest = 1_000_000

// ParsePerMillion reads a price with up to six decimals, from 0 to 1,000,000.
func ParsePerMillion(s string) (PerMillion, error) {
	const places, millionths = 6, 1_000_000
	whole, part, err := decimal(s, places)
	switch {
	case err != nil:
		return 0, err
	case whole > highest || whole == highest && part > 0:
		return 0, errTooLarge
	}
	return PerMillion(whole*millionths + part), nil
}

// Of is what n units cost, of which there are no more than a billion.
func (p PerMillion) Of(n int64) Amount {
	// A millionth of a millionth is a trillionth.
	thousands, rest := n/picos, n%picos
	return Amount{Nano: thousands * int64(p)}.Plus(Amount{Nano: rest * (int64(p) / picos), Pico: rest * (int64(p) % picos)})
}

var (
	errNoDecimal = errors.New("is not a decimal such as 0.15")
	errNegative  = errors.New("is negative")
	errTooLarge  = errors.New("is too large")
)

// decimal reads the two parts of a decimal with up to so many places.
func decimal(s string, places int) (whole, part int64, err error) {
	if strings.HasPrefix(s, "-") {
		return 0, 0, errNegative
	}
	left, right, point := strings.Cut(s, ".")
	digits := func(s string) bool { return strings.Trim(s, "0123456789") == "" }
	switch {
	case left == "" || !digits(left) || !digits(right) || point && right == "":
		return 0, 0, errNoDecimal
	case len(strings.TrimRight(right, "0")) > places:
		return 0, 0, fmt.Errorf("has more than %d decimals", places)
	}
	if whole, err = strconv.ParseInt(left, 10, 64); err != nil {
		return 0, 0, errTooLarge
	}
	right = (strings.TrimRight(right, "0") + strings.Repeat("0", places))[:places]
	part, err = strconv.ParseInt(right, 10, 64)
	return whole, part, err
}
