package extract

import (
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
)

// utf16Order returns the decoder for UTF-16 with a byte order mark, or without
// one when every other byte is zero, as in western text; else nil.
func utf16Order(data []byte) encoding.Encoding {
	little := unicode.UTF16(unicode.LittleEndian, unicode.UseBOM)
	big := unicode.UTF16(unicode.BigEndian, unicode.UseBOM)
	if len(data) < 2 {
		return nil
	}
	switch {
	case data[0] == 0xff && data[1] == 0xfe:
		return little
	case data[0] == 0xfe && data[1] == 0xff:
		return big
	}
	const sample = 512
	head := data[:min(len(data), sample)]
	if len(head) < 4 || len(data)%2 != 0 && len(data) < headSize {
		return nil
	}
	var zeros [2]int
	for i, c := range head {
		if c == 0 {
			zeros[i%2]++
		}
	}
	half := len(head) / 2
	switch {
	case zeros[1] > half*8/10 && zeros[0] == 0:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case zeros[0] > half*8/10 && zeros[1] == 0:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	return nil
}

// decodeText reads UTF-8, UTF-16 and, when it is neither, Windows-1252, which
// has a character for every byte.
func decodeText(data []byte) string {
	if enc := utf16Order(data); enc != nil {
		if out, err := enc.NewDecoder().Bytes(data); err == nil {
			return string(trimBOM(out))
		}
	}
	data = trimBOM(data)
	if mostlyUTF8(data) {
		return string(data)
	}
	out, err := charmap.Windows1252.NewDecoder().Bytes(data)
	if err != nil {
		return string(data)
	}
	return string(out)
}

// mostlyUTF8 tolerates a few broken sequences in a text that is UTF-8
// otherwise, such as one cut in the middle of a character.
func mostlyUTF8(data []byte) bool {
	if utf8.Valid(data) {
		return true
	}
	good, bad := 0, 0
	for len(data) > 0 {
		r, n := utf8.DecodeRune(data)
		if r == utf8.RuneError && n == 1 {
			bad++
		} else if n > 1 {
			good++
		}
		data = data[n:]
	}
	return good > 10*bad
}
