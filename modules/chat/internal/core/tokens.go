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
	for i := range len(text) { // most texts are ASCII up to their end
		if text[i] >= utf8.RuneSelf {
			break
		}
		narrow++
	}
	for _, r := range text[narrow:] {
		// Thai begins at U+0E00. The tables are slow, and most texts need none.
		if r >= 0x0E00 && unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai) {
			wide++
		} else {
			narrow++
		}
	}
	return wide + (narrow+3)/4
}
