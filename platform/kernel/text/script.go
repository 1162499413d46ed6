package text

import "unicode"

// class is what a rune means to the tokeniser.
type class uint8

const (
	separator class = iota
	letter
	digit
	mark       // belongs to the rune before it
	invisible  // inside a word, but no part of it: soft hyphen, zero-width joiners, variants
	apostrophe // may stand inside a word
	ideograph  // Han, Kana, Hangul: cut into bigrams
	brahmic    // Thai, Lao, Khmer, Burmese: cut into bigrams of base and marks
)

func classOf(r rune) class {
	switch {
	case r < 0x80:
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z':
			return letter
		case '0' <= r && r <= '9':
			return digit
		case r == '\'':
			return apostrophe
		}
		return separator
	case r == '\u2019' || r == '\u02bc' || r == '\uff07':
		return apostrophe
	case r == '\u00ad' || r == '\u0640' || r == '\u061c':
		return invisible
	case r < 0x0e00:
		return generalClass(r)
	case 0x200c <= r && r <= 0x200f || r == '\u2060' || r == '\ufeff' || 0xfe00 <= r && r <= 0xfe0f || 0xe0100 <= r && r <= 0xe01ef:
		return invisible
	case 0x1160 <= r && r <= 0x11ff, 0xd7b0 <= r && r <= 0xd7ff, r == '\uff9e', r == '\uff9f':
		return mark // the rest of a Hangul syllable, and voiced half-width kana
	case unicode.In(r, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
		switch {
		case unicode.IsLetter(r):
			return brahmic
		case unicode.IsMark(r):
			return mark
		}
		return generalClass(r)
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo),
		r == 'ー', r == 'ｰ', r == '々':
		if unicode.IsLetter(r) || unicode.Is(unicode.Nl, r) || 0x2e80 <= r && r <= 0x2fdf {
			return ideograph
		}
	}
	return generalClass(r)
}

func generalClass(r rune) class {
	switch {
	case unicode.IsLetter(r):
		return letter
	case unicode.IsMark(r):
		return mark
	case unicode.IsNumber(r):
		return digit
	}
	return separator
}
