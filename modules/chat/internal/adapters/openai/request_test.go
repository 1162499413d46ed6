package openai

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"parley/platform/webtest/modelstub"
)

// sent is what a server reads of a request.
func sent(t *testing.T, q Request) map[string]any {
	t.Helper()
	body, err := q.wire(0).encode()
	if err != nil {
		t.Fatal(err)
	}
	var read map[string]any
	if err := json.Unmarshal(body, &read); err != nil {
		t.Fatalf("%s: %v", body, err)
	}
	return read
}

func TestARequestIsJSONWithAllThatIsAsked(t *testing.T) {
	temperature := 0.0
	got := sent(t, Request{Model: `a "b"`, Messages: []Message{{"system", "one"}, {"user", "<two>\n"}}, Temperature: &temperature, MaxTokens: 7})
	want := map[string]any{
		"model": `a "b"`, "stream": true, "stream_options": map[string]any{"include_usage": true}, "temperature": 0.0, "max_tokens": 7.0,
		"messages": []any{map[string]any{"role": "system", "content": "one"}, map[string]any{"role": "user", "content": "<two>\n"}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if _, given := sent(t, Request{Messages: []Message{}})["temperature"]; given {
		t.Error("a temperature was sent that nobody asked for")
	}
}

func TestTheUserOfAnAddressAsksWhenThereIsNoKey(t *testing.T) {
	stub := modelstub.New(modelstub.Behaviour{})
	server := httptest.NewServer(stub)
	t.Cleanup(server.Close)
	address := strings.Replace(server.URL, "http://", "http://ada:secret@", 1)
	for key, want := range map[string]string{"": "Basic YWRhOnNlY3JldA==", "sk-1": "Bearer sk-1"} {
		client, err := New(Config{BaseURL: address, APIKey: key})
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := ask(t.Context(), client, Request{}); err != nil {
			t.Fatal(err)
		}
		if got := stub.Requests()[len(stub.Requests())-1].Authorization; got != want {
			t.Errorf("key %q: asked as %q", key, got)
		}
	}
}

func TestAServerWithoutTLSIsToldInWords(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(server.Close)
	_, _, err := ask(t.Context(), client(t, strings.Replace(server.URL, "http://", "https://", 1), Config{}), Request{})
	if e := wantError(t, err, CodeUnreachable); !strings.Contains(e.Message, "HTTP response to HTTPS client") {
		t.Errorf("got %v", e)
	}
}
