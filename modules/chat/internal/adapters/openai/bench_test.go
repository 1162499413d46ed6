package openai

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
)

// fed answers every request at once, as a fast server on the same network does:
// its answer comes in pieces of a few KiB.
type fed struct{ body string }

// told is a body whose end comes with the last of it.
type told struct{ rest string }

// Read implements io.Reader.
func (b *told) Read(p []byte) (n int, err error) {
	n = copy(p, b.rest)
	if b.rest = b.rest[n:]; b.rest == "" {
		err = io.EOF
	}
	return n, err
}

// Close implements io.Closer.
func (*told) Close() error { return nil }

// RoundTrip implements http.RoundTripper.
func (f fed) RoundTrip(r *http.Request) (*http.Response, error) {
	_, err := io.Copy(io.Discard, r.Body)
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{"Content-Type": {"text/event-stream"}}, Body: &told{f.body}}, err
}

// usualAnswer is 40 words as vLLM sends them.
func usualAnswer() string {
	const head = `data: {"id":"chatcmpl-7b1d","object":"chat.completion.chunk","created":1764450000,"model":"stub-1",`
	var b strings.Builder
	b.WriteString(head + `"choices":[{"index":0,"delta":{"role":"assistant","content":""},"logprobs":null,"finish_reason":null}]}` + "\n\n")
	for n := range 40 {
		fmt.Fprintf(&b, head+`"choices":[{"index":0,"delta":{"content":" word%d"},"logprobs":null,"finish_reason":null}]}`+"\n\n", n)
	}
	b.WriteString(head + `"choices":[{"index":0,"delta":{},"logprobs":null,"finish_reason":"stop","stop_reason":null}]}` + "\n\n" +
		head + `"choices":[],"usage":{"prompt_tokens":900,"total_tokens":940,"completion_tokens":40,"prompt_tokens_details":null}}` + "\n\ndata: [DONE]\n\n")
	return b.String()
}

// usualPrompt is five passages and a question.
func usualPrompt() []Message {
	passage := strings.Repeat("The keeper wrote down every ship, its cargo and the weather of the day; \"nothing else\" was noted.\n", 12)
	return []Message{{Role: "system", Content: "Answer from the sources."}, {Role: "user", Content: strings.Repeat("<source-1 title=\"Lamp\">\n"+passage+"</source-1>\n", 5) + "Question: Who?"}}
}

// BenchmarkCall is one call of a model without the network: the request is made
// and an answer of 40 pieces is read.
func BenchmarkCall(b *testing.B) {
	client, err := New(Config{BaseURL: "http://model.test/v1", Model: "stub-1", Transport: fed{usualAnswer()}})
	if err != nil {
		b.Fatal(err)
	}
	q := Request{Messages: usualPrompt(), Loading: func() {}}
	b.ReportAllocs()
	for b.Loop() {
		pieces := 0
		if _, err := client.Stream(b.Context(), q, func(string) error { pieces++; return nil }); err != nil || pieces != 40 {
			b.Fatal(pieces, err)
		}
	}
}
