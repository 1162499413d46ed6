package extract

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/nfp"
)

func isTime(items []nfp.Token) bool {
	for _, item := range items {
		if item.TType == nfp.TokenTypeDateTimes || item.TType == nfp.TokenTypeElapsedDateTimes {
			return true
		}
	}
	return false
}

// showTime writes a time by a format; v is the same in days.
func showTime(items []nfp.Token, t time.Time, v float64) string {
	half, elapsed, decimals := false, false, 0
	for i, item := range items {
		half = half || strings.Contains(strings.ToUpper(item.TValue), "A/P") || strings.EqualFold(item.TValue, "AM/PM")
		elapsed = elapsed || item.TType == nfp.TokenTypeElapsedDateTimes
		if item.TType == nfp.TokenTypeDecimalPoint && i+1 < len(items) {
			decimals = len(items[i+1].TValue)
		}
	}
	if decimals == 0 {
		t = t.Round(time.Second)
	}
	seconds := int64(math.Round(v * 86_400))
	var out strings.Builder
	for i, item := range items {
		switch item.TType {
		case nfp.TokenTypeLiteral:
			out.WriteString(item.TValue)
		case nfp.TokenTypeCurrencyLanguage:
			out.WriteString(currencyOf(item))
		case nfp.TokenTypeElapsedDateTimes:
			out.WriteString(elapsedTime(item.TValue, seconds))
		case nfp.TokenTypeDateTimes:
			out.WriteString(timePart(strings.ToLower(item.TValue), t, half, isMinute(items, i)))
		case nfp.TokenTypeDecimalPoint:
			fraction := fmt.Sprintf("%03d", t.Nanosecond()/int(time.Millisecond))
			out.WriteString("." + fraction[:min(decimals, len(fraction))])
		}
	}
	return out.String()
}

// isMinute: an m behind hours or before seconds is minutes, any other months.
func isMinute(items []nfp.Token, i int) bool {
	isPart := func(item nfp.Token, letter string) bool {
		return (item.TType == nfp.TokenTypeDateTimes || item.TType == nfp.TokenTypeElapsedDateTimes) && strings.HasPrefix(strings.ToLower(item.TValue), letter)
	}
	for j := i - 1; j >= 0; j-- {
		if items[j].TType != nfp.TokenTypeLiteral {
			if isPart(items[j], "h") {
				return true
			}
			break
		}
	}
	for _, item := range items[i+1:] {
		if item.TType != nfp.TokenTypeLiteral {
			return isPart(item, "s")
		}
	}
	return false
}

func timePart(code string, t time.Time, half, minute bool) string {
	hour := t.Hour()
	if half {
		hour = (hour+11)%12 + 1
	}
	switch code {
	case "y", "yy":
		return t.Format("06")
	case "yyy", "yyyy", "e", "ee":
		return t.Format("2006")
	case "m", "mm":
		if minute {
			return padded(t.Minute(), len(code))
		}
		return padded(int(t.Month()), len(code))
	case "mmm":
		return t.Format("Jan")
	case "mmmm":
		return t.Format("January")
	case "mmmmm":
		return t.Format("Jan")[:1]
	case "d", "dd":
		return padded(t.Day(), len(code))
	case "ddd":
		return t.Format("Mon")
	case "dddd":
		return t.Format("Monday")
	case "h", "hh":
		return padded(hour, len(code))
	case "s", "ss":
		return padded(t.Second(), len(code))
	case "am/pm":
		return t.Format("PM")
	case "a/p":
		return t.Format("PM")[:1]
	}
	return ""
}

func padded(n, width int) string { return fmt.Sprintf("%0*d", width, n) }

// elapsedTime counts beyond the day, hour or minute.
func elapsedTime(code string, seconds int64) string {
	n := seconds
	switch strings.ToLower(code[:1]) {
	case "h":
		n = seconds / 3600
	case "m":
		n = seconds / 60
	}
	return fmt.Sprintf("%0*d", len(code), n)
}

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
