package extract

import (
	"unicode/utf16"
)

// charMap is a ToUnicode map: the text of character codes, by the number of
// bytes of the code and its value.
type charMap struct {
	text map[charCode]string
	// width is how many bytes a code has, as far as all agree; else 0.
	width int
}

type charCode struct {
	bytes int
	value uint32
}

// maxCharMap is more entries than there are characters in the largest fonts.
const maxCharMap = 1 << 17

func parseCharMap(src []byte) *charMap {
	m := &charMap{text: map[charCode]string{}}
	l := &pdfLexer{src: src}
	widths := map[int]bool{}
	var args []operand
	for {
		var op string
		var ok bool
		if args, op, ok = l.next(args); !ok {
			break
		}
		switch op {
		case "endcodespacerange":
			for i := 0; i+1 < len(args); i += 2 {
				widths[len(args[i].text)] = true
			}
		case "endbfchar":
			for i := 0; i+1 < len(args); i += 2 {
				m.add(args[i].text, 0, utf16Text(args[i+1].text))
			}
		case "endbfrange":
			for i := 0; i+2 < len(args); i += 3 {
				m.addRange(args[i].text, args[i+1].text, args[i+2])
			}
		}
	}
	if len(widths) == 1 {
		for w := range widths {
			m.width = w
		}
	}
	return m
}

func (m *charMap) add(code string, offset uint32, text string) {
	if len(code) == 0 || len(code) > 4 || len(m.text) >= maxCharMap || text == "" {
		return
	}
	m.text[charCode{len(code), bigEndian(code) + offset}] = text
}

// addRange maps consecutive codes to a list of texts, or to one text whose
// last character counts up.
func (m *charMap) addRange(low, high string, to operand) {
	if len(low) != len(high) || len(low) > 4 || bigEndian(high) < bigEndian(low) {
		return
	}
	n := min(bigEndian(high)-bigEndian(low), maxCharMap)
	if to.kind == arrayOperand {
		for i := uint32(0); i <= n && int(i) < len(to.list); i++ {
			m.add(low, i, utf16Text(to.list[i].text))
		}
		return
	}
	first := []rune(utf16Text(to.text))
	if len(first) == 0 {
		return
	}
	last := first[len(first)-1]
	for i := uint32(0); i <= n && len(m.text) < maxCharMap; i++ {
		first[len(first)-1] = last + rune(i)
		m.add(low, i, string(first))
	}
}

func bigEndian(s string) uint32 {
	v := uint32(0)
	for i := 0; i < len(s); i++ {
		v = v<<8 | uint32(s[i])
	}
	return v
}

// utf16Text reads big-endian UTF-16; a single byte is itself.
func utf16Text(s string) string {
	if len(s) == 1 {
		return string(rune(s[0]))
	}
	units := make([]uint16, 0, len(s)/2)
	for i := 0; i+1 < len(s); i += 2 {
		units = append(units, uint16(s[i])<<8|uint16(s[i+1]))
	}
	return string(utf16.Decode(units))
}
