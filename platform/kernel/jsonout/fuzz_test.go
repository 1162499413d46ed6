package jsonout

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

func FuzzString(f *testing.F) {
	for _, s := range []string{"", "eight by", "\x00\x1f \x7f\t\r\n", `"\/<>&`, "Größe 漢字 😀\u2028", "half \xe6\xbc and \xff\xfe", strings.Repeat("x", 15) + `"`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for n := range min(len(s), 9) { // wherever a word of eight bytes begins
			var back string
			text := Text{Bytes: []byte("before")}
			text.String(s[n:])
			quoted := text.Bytes[len("before"):]
			if err := json.Unmarshal(quoted, &back); err != nil || !utf8.Valid(quoted) {
				t.Fatalf("%q: %v", quoted, err)
			}
			if want := string([]rune(s[n:])); back != want {
				t.Errorf("%q is read as %q", s[n:], back)
			}
		}
	})
}
