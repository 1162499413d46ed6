package text

import "unicode"

// class is what a rune means to the tokeniser.
type class uint8

const (
	separator class = iota
	letter
	digit
	mark       // belongs to the rune before it
	invisible  // inside a word, but no part of it: soft hyphen, zero-width joiners
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
	case r == '\u00ad' || r == '\u200c' || r == '\u200d' || r == '\u2060' || r == '\u0640':
		return invisible
	case r < 0x0e00:
		return generalClass(r)
	case unicode.In(r, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar):
		switch {
		case unicode.IsLetter(r):
			return brahmic
		case unicode.IsMark(r):
			return mark
		}
		return generalClass(r)
	case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Bopomofo),
		r == 'ー', r == '々':
		if unicode.IsLetter(r) || unicode.Is(unicode.Nl, r) {
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
