package metrics

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// signed reads the signs of numbers, which are no words, and single letters
// that are Roman numbers: "-5", "minus 5", "Elizabeth I", "Chapter V".
func signed(s string, words []word) []word {
	if !strings.ContainsAny(s, "-−–IVX") && !strings.Contains(s, "inus") {
		return words
	}
	out := words[:0]
	for i := range words {
		w := words[i]
		switch {
		case w.number && negative(s, w.start):
			w.key, w.form = "-"+w.key, "-"+w.form
		case w.number && len(out) > 0 && out[len(out)-1].form == "minus" && between(s, out[len(out)-1], w) == " " && (len(out) < 2 || !out[len(out)-2].number):
			out = out[:len(out)-1]
			w.key, w.form = "-"+w.key, "-"+w.form
		case len(w.form) == 1 && w.capital && len(out) > 0:
			if n := romanDigit[w.form]; n != "" && numbered(s, out[len(out)-1], w) {
				w.key, w.number, w.stop, w.capital = n, true, false, false
			}
		}
		out = append(out, w)
	}
	return out
}

// negative reports whether a sign stands before a number, which is neither a
// hyphen nor a dash between two numbers.
func negative(s string, at int) bool {
	number := s[:at]
	if amount := strings.TrimRight(
		number,
		" ",
	); strings.HasSuffix(amount, "$") || strings.HasSuffix(amount, "€") || strings.HasSuffix(amount, "£") ||
		strings.HasSuffix(amount, "¥") {
		number = strings.TrimRight(amount, "$€£¥") // "-$5"
	}
	sign, size := utf8.DecodeLastRuneInString(number)
	if !strings.ContainsRune("-−–", sign) { // the last one is a dash, and often written as a sign
		return false
	}
	before := number[:len(number)-size]
	bare := strings.TrimRight(before, "*_`\"'“”’") // what is emphasized or quoted, or in inches
	last, _ := utf8.DecodeLastRuneInString(bare)
	switch {
	case unicode.IsLetter(last), unicode.IsNumber(last), strings.ContainsRune("-−–—/.)]%°", last):
		return false
	case strings.ContainsRune("$€£¥", last): // "$-5", but not "5 $-10 $"
		bare = strings.TrimRight(bare, "$€£¥")
	case last != ' ' || bare != before:
		return true
	}
	bare = strings.TrimRight(bare, " ")
	return bare == "" || bare[len(bare)-1] < '0' || bare[len(bare)-1] > '9'
}

var romanDigit = map[string]string{"i": "1", "v": "5", "x": "10"}

// numbered reports whether a letter numbers what stands before it: a part of a
// text, or a person or a war where the sentence does not go on with "I".
func numbered(s string, before, w word) bool {
	if between(s, before, w) != " " {
		return false
	}
	if parted[before.form] {
		return true
	}
	if !before.capital || before.stop {
		return false
	}
	rest := s[w.end:]
	if mark, _ := utf8.DecodeRuneInString(rest); rest == "" || strings.ContainsRune(",.;:)'\"’”?!", mark) {
		return w.form != "i" || rest == "" || rest[0] != '\'' || strings.HasPrefix(rest, "'s")
	}
	next, _, _ := strings.Cut(strings.TrimLeft(rest, " "), " ")
	switch next {
	case "of", "and", "or", "in":
		return true
	case "was", "is", "ruled", "reigned", "died", "became":
		return !before.first
	}
	return w.form != "i" && !before.first
}

// between is what stands between two words of a text.
func between(s string, a, b word) string { return s[min(a.end, b.start):b.start] }

// parted are the words that a number with a single letter follows.
var parted = set("chapter part volume act book type phase article title appendix section level stage class grade war group")
