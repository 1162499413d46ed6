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
	for rest := text; len(rest) >= 8; rest = rest[8:] { // most texts are ASCII up to their end
		if rest[0]|rest[1]|rest[2]|rest[3]|rest[4]|rest[5]|rest[6]|rest[7] >= utf8.RuneSelf {
			break
		}
		narrow += 8
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
