package extract

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"
)

// utf16Order returns the decoder for UTF-16 with a byte order mark, or without
// one when every other byte is zero, as in western text, and its name; else nil.
func utf16Order(data []byte) (encoding.Encoding, string) {
	const little, big = "utf-16le", "utf-16be"
	if len(data) < 2 {
		return nil, ""
	}
	switch {
	case data[0] == 0xff && data[1] == 0xfe:
		return unicode.UTF16(unicode.LittleEndian, unicode.UseBOM), little
	case data[0] == 0xfe && data[1] == 0xff:
		return unicode.UTF16(unicode.BigEndian, unicode.UseBOM), big
	}
	const sample = 512
	head := data[:min(len(data), sample)]
	if len(head) < 4 || len(data)%2 != 0 && len(data) < headSize {
		return nil, ""
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
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM), little
	case zeros[0] > half*8/10 && zeros[1] == 0:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM), big
	}
	return nil, ""
}

// decode reads text. A mark at its start and valid UTF-8 always win; then the
// encoding that somebody declared for it, if the text is in it; then the one
// that its bytes look most like.
func decode(data []byte, declared string) (string, error) {
	text, _, err := decodeNamed(data, declared)
	return text, err
}

// decode reads the text of the whole file and notes its encoding.
func (b *builder) decode(data []byte, declared string) (text string, err error) {
	text, b.charset, err = decodeNamed(data, declared)
	return text, err
}

// decodeNamed is decode that answers the name of the encoding, too.
func decodeNamed(data []byte, declared string) (text, name string, err error) {
	if enc, name := utf16Order(data); enc != nil {
		if out, err := enc.NewDecoder().Bytes(data); err == nil {
			return string(trimBOM(out)), name, nil
		}
	}
	data = trimBOM(data)
	if bytes.Contains(data, []byte("\x1b$")) { // only 7 bits, and yet no ASCII
		declared = "iso-2022-jp"
	} else if mostlyUTF8(data) {
		return string(data), "utf-8", nil
	}
	if enc, name := charset.Lookup(declared); enc != nil && name != "utf-8" && name != "replacement" && !strings.HasSuffix(strings.ToLower(declared), "ascii") {
		if out, err := enc.NewDecoder().Bytes(data); err == nil && damaged(string(out)) <= mostDamaged {
			return string(out), name, nil
		}
	}
	enc := detectEncoding(data)
	if enc == nil {
		return "", "", ErrUnsupported.WithMessage("The file is text in an encoding that can't be told. Save it as UTF-8 and upload that copy.")
	}
	out, err := enc.NewDecoder().Bytes(data)
	if err != nil {
		return "", "", broken("text", err)
	}
	name, _ = htmlindex.Name(enc) // every one that is guessed has a name
	return string(out), name, nil
}

// sniffed is decode for looking at the start of a file, where a wrong guess
// only costs the format.
func sniffed(head []byte) string {
	text, err := decode(head, "")
	if err != nil {
		return strings.ToValidUTF8(string(head), unreadable)
	}
	return text
}

// mostDamaged is the share of characters, of a thousand, that may be wrong in
// a text of which the encoding is right.
const mostDamaged = 5

// damaged is how many of a thousand characters beyond ASCII are none. One at
// the end does not count: the text may have been cut there.
func damaged(s string) int {
	bad, all := 0, 0
	for _, r := range strings.TrimSuffix(s, unreadable) {
		switch {
		case r < utf8.RuneSelf:
			continue
		case r == utf8.RuneError:
			bad++
		}
		all++
	}
	return bad * 1000 / max(all, 1)
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
