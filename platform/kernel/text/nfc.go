package text

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// NFC composes the characters of a text, so that a name is the same whichever
// system it was typed on.
func NFC(s string) string { return norm.NFC.String(s) }

// Named is how a name is stored and compared: composed, on one line, without
// blanks around it and without what nobody sees, which makes two names look the
// same or turns the letters of what stands beside it around. It is "" when
// nothing is to be seen.
func Named(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r), unicode.In(r, unicode.Zl, unicode.Zp), r == '\u2800': // Braille's blank
			return ' '
		case unicode.Is(unseen, r):
			return -1
		}
		return r
	}, strings.ReplaceAll(s, "\r\n", " "))
	// Joiners make letters of Persian and pictures of people, but nothing at an end.
	s = strings.TrimFunc(NFC(s), func(r rune) bool { return unicode.IsSpace(r) || r == '\u200c' || r == '\u200d' })
	if !strings.ContainsFunc(s, func(r rune) bool { return unicode.In(r, unicode.L, unicode.N, unicode.P, unicode.S) }) {
		return ""
	}
	return s
}

// unseen are marks of direction, blanks without a width, characters of tags and
// letters that fill a place.
var unseen = &unicode.RangeTable{
	R16: []unicode.Range16{
		{
			0x00ad,
			0x00ad,
			1,
		},
		{0x034f, 0x034f, 1},
		{0x061c, 0x061c, 1},
		{0x115f, 0x1160, 1},
		{0x17b4, 0x17b5, 1},
		{0x180e, 0x180e, 1},
		{0x200b, 0x200b, 1},
		{0x200e, 0x200f, 1},
		{0x202a, 0x202e, 1},
		{0x2060, 0x206f, 1},
		{0x3164, 0x3164, 1},
		{0xfeff, 0xfeff, 1},
		{0xffa0, 0xffa0, 1},
		{0xfff9, 0xfffb, 1},
	},
	R32: []unicode.Range32{{0xe0000, 0xe007f, 1}},
}
