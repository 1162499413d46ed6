package text

import "unicode"

// English guesses whether a question or passage reads as English: written in
// a–z, and with an English function word once it has four words. A handful of
// key words in Latin script counts as English.
func English(s string) bool {
	var latin, other, words int
	function := false
	for _, r := range s {
		switch {
		case 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z':
			latin++
		case unicode.IsLetter(r):
			other++
		}
	}
	if latin < 9*other {
		return false
	}
	for w := range Words(s) {
		words++
		if function = function || english[w.Form]; function && words >= 4 {
			return true
		}
		if words == 200 {
			break
		}
	}
	return words < 4 || function
}
