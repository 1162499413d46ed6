package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// ligatures that typesetters print and nobody searches for.
var ligatures = strings.NewReplacer("ﬀ", "ff", "ﬁ", "fi", "ﬂ", "fl", "ﬃ", "ffi", "ﬄ", "ffl", "ﬅ", "st", "ﬆ", "st")

// clean makes any string fit to be stored and shown: valid UTF-8 in NFC, no
// NUL and no other control characters but newline and tab, no invisible
// characters that break words apart for a search.
func clean(s string) string {
	if isPlainASCII(s) {
		return s
	}
	s = strings.ToValidUTF8(s, "\uFFFD")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	s = strings.Map(func(r rune) rune {
		switch r {
		case '\n', '\t':
			return r
		case '\r', '\u0085', '\u2028', '\u2029', '\v', '\f':
			return '\n'
		case '\u00ad', '\u200b', '\ufeff', '\u2060': // soft hyphen, zero width
			return -1
		}
		switch {
		case r < 0x20 || r >= 0x7f && r < 0xa0:
			return -1
		case unicode.Is(unicode.Zs, r):
			return ' '
		case r >= 0xe000 && r <= 0xf8ff: // private use: glyphs of symbol fonts
			return ' '
		}
		return r
	}, s)
	return norm.NFC.String(ligatures.Replace(s))
}

func isPlainASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf || c < 0x20 && c != '\n' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// oneLine is for prose: any run of white space is one space.
func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// verbatim keeps the indentation of code and drops empty lines at both ends.
func verbatim(s string) string {
	return strings.TrimRight(strings.TrimLeft(s, "\n"), " \t\n")
}
