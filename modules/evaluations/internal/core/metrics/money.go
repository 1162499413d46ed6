package metrics

import (
	"slices"
	"strconv"
	"strings"
)

// currencies are the words and codes of money.
var currencies = map[string]string{
	"dollar": "$", "dollars": "$", "usd": "$", "euro": "€", "euros": "€", "eur": "€", "pound": "£", "pounds": "£", "gbp": "£", "yen": "¥", "jpy": "¥",
}

// currencySigns stand before an amount or behind it.
var currencySigns = []string{"$", "€", "£", "¥"}

// amounts says of each number of a text in which currency it is, and writes out
// the "m" and "k" of those that are in one: "$10m" is ten million. Without a
// sign they may be metres.
func amounts(s string, words []word) {
	for i := range words {
		w := &words[i]
		if !w.number && !billions(s, w) {
			continue
		}
		before := strings.TrimRight(s[max(0, w.start-8):w.start], " ")
		if strings.HasPrefix(w.key, "-") {
			before = strings.TrimRight(before, " -−–") // "$-5"
		}
		behind := strings.TrimLeft(s[w.end:min(len(s), w.end+4)], " \u00a0")
		for _, sign := range currencySigns {
			if strings.HasSuffix(before, sign) {
				w.money = sign
				if n := scaled(w.form, w.key); n != w.key {
					w.key, w.form = n, n
				}
			} else if rest, ok := strings.CutPrefix(behind, sign); ok && (rest == "" || rest[0] < '0' || rest[0] > '9') {
				w.money = sign
			}
		}
		if i > 0 && w.money == "" && len(words[i-1].form) == 3 { // "EUR 500"
			w.money = currencies[words[i-1].form]
		}
		if i+1 < len(words) && w.money == "" {
			w.money = currencies[words[i+1].form]
		}
	}
}

// billions reads "$1.5B" and "$2T", which are codes without the sign.
func billions(s string, w *word) bool {
	by := 0.0
	switch {
	case strings.HasSuffix(w.form, "b"):
		by = 1e9
	case strings.HasSuffix(w.form, "t"):
		by = 1e12
	}
	n, err := strconv.ParseFloat(w.form[:max(len(w.form)-1, 0)], 64)
	before := s[:w.start]
	if err != nil || by == 0 || !slices.ContainsFunc(currencySigns, func(sign string) bool { return strings.HasSuffix(before, sign) }) {
		return false
	}
	w.form = format(n * by)
	w.key, w.number, w.stop, w.initial = w.form, true, false, false
	return true
}

func scaled(form, key string) string {
	by, digits := 1.0, strings.TrimPrefix(form, "-")
	switch {
	case digits == "" || digits[0] < '0' || digits[0] > '9':
	case strings.HasSuffix(form, "k"):
		by = 1e3
	case strings.HasSuffix(form, "m") && !strings.HasSuffix(form, "mm") && !strings.HasSuffix(form, "cm") && !strings.HasSuffix(form, "km"):
		by = 1e6
	}
	if n, err := strconv.ParseFloat(key, 64); err == nil && by > 1 {
		return format(n * by)
	}
	return key
}

// foreign reports whether an answer has an amount only in other currencies than
// the expected one: "$500" for "€500".
func (a *answer) foreign(w word) bool {
	if w.money == "" {
		return false
	}
	return a.once(w.money+w.key, func() bool {
		return len(a.keys[w.key]) > 0 && !slices.ContainsFunc(a.keys[w.key], func(at int) bool {
			m := a.words[at].money
			return m == "" || m == w.money
		})
	})
}

// pays reports whether a word names the currency of an amount of the answer,
// where it may be a sign.
func (a *answer) pays(w word) bool {
	currency := currencies[w.form]
	if currency == "" {
		return false
	}
	return a.once(currency, func() bool {
		return slices.ContainsFunc(a.words, func(o word) bool { return o.money == currency })
	})
}
