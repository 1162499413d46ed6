// Package jsonout writes JSON without reflection, for what is written with
// every run. Each value is written as encoding/json writes it when HTML is not
// escaped, to the byte.
package jsonout

import (
	"encoding/binary"
	"math"
	"math/bits"
	"strconv"
	"time"
	"unicode/utf8"
)

// Text is JSON that is being written. The first value that JSON has no form for
// is its error, and what follows is of no use. Its zero value is ready.
type Text struct {
	Bytes []byte
	Err   error
	// Own appends values of types that Any does not know, and answers false for
	// those that it does not know either. It may be nil.
	Own func(t *Text, value any) bool
}

// Raw appends what is JSON already: names, commas and brackets.
func (t *Text) Raw(s string) { t.Bytes = append(t.Bytes, s...) }

// Int appends a whole number.
func (t *Text) Int(n int64) { t.Bytes = strconv.AppendInt(t.Bytes, n, 10) }

// Bool appends true or false.
func (t *Text) Bool(v bool) { t.Bytes = strconv.AppendBool(t.Bytes, v) }

// Float appends a number. There is none for infinity, nor for what is no number.
func (t *Text) Float(f float64) {
	size := math.Abs(f)
	if size != 0 && (size < 1e-6 || size >= 1e21) || math.IsNaN(f) { // rare, and with an exponent
		t.Other(f)
		return
	}
	t.Bytes = strconv.AppendFloat(t.Bytes, f, 'f', -1, 64)
}

// Time appends a time in its zone. There is none before the year 0 nor after
// 9999.
func (t *Text) Time(at time.Time) {
	t.Raw(`"`)
	b, err := at.AppendText(t.Bytes)
	if t.Err == nil {
		t.Err = err
	}
	t.Bytes = b
	t.Raw(`"`)
}

// String appends a text. Bytes that are no UTF-8 become U+FFFD.
func (t *Text) String(s string) {
	t.Raw(`"`)
	for {
		n := plain(s)
		t.Raw(s[:n])
		if n == len(s) {
			break
		}
		s = s[n:]
		var size int
		t.Bytes, size = appendEscaped(t.Bytes, s)
		s = s[size:]
	}
	t.Raw(`"`)
}

const hex = "0123456789abcdef"

// appendEscaped appends the first character of s, which cannot stand in a text
// as it is, and answers how many bytes of s it is.
func appendEscaped(b []byte, s string) ([]byte, int) {
	switch c := s[0]; c {
	case '"', '\\':
		return append(b, '\\', c), 1
	case '\b':
		return append(b, '\\', 'b'), 1
	case '\f':
		return append(b, '\\', 'f'), 1
	case '\n':
		return append(b, '\\', 'n'), 1
	case '\r':
		return append(b, '\\', 'r'), 1
	case '\t':
		return append(b, '\\', 't'), 1
	default:
		if c < ' ' {
			return append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&0xF]), 1
		}
	}
	r, size := utf8.DecodeRuneInString(s)
	if r == utf8.RuneError {
		return append(b, `\ufffd`...), size
	}
	return append(b, '\\', 'u', '2', '0', '2', hex[r&0xF]), size
}

// plain answers how many bytes of s, from its first, stand in a text as they
// are.
func plain(s string) int {
	for i := 0; i < len(s); {
		if len(s)-i >= 8 {
			marks := special(binary.LittleEndian.Uint64([]byte(s[i : i+8])))
			if marks == 0 {
				i += 8
				continue
			}
			i += bits.TrailingZeros64(marks) / 8
		}
		if c := s[i]; c < utf8.RuneSelf {
			if c < ' ' || c == '"' || c == '\\' {
				return i
			}
			i++
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && size == 1 || r == '\u2028' || r == '\u2029' {
			return i
		}
		i += size
	}
	return len(s)
}

// special marks the first of eight bytes that has to be escaped or is no ASCII,
// by its highest bit. Marks behind it mean nothing.
func special(eight uint64) uint64 {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	quote, back := eight^'"'*ones, eight^'\\'*ones
	return (eight | (eight - ' '*ones) | (quote - ones) | (back - ones)) & tops
}
