package openai

import (
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// unquote reads a JSON string, which the decoder has found to be one. Unlike
// the decoder it keeps bytes and surrogates that are only half a character.
func unquote(quoted []byte) []byte {
	in := quoted[1 : len(quoted)-1]
	out := make([]byte, 0, len(in))
	for i := 0; i < len(in); i++ {
		if in[i] != '\\' || i+1 == len(in) {
			out = append(out, in[i])
			continue
		}
		i++
		if in[i] == 'u' && i+4 < len(in) {
			if n, err := strconv.ParseUint(string(in[i+1:i+5]), 16, 16); err == nil {
				out = appendUnit(out, rune(n))
				i += 4
				continue
			}
		}
		var one string
		if json.Unmarshal([]byte{'"', '\\', in[i], '"'}, &one) == nil {
			out = append(out, one...)
		}
	}
	return out
}

// appendUnit appends a UTF-16 unit. Half a pair gets the three bytes that
// UTF-8 would have for it, so that its other half can be found.
func appendUnit(out []byte, r rune) []byte {
	if utf16.IsSurrogate(r) {
		return append(out, 0xED, 0x80|byte(r>>6)&0x3F, 0x80|byte(r)&0x3F)
	}
	return utf8.AppendRune(out, r)
}

// surrogate reads what appendUnit wrote; 0 for anything else.
func surrogate(s string) rune {
	if len(s) < 3 || s[0] != 0xED || s[1] < 0xA0 {
		return 0
	}
	return 0xD000 | rune(s[1]&0x3F)<<6 | rune(s[2]&0x3F)
}

// joiner makes whole characters of pieces that were cut anywhere. It drops
// NUL, which no database takes.
type joiner struct{ held string }

// add answers what is complete. Less than a character is held back.
func (j *joiner) add(piece string) string {
	if j.held == "" && strings.IndexByte(piece, 0) < 0 && utf8.ValidString(piece) {
		return piece
	}
	return j.join(j.held+piece, false)
}

// flush answers what is held, for nothing more comes.
func (j *joiner) flush() string { return j.join(j.held, true) }

func (j *joiner) join(s string, last bool) string {
	var out strings.Builder
	j.held = ""
	for s != "" {
		const pair = 6
		high := surrogate(s)
		switch {
		case high >= 0xD800 && high < 0xDC00 && len(s) >= pair:
			if r := utf16.DecodeRune(high, surrogate(s[3:])); r != utf8.RuneError {
				out.WriteRune(r)
				s = s[pair:]
				continue
			}
		case !last && (high >= 0xD800 && high < 0xDC00 || !utf8.FullRuneInString(s) || strings.HasPrefix(s, "\xED") && len(s) < 3):
			j.held = s
			return out.String()
		}
		size := 3
		if high == 0 {
			var r rune
			if r, size = utf8.DecodeRuneInString(s); r != 0 {
				out.WriteRune(r)
			}
		} else {
			out.WriteRune(utf8.RuneError)
		}
		s = s[size:]
	}
	return out.String()
}
