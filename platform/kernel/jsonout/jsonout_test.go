package jsonout_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"parley/platform/kernel/jsonout"
)

// standard is what encoding/json writes.
func standard(t *testing.T, value any) (string, error) {
	t.Helper()
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(value)
	return strings.TrimSuffix(b.String(), "\n"), err
}

func alike(t *testing.T, value any) {
	t.Helper()
	want, failed := standard(t, value)
	var text jsonout.Text
	text.Any(value)
	if (text.Err != nil) != (failed != nil) {
		t.Fatalf("%#v: %v, and encoding/json %v", value, text.Err, failed)
	}
	if failed == nil && string(text.Bytes) != want {
		t.Fatalf("%#v is\n%s\nand by encoding/json\n%s", value, text.Bytes, want)
	}
}

// odd are texts that JSON writes in another way, or that look as if.
var odd = []string{
	"", "plain", "exactly8", "nine byte", `"`, `\`, "\x00", "\x1f", " ", "\x7f", "\b\f\n\r\t", "<b>&amp;</b>", "\u2028", "\u2029", "\u2027", "\u202a",
	"\xff", "\xc3", "\xe2\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "ä", "漢字", "😀", "\ufffd", "\ufeff", "seven..\u2028eight", "seven..\xffeight", strings.Repeat("long ", 50),
}

func TestTextsAreWrittenAsTheStandardEncoderWritesThem(t *testing.T) {
	for _, a := range odd {
		for _, b := range odd {
			alike(t, a+b)
			alike(t, a+"between these"+b)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 20_000 {
		b := make([]byte, random.IntN(40))
		for i := range b {
			if b[i] = byte(random.IntN(256)); random.IntN(2) == 0 {
				b[i] = "abc \"\\\n\xe2\x80\xa8\xa9<>&"[random.IntN(14)]
			}
		}
		alike(t, string(b))
	}
}

func TestEachByteIsWrittenAtEachPlaceOfEight(t *testing.T) {
	for at := range 17 {
		for c := range 256 {
			b := []byte("abcdefgh-abcdefgh")
			b[at] = byte(c)
			alike(t, string(b))
		}
	}
}

func TestNumbersAndTimesAreWrittenAsTheStandardEncoderWritesThem(t *testing.T) {
	for _, f := range []float64{0, math.Copysign(0, -1), 1, -1, .1, 1e-6, 9.9e-7, -1e-7, 1e20, 1e21, 1e22, 1e100, 1e-100, math.MaxFloat64, math.SmallestNonzeroFloat64, 5e-324, math.Pi, math.NaN(), math.Inf(1), math.Inf(-1)} {
		alike(t, f)
	}
	random := rand.New(rand.NewPCG(3, 4))
	for range 5_000 {
		alike(t, math.Float64frombits(random.Uint64()))
		alike(t, int64(random.Uint64()))
	}
	zone := time.FixedZone("", -(5*60+30)*60)
	for _, at := range []time.Time{
		{}, time.Unix(0, 0).UTC(), time.Date(2026, 11, 29, 21, 0, 0, 120_000_000, zone), time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2026, 1, 1, 0, 0, 0, 1, time.FixedZone("", 24*60*60)),
	} {
		alike(t, at)
	}
}

func TestPlainDataIsWrittenAsTheStandardEncoderWritesIt(t *testing.T) {
	type inside struct {
		A string  `json:"a"`
		B *string `json:"b,omitempty"`
	}
	many := map[string]any{}
	for i := range 40 {
		many[fmt.Sprint(odd[i%len(odd)], i)] = i
	}
	for _, v := range []any{
		nil, true, false, 7, []int(nil), []int{}, []int{1, -2}, []int64{1}, []int64(nil), []string{"<", "\u2028"}, []string(nil), many, map[string]any(nil), map[string]any{},
		map[string]any{"b": 1, "a": []any{1, "<x>", nil}, "": map[string]any{"inside": inside{A: "<&>"}}}, inside{A: "\u2028"}, uint8(3), float32(.1), json.RawMessage(`{"a": "<"}`),
		map[string]any{"bad": math.Inf(1), "good": 1}, func() {},
	} {
		alike(t, v)
	}
}

var passage = strings.Repeat("Employees accrue 20 days of vacation in a year, \"carried over\" until March.\n", 12)

func BenchmarkString(b *testing.B) {
	b.Run("jsonout", func(b *testing.B) {
		var t jsonout.Text
		b.SetBytes(int64(len(passage)))
		for b.Loop() {
			t.Bytes = t.Bytes[:0]
			t.String(passage)
		}
	})
	b.Run("encoding-json", func(b *testing.B) {
		var t bytes.Buffer
		e := json.NewEncoder(&t)
		e.SetEscapeHTML(false)
		b.SetBytes(int64(len(passage)))
		for b.Loop() {
			t.Reset()
			if err := e.Encode(passage); err != nil {
				b.Fatal(err)
			}
		}
	})
}
