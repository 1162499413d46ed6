package openai

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	fastjson "github.com/go-json-experiment/json"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// canned answers every request with the same bytes, at most so many in a read.
type canned struct {
	contentType, body string
	most              int
}

func (c canned) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {c.contentType}}, Body: io.NopCloser(&slowly{strings.NewReader(c.body), c.most})}, nil
}

// slowly reads no more than most bytes at once.
type slowly struct {
	r    io.Reader
	most int
}

// Read implements io.Reader.
func (s *slowly) Read(p []byte) (int, error) { return s.r.Read(p[:min(len(p), s.most)]) }

// outcome is what a call came to, and the pieces that were emitted.
func outcome(t *testing.T, c canned) (result Result, pieces []string, err error) {
	t.Helper()
	client, err := New(Config{BaseURL: "http://model.test", MaxResponse: 1 << 16, Transport: c})
	if err != nil {
		t.Fatal(err)
	}
	result, err = client.Stream(t.Context(), Request{}, func(d string) error {
		pieces = append(pieces, d)
		return nil
	})
	return result, pieces, err
}

func FuzzResponse(f *testing.F) {
	for _, kind := range []string{"text/event-stream", "application/json", ""} {
		f.Add(kind, "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1}}\n\ndata: [DONE]\n\n")
		f.Add(kind, `{"model":"m","choices":[{"message":{"content":[{"text":"a"}]}}],"error":null}`)
		f.Add(kind, "data: {\"error\":{\"code\":5,\"message\":\"\\u0000\"}}\n")
		f.Add(kind, "data:\ndata:\n\n:\n")
		f.Add(kind, usualAnswer())
		f.Add(kind, strings.ReplaceAll(usualAnswer(), "\n", "\r\n"))
		f.Add(kind, strings.ReplaceAll(usualAnswer(), " word3", "Größe 漢\xe6"))
	}
	f.Fuzz(func(t *testing.T, contentType, body string) {
		result, pieces, err := outcome(t, canned{contentType, body, 1 << 16})
		var e *Error
		if err != nil && (!errors.As(err, &e) || e.Message == "") {
			t.Errorf("error %v", err)
		}
		got := strings.Join(pieces, "")
		if result.Text != got || !utf8.ValidString(result.Text) || strings.ContainsRune(result.Text, 0) {
			t.Errorf("text %q, emitted %q", result.Text, got)
		}
		for _, most := range []int{1, 100} { // however it comes it is the same
			again, of, failed := outcome(t, canned{contentType, body, most})
			if diff := cmp.Diff(result, again, cmpopts.EquateEmpty()) + cmp.Diff(pieces, of); diff != "" || fmt.Sprint(failed) != fmt.Sprint(err) {
				t.Errorf("in reads of %d bytes: %v, not %v\n%s", most, failed, err, diff)
			}
		}
	})
}

func FuzzChunk(f *testing.F) {
	for _, line := range strings.Split(usualAnswer(), "\n\n") {
		f.Add([]byte(strings.TrimPrefix(line, "data: ")))
	}
	f.Add([]byte(` {"id" : "a","created":0, "choices":[ {"index":0,"delta":{"role":"assistant","content":"Gr\xc3","refusal":null}} ] } `))
	f.Add([]byte(`{"model":"\xff","usage":{"prompt_tokens":10,"prompt_tokens_details":{"cached_tokens":00}},"choices":[],"choices":[{}]}`))
	f.Add([]byte(`{"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":"null}]}`))
	f.Add([]byte(`{"object":"error","choices":[{"index":01,"finish_reason":"a\"b","stop_reason":1.5,"Delta":{}}]}x`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var quick, whole wireChunk
		if !quick.usually(data, "stub-1") {
			return
		}
		if err := fastjson.Unmarshal(data, &whole, likeStandard); err != nil {
			t.Fatalf("%q was taken: %v", data, err)
		}
		if at := quick.contentAt; at > 0 {
			text := string(quick.Choices[0].Delta.Content)
			if string(data[at-1:at+len(text)+1]) != `"`+text+`"` {
				t.Errorf("%q: the content is not at %d", data, at)
			}
		}
		quick.contentAt = 0
		if diff := cmp.Diff(whole, quick, cmp.AllowUnexported(wireChunk{}), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%q\n%s", data, diff)
		}
	})
}

func FuzzUsage(f *testing.F) {
	for _, raw := range []string{
		`{"prompt_tokens":900,"total_tokens":940,"completion_tokens":40,"prompt_tokens_details":null}`,
		`{"prompt_tokens":10,"completion_tokens":0,"prompt_tokens_details":{"cached_tokens":4,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":2}}`,
		`{"prompt_tokens":1234567890,"completion_tokens":007,"prompt_cache_hit_tokens":"3"} `, `{"prompt_tokens":1,"prompt_tokens":2}`, `{"prompt_tokens":1.5,"Prompt_Tokens":-1}`,
	} {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var quick, whole wireUsage
		if !quick.usually(raw) {
			return
		}
		if err := fastjson.Unmarshal(raw, &whole, likeStandard); err != nil || quick != whole {
			t.Errorf("%q: %+v, not %+v, %v", raw, quick, whole, err)
		}
	})
}

func TestTheUsualPiecesNeedNoLibrary(t *testing.T) {
	for _, line := range strings.Split(usualAnswer(), "\n\n") {
		var c wireChunk
		if data, ok := strings.CutPrefix(line, "data: {"); ok && !c.usually([]byte("{"+data), "") {
			t.Errorf("{%s is read by the library", data)
		}
		var u wireUsage
		if len(c.Usage) > 0 && !u.usually(c.Usage) {
			t.Errorf("%s is read by the library", c.Usage)
		}
	}
}
