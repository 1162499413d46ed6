package text

import (
	"iter"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// Gram is four consecutive characters, packed. Equal strings give equal
// grams; unequal ones may, for runes beyond the basic plane only.
type Gram uint64

// Grams yields the character 4-grams of s: folded, with every stretch of
// anything but letters and digits as one space, and a space before and after
// the whole. "a cat" has " a c", "a ca", " cat" and "cat ".
func Grams(s string) iter.Seq[Gram] {
	if !norm.NFKC.IsNormalString(s) { // what is folded rune by rune must be whole
		s = norm.NFKC.String(s)
	}
	return func(yield func(Gram) bool) {
		const blank = ' '
		window, filled, wasBlank := Gram(blank), 1, true
		push := func(r rune) bool {
			window = window<<16 | Gram(r&0xffff)
			filled++
			return filled < 4 || yield(window)
		}
		for i := 0; i < len(s); {
			if c := s[i]; c < utf8.RuneSelf {
				i++
				switch k := classOf(rune(c)); {
				case k == letter || k == digit:
					if 'A' <= c && c <= 'Z' {
						c += 'a' - 'A'
					}
					wasBlank = false
					if !push(rune(c)) {
						return
					}
				case k == separator && !wasBlank:
					wasBlank = true
					if !push(blank) {
						return
					}
				}
				continue
			}
			r, n := utf8.DecodeRuneInString(s[i:])
			i += n
			switch classOf(r) {
			case separator:
				if !wasBlank {
					wasBlank = true
					if !push(blank) {
						return
					}
				}
			case invisible, apostrophe:
			default:
				for _, f := range foldRune(r) {
					wasBlank = false
					if !push(f) {
						return
					}
				}
			}
		}
		if !wasBlank {
			push(blank)
		}
	}
}
