package web

import (
	"bytes"
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"
)

func FuzzParseJSON(f *testing.F) {
	for _, s := range []string{
		`{"a":[1,-2.5e3,"x\u0000",null,true]}`, `{"a":1,"a":2}`, `[`, `{"a"`, `{"a":}`, `{"a" 1}`, `[1,]`, `{,}`, `1 2`, `""`, "\xff",
		`"\ud800"`, `"\ud83d\ude00"`, `"\\ud800"`, `"\ude00\ud83d"`, `"\ud83d\n"`, `"\ud83d`, `01`, `1e999`, `nul`, `{"a":{"b":[{"c":1}]}}`, ` `, "\ufeff{}", `[1}`, `{"a":1]`, `{1:2}`, `tru`, strings.Repeat("[", 40),
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		value, err := parseJSON(raw)
		if err != nil {
			// Whatever it refuses is broken, or one of the things it is strict about.
			var any any
			if json.Unmarshal(raw, &any) == nil && !strict(raw) {
				t.Fatalf("refused %q: %v", raw, err)
			}
			return
		}
		var want any
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatalf("accepted %q, which is not JSON: %v", raw, err)
		}
		if !reflect.DeepEqual(value, want) {
			t.Fatalf("read %q as %v, encoding/json reads %v", raw, value, want)
		}
	})
}

// strict reports whether raw may have what only parseJSON refuses: bad UTF-8,
// a NUL, half a character, text that can't be seen, deep nesting, or a key given twice in one of
// its objects.
func strict(raw []byte) bool {
	if !bytes.Equal(bytes.ToValidUTF8(raw, nil), raw) || bytes.Contains(raw, []byte(`\u0000`)) || halfPair(raw) >= 0 ||
		bytes.Count(raw, []byte("["))+bytes.Count(raw, []byte("{")) > maxDepth {
		return true
	}
	// Doubled keys vanish when the value is decoded, so members are counted.
	var v any
	return json.Unmarshal(raw, &v) == nil && (members(v) != bytes.Count(outside(raw), []byte(":")) || hasUnseen(v))
}

func hasUnseen(v any) bool {
	switch v := v.(type) {
	case string:
		return unseen(v)
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(v)), hasUnseen)
	case []any:
		return slices.ContainsFunc(v, hasUnseen)
	}
	return false
}

func members(v any) int {
	n := 0
	switch v := v.(type) {
	case map[string]any:
		for _, e := range v {
			n += 1 + members(e)
		}
	case []any:
		for _, e := range v {
			n += members(e)
		}
	}
	return n
}

// outside is raw without the insides of its strings.
func outside(raw []byte) []byte {
	var out []byte
	in := false
	for i := 0; i < len(raw); i++ {
		switch {
		case in && raw[i] == '\\':
			i++
		case raw[i] == '"':
			in = !in
		case !in:
			out = append(out, raw[i])
		}
	}
	return out
}
