package extract

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/xuri/nfp"
)

func currencyOf(item nfp.Token) string {
	for _, part := range item.Parts {
		if part.Token.TType == nfp.TokenSubTypeCurrencyString {
			return part.Token.TValue
		}
	}
	return ""
}

// numberShape is what the placeholders of a format ask for.
type numberShape struct {
	whole, zeros      int // places before the point, and those that are always shown
	decimals, needed  int // the same behind it
	thousands         bool
	scale             float64
	general, exponent bool
	fraction          int // digits of the denominator
}

func shapeOf(items []nfp.Token) numberShape {
	s := numberShape{scale: 1}
	behind, digits, commas := false, false, 0
	for _, item := range items {
		switch item.TType {
		case nfp.TokenTypeZeroPlaceHolder, nfp.TokenTypeHashPlaceHolder, nfp.TokenTypeDigitalPlaceHolder:
			n := len(item.TValue)
			s.thousands = s.thousands || commas > 0 && digits
			commas, digits = 0, true
			switch zero := item.TType == nfp.TokenTypeZeroPlaceHolder; {
			case s.fraction < 0:
				s.fraction = n
			case s.exponent:
			case behind:
				s.decimals += n
				if zero {
					s.needed = s.decimals
				}
			default:
				s.whole += n
				if zero {
					s.zeros += n
				}
			}
		case nfp.TokenTypeThousandsSeparator:
			commas++
		case nfp.TokenTypeDecimalPoint:
			behind = true
			s.scale /= math.Pow(1000, float64(commas))
			commas = 0
		case nfp.TokenTypePercent:
			s.scale *= 100
		case nfp.TokenTypeExponential:
			s.exponent = true
		case nfp.TokenTypeFraction:
			s.fraction = -1
		case nfp.TokenTypeGeneral:
			s.general = true
		case nfp.TokenTypeLiteral:
			if commas > 0 && item.TValue == "," { // the parser's way with two of them
				commas++
			}
		}
	}
	if digits {
		s.scale /= math.Pow(1000, float64(commas))
	}
	return s
}

// showNumber writes a number by a format; signed: with a minus if it has one.
func showNumber(items []nfp.Token, v float64, signed bool) string {
	s := shapeOf(items)
	value := math.Abs(v) * s.scale
	var digits string
	switch {
	case s.general:
		digits = plainNumber(roundTo15(value))
	case s.exponent:
		digits = strconv.FormatFloat(value, 'E', s.decimals, 64)
	case s.fraction > 0:
		digits = fractionOf(value, s)
	case s.whole+s.decimals > 0:
		digits = decimalOf(roundTo15(value), s)
	}
	var out strings.Builder
	if signed && v < 0 && strings.ContainsAny(digits, "123456789") {
		out.WriteByte('-')
	}
	spread := !s.general && !s.exponent && s.fraction == 0 && !s.thousands && s.decimals == 0
	if spread {
		return out.String() + spreadDigits(items, digits)
	}
	written, skipping := false, false
	for _, item := range items {
		switch item.TType {
		case nfp.TokenTypeLiteral:
			skipping = skipping || item.TValue == "," && written
			if !(s.fraction > 0 && strings.TrimSpace(item.TValue) == "") && !(skipping && item.TValue == ",") {
				out.WriteString(item.TValue)
			}
		case nfp.TokenTypePercent:
			out.WriteByte('%')
		case nfp.TokenTypeCurrencyLanguage:
			out.WriteString(currencyOf(item))
		case nfp.TokenTypeAlignment:
			out.WriteByte(' ')
		case nfp.TokenTypeGeneral, nfp.TokenTypeZeroPlaceHolder, nfp.TokenTypeHashPlaceHolder, nfp.TokenTypeDigitalPlaceHolder, nfp.TokenTypeDecimalPoint:
			if !written {
				out.WriteString(digits)
			}
			written = true
		}
	}
	return strings.TrimSpace(out.String())
}

// spreadDigits puts the digits of a whole number into the places of a format,
// between which other characters may stand, as in a telephone number.
func spreadDigits(items []nfp.Token, digits string) string {
	places := 0
	for _, item := range items {
		if isPlace(item) {
			places += len(item.TValue)
		}
	}
	var out strings.Builder
	left := places
	for _, item := range items {
		switch {
		case isPlace(item):
			for range len(item.TValue) {
				// The first place takes the digits that have no place of their own.
				if n := len(digits) - left + 1; n > 0 {
					out.WriteString(digits[:n])
					digits = digits[n:]
				}
				left--
			}
		case item.TType == nfp.TokenTypePercent:
			out.WriteByte('%')
		case item.TType == nfp.TokenTypeLiteral && item.TValue != ",":
			out.WriteString(item.TValue)
		case item.TType == nfp.TokenTypeCurrencyLanguage:
			out.WriteString(currencyOf(item))
		}
	}
	return strings.TrimSpace(out.String())
}

func isPlace(item nfp.Token) bool {
	return item.TType == nfp.TokenTypeZeroPlaceHolder || item.TType == nfp.TokenTypeHashPlaceHolder || item.TType == nfp.TokenTypeDigitalPlaceHolder
}

// decimalOf writes a number that is not negative with as many digits as the
// shape asks for.
func decimalOf(v float64, s numberShape) string {
	const most = 30
	text := strconv.FormatFloat(v, 'f', min(s.decimals, most), 64)
	whole, behind, _ := strings.Cut(text, ".")
	for len(behind) > s.needed && behind[len(behind)-1] == '0' {
		behind = behind[:len(behind)-1]
	}
	if whole == "0" && s.zeros == 0 {
		whole = ""
	}
	whole = strings.Repeat("0", max(min(s.zeros, most)-len(whole), 0)) + whole
	if s.thousands {
		for i := len(whole) - 3; i > 0; i -= 3 {
			whole = whole[:i] + "," + whole[i:]
		}
	}
	if behind == "" {
		return whole
	}
	return whole + "." + behind
}

// fractionOf writes a number with the nearest fraction that has a denominator
// of so many digits.
func fractionOf(v float64, s numberShape) string {
	whole, rest := math.Modf(v)
	if s.whole == 0 {
		whole, rest = 0, v
	}
	best, over, under := math.Inf(1), 0.0, 1.0
	for d := 1.0; d < math.Pow10(min(s.fraction, 3)); d++ {
		n := math.Round(rest * d)
		if off := math.Abs(rest - n/d); off < best-1e-12 {
			best, over, under = off, n, d
		}
	}
	switch {
	case over == under:
		return plainNumber(whole + 1)
	case over == 0:
		return plainNumber(whole)
	case whole == 0:
		return fmt.Sprintf("%.0f/%.0f", over, under)
	}
	return fmt.Sprintf("%.0f %.0f/%.0f", whole, over, under)
}
