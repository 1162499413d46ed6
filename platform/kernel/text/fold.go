package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// folded holds what each rune below its length becomes. Latin, Greek,
// Cyrillic, Hebrew and Arabic lie there, so most text never needs more.
var folded = func() (table [0x700]string) {
	for r := range table {
		table[r] = decompose(rune(r))
	}
	return table
}()

// Version numbers how words are read: folding, stems, and where words begin
// and end. It is raised with every change of these, because an index knows
// words only as they were read when it was made.
const Version = 2

// plain holds letters that Unicode does not take apart: those that carry their
// stroke or join, Arabic ones that differ by keyboard and habit, and Greek and
// Hebrew ones that differ at the end of a word.
var plain = map[rune]string{
	'ß': "ss", 'ø': "o", 'ł': "l", 'đ': "d", 'ħ': "h", 'ŧ': "t", 'æ': "ae", 'œ': "oe",
	'ð': "d", 'þ': "th", 'ı': "i", 'ς': "σ",
	'ى': "ي", 'ی': "ي", 'ې': "ي", 'ے': "ي", 'ک': "ك",
	'ڪ': "ك", 'ة': "ه", 'ە': "ه", 'ہ': "ه", 'ھ': "ه", 'ۀ': "ه", 'ۃ': "ه", 'ٱ': "ا", 'ء': "",
	'ך': "כ", 'ם': "מ", 'ן': "נ", 'ף': "פ", 'ץ': "צ",
}

func decompose(r rune) string {
	var b strings.Builder
	for _, d := range norm.NFKD.String(string(unicode.ToLower(r))) {
		d = unicode.ToLower(d)
		if p, ok := plain[d]; ok {
			b.WriteString(p)
		} else if unicode.Is(unicode.Nd, d) {
			b.WriteByte(decimal(d))
		} else if !accent(d) && classOf(d) != invisible {
			b.WriteRune(d)
		}
	}
	return b.String()
}

// decimal gives the value of a digit of any script as a digit of ours. The
// digits of a script follow each other, from zero on.
func decimal(r rune) byte {
	for n := byte('0'); ; n++ {
		if r--; n == '9' || !unicode.Is(unicode.Nd, r) {
			return n
		}
	}
}

// accent reports marks that readers and writers leave out freely. Vowel signs
// of Indic scripts are marks too, but carry meaning and stay.
func accent(r rune) bool {
	return 0x0300 <= r && r <= 0x036f || // combining diacritics
		0x0591 <= r && r <= 0x05c7 && unicode.IsMark(r) || // Hebrew points
		0x064b <= r && r <= 0x065f || r == 0x0670 || // Arabic vowel signs
		0x06d6 <= r && r <= 0x06ed && unicode.IsMark(r)
}

// foldRune gives the folded form of one rune: often itself, empty for an
// accent or an invisible, several runes for a ligature.
func foldRune(r rune) string {
	switch {
	case r < rune(len(folded)):
		if classOf(r) == invisible {
			return ""
		}
		return folded[r]
	case classOf(r) == invisible:
		return ""
	case compatible(r) || unicode.Is(unicode.Nd, r):
		return decompose(r)
	case 0x4e00 <= r && r <= 0x9fff, 0xac00 <= r && r <= 0xd7a3:
		return string(r)
	}
	return string(unicode.ToLower(r))
}

// compatible reports the blocks with letters and digits that are other letters
// in another dress: wide, narrow, raised, in circles, joined, or for
// mathematics.
func compatible(r rune) bool {
	return 0x1e00 <= r && r <= 0x1fff || 0x2070 <= r && r <= 0x209f || 0x2100 <= r && r <= 0x218f || 0x2460 <= r && r <= 0x24ff ||
		0x2c60 <= r && r <= 0x2c7f || 0x2e80 <= r && r <= 0x2fdf || 0x3300 <= r && r <= 0x33ff || 0xf900 <= r && r <= 0xfdff ||
		0xfe70 <= r && r <= 0xfefc || 0xff00 <= r && r <= 0xffef || 0x1d400 <= r && r <= 0x1d7ff
}

// Fold gives the form under which a word is compared: lower case, without
// diacritics, ligatures written out, letters and digits that are written in
// several ways in one of them. Fold of a folded word is the word.
func Fold(word string) string {
	if lowerASCII(word) {
		return word
	}
	var b strings.Builder
	b.Grow(len(word))
	for i := 0; i < len(word); {
		if c := word[i]; c < utf8.RuneSelf {
			if 'A' <= c && c <= 'Z' {
				c += 'a' - 'A'
			}
			b.WriteByte(c)
			i++
			continue
		}
		r, n := utf8.DecodeRuneInString(word[i:])
		i += n
		if r != utf8.RuneError {
			b.WriteString(foldRune(r))
		}
	}
	return norm.NFC.String(b.String())
}

func lowerASCII(s string) bool {
	for i := 0; i < len(s); i++ {
		if c := s[i]; c >= utf8.RuneSelf || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}
