package text

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/simplifiedchinese"
)

// Readable is a name or a short text as UTF-8. One that is not valid UTF-8 came
// in the encoding of an older system: as GBK when its bytes are pairs of common
// Chinese characters, and else as Windows-1252, in which every byte is a letter
// or a sign. No letter is lost; a guess may take one for another.
func Readable(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	if chinese(s) {
		if read, err := simplifiedchinese.GBK.NewDecoder().String(s); err == nil && !strings.ContainsRune(read, utf8.RuneError) {
			return read
		}
	}
	read, err := charmap.Windows1252.NewDecoder().String(s)
	if err != nil {
		return strings.ToValidUTF8(s, "")
	}
	return strings.ReplaceAll(read, string(utf8.RuneError), "")
}

// chinese reports whether all bytes beyond ASCII are the pairs of GBK, and two
// common characters follow each other, or one stands for itself. Between Latin
// letters a single pair is two of them, as in "Köönig".
func chinese(s string) bool {
	found := false
	for i := 0; i < len(s); {
		if s[i] < utf8.RuneSelf {
			i++
			continue
		}
		start, common := i, 0
		for i < len(s) && s[i] >= utf8.RuneSelf {
			if i+1 == len(s) || s[i] == 0x80 || s[i] == 0xff || s[i+1] < 0x40 || s[i+1] == 0x7f || s[i+1] == 0xff {
				return false
			}
			if 0xb0 <= s[i] && s[i] <= 0xf7 && s[i+1] >= 0xa1 {
				common++
			}
			i += 2
		}
		alone := common == 1 && i-start == 2 && !latin(s, start-1) && !latin(s, i)
		found = found || common > 1 || alone
	}
	return found
}

func latin(s string, i int) bool {
	return 0 <= i && i < len(s) && s[i] < utf8.RuneSelf && unicode.IsLetter(rune(s[i]))
}
