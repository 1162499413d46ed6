package core

import (
	"unicode"
	"unicode/utf8"
)

// tokensOf estimates the tokens of a text for providers that report none:
// four characters to a token, as OpenAI's documentation puts it for English,
// and one for each character of scripts written without spaces.
func tokensOf(text string) int64 {
	var wide, narrow int64
	for len(text) > 0 {
		if len(text) >= 8 && eight(text)&0x8080808080808080 == 0 { // ASCII, as most texts are
			narrow, text = narrow+8, text[8:]
			continue
		}
		r, size := utf8.DecodeRuneInString(text)
		// Thai begins at U+0E00. The tables are slow, and most texts need none.
		if r >= 0x0E00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai) {
			wide++
		} else {
			narrow++
		}
		text = text[size:]
	}
	return wide + (narrow+3)/4
}

// eight is the first eight bytes of s, which the compiler reads at once.
func eight(s string) uint64 {
	return uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
}
