package openai

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"
)

// canned answers every request with the same bytes.
type canned struct{ contentType, body string }

func (c canned) RoundTrip(*http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {c.contentType}}, Body: io.NopCloser(strings.NewReader(c.body))}, nil
}

func FuzzResponse(f *testing.F) {
	for _, kind := range []string{"text/event-stream", "application/json", ""} {
		f.Add(kind, "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1}}\n\ndata: [DONE]\n\n")
		f.Add(kind, `{"model":"m","choices":[{"message":{"content":[{"text":"a"}]}}],"error":null}`)
		f.Add(kind, "data: {\"error\":{\"code\":5,\"message\":\"\\u0000\"}}\n")
		f.Add(kind, "data:\ndata:\n\n:\n")
	}
	f.Fuzz(func(t *testing.T, contentType, body string) {
		client, err := New(Config{BaseURL: "http://model.test", MaxResponse: 1 << 16, Transport: canned{contentType, body}})
		if err != nil {
			t.Fatal(err)
		}
		var got strings.Builder
		result, err := client.Stream(context.Background(), Request{}, func(d string) error {
			got.WriteString(d)
			return nil
		})
		var e *Error
		if err != nil && (!errors.As(err, &e) || e.Message == "") {
			t.Errorf("error %v", err)
		}
		if result.Text != got.String() || !utf8.ValidString(result.Text) || strings.ContainsRune(result.Text, 0) {
			t.Errorf("text %q, emitted %q", result.Text, got.String())
		}
	})
}
