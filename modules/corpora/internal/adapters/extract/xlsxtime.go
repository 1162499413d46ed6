package extract

import (
	"fmt"
	"math"
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
