package openai

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/platform/webtest/modelstub"
)

const key = "sk-verysecret-123"

// start serves stub on loopback and makes a client for it.
func start(t *testing.T, handler http.Handler, c Config) *Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(func() {
		server.CloseClientConnections()
		server.Close()
	})
	return client(t, server.URL, c)
}

// bubble runs a test in which time is the test's own, with a client that
// reaches handler without a network.
func bubble(t *testing.T, handler http.Handler, c Config, test func(t *testing.T, client *Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c.Transport = modelstub.Transport(handler)
		test(t, client(t, "http://model.test", c))
	})
}

func client(t *testing.T, url string, c Config) *Client {
	t.Helper()
	c.BaseURL, c.APIKey = url+"/v1", key
	if c.Model == "" {
		c.Model = "stub-1"
	}
	if c.Backoff == 0 {
		c.Backoff = time.Millisecond
	}
	client, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// ask collects what is emitted beside what Stream returns.
func ask(ctx context.Context, c *Client, q Request) (Result, []string, error) {
	if q.Messages == nil {
		q.Messages = []Message{{Role: "system", Content: "Be brief."}, {Role: "user", Content: "How are you today?"}}
	}
	var deltas []string
	result, err := c.Stream(ctx, q, func(d string) error {
		deltas = append(deltas, d)
		return nil
	})
	return result, deltas, err
}

func wantError(t *testing.T, err error, code string) *Error {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Code != code {
		t.Fatalf("got %v, want code %s", err, code)
	}
	if strings.Contains(e.Error(), key) || strings.Contains(e.Message, "\n") || e.Message == "" {
		t.Errorf("message %q", e.Message)
	}
	return e
}

func TestAnAnswerIsStreamedWithItsUsage(t *testing.T) {
	stub := modelstub.New(modelstub.Behaviour{Answer: func(modelstub.Request) string { return "Fine, thank you." }})
	client := start(t, stub, Config{})
	temperature := 0.2
	result, deltas, err := ask(context.Background(), client, Request{Temperature: &temperature, MaxTokens: 50})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"Fine,", " thank", " you."}, deltas); diff != "" {
		t.Error(diff)
	}
	result.Usage.Raw = nil
	want := Result{Text: "Fine, thank you.", Model: "stub-1", FinishReason: "stop", Usage: Usage{Prompt: 6, CachedPrompt: 3, Completion: 3, Reported: true}}
	if diff := cmp.Diff(want, result); diff != "" {
		t.Error(diff)
	}
	got := stub.Requests()[0]
	if got.Authorization != "Bearer "+key || len(got.Messages) != 2 || !strings.Contains(string(got.Raw), `"max_tokens":50`) || !strings.Contains(string(got.Raw), `"temperature":0.2`) {
		t.Errorf("sent %s", got.Raw)
	}
}

func TestServersThatAnswerInOtherWays(t *testing.T) {
	sse := func(body string) modelstub.Behaviour {
		return modelstub.Behaviour{Body: body, ContentType: "text/event-stream; charset=utf-8"}
	}
	for _, tc := range []struct {
		behaviour string
		b         modelstub.Behaviour
		text      string
		reported  bool
	}{
		{"no usage", modelstub.Behaviour{NoUsage: true}, "Stub answer to: How are you today?", false},
		{"no streaming", modelstub.Behaviour{NoStream: true}, "Stub answer to: How are you today?", true},
		{"no done mark", modelstub.Behaviour{NoDone: true}, "Stub answer to: How are you today?", true},
		{"comments, carriage returns and no blank", sse(": ping\r\n\r\nevent: x\r\ndata:{\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\r\n\r\ndata: [DONE]\r\n\r\n"), "a", false},
		{"an end without a blank line", sse("data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}"), "a", false},
		{"usage in every piece", sse("data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":1,\"completion_tokens\":1}}\n\ndata: {\"choices\":[],\"usage\":null}\n\ndata: [DONE]\n\n"), "a", true},
		{"another content type", modelstub.Behaviour{ContentType: "text/plain", Body: "data: {\"choices\":[{\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"}, "a", false},
		{"content in parts, and a NUL", sse("data: {\"choices\":[{\"delta\":{\"content\":[{\"type\":\"text\",\"text\":\"a\\u0000b\"}]},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"), "ab", false},
		{"a second choice that nobody asked for", sse("data: {\"choices\":[{\"index\":1,\"delta\":{\"content\":\"b\"}},{\"index\":0,\"delta\":{\"content\":\"a\"},\"finish_reason\":\"stop\"}]}\n\ndata: [DONE]\n\n"), "a", false},
		{"a refusal", sse("data: {\"choices\":[{\"delta\":{\"content\":null,\"refusal\":\"I can't.\"},\"finish_reason\":\"stop\"}]}\n\n"), "I can't.", false},
	} {
		t.Run(tc.behaviour, func(t *testing.T) {
			result, deltas, err := ask(context.Background(), start(t, modelstub.New(tc.b), Config{}), Request{})
			if err != nil {
				t.Fatal(err)
			}
			if result.Text != tc.text || strings.Join(deltas, "") != tc.text || result.Usage.Reported != tc.reported || result.Model != "stub-1" {
				t.Errorf("got %+v", result)
			}
		})
	}
}

func TestFailuresAreTypedAndKeepWhatCame(t *testing.T) {
	garbage := modelstub.Behaviour{Body: "data: {\"choices\":[{\"delta\":{\"content\":\"Well\"}}]}\n\ndata: %%%\n\n", ContentType: "text/event-stream"}
	for _, tc := range []struct {
		behaviour string
		b         modelstub.Behaviour
		code      string
		text      string
		retryable bool
		requests  int
	}{
		{"a wrong key, repeated by the server", modelstub.Behaviour{Status: 401, Message: "Incorrect API key provided: " + key}, CodeUnauthorized, "", false, 1},
		{"an unknown model", modelstub.Behaviour{Status: 404, Message: "no such model"}, CodeModelNotFound, "", false, 1},
		{"a long prompt", modelstub.Behaviour{Status: 400, Code: "context_length_exceeded", Message: "too long"}, CodeContextTooLong, "", false, 1},
		{"a bad request", modelstub.Behaviour{Status: 422, Message: "no"}, CodeBadRequest, "", false, 1},
		{"500 for ever", modelstub.Behaviour{Status: 500}, CodeServerError, "", true, 3},
		{"429 for ever", modelstub.Behaviour{Status: 429}, CodeRateLimited, "", true, 3},
		{"429 for longer than anybody waits", modelstub.Behaviour{Status: 429, RetryAfter: "3600"}, CodeRateLimited, "", true, 1},
		{"no money left", modelstub.Behaviour{Status: 429, Code: "insufficient_quota"}, CodeQuotaExceeded, "", false, 1},
		{"a redirect", modelstub.Behaviour{Status: 302}, CodeBadResponse, "", false, 1},
		{"closed in mid-stream", modelstub.Behaviour{CutAfter: 2}, CodeStreamCut, "Stub answer", true, 1},
		{"an error in mid-stream", modelstub.Behaviour{ErrorAfter: 1, Message: "out of memory"}, CodeServerError, "Stub", true, 1},
		{"hangs in mid-stream", modelstub.Behaviour{HangAfter: 2}, CodeTimedOut, "Stub answer", true, 1},
		{"never answers", modelstub.Behaviour{HangBefore: true}, CodeTimedOut, "", true, 1},
		{"garbage in mid-stream", garbage, CodeBadResponse, "Well", false, 1},
		{"a web page", modelstub.Behaviour{Body: "<html>Welcome", ContentType: "text/html"}, CodeBadResponse, "", false, 1},
		{"nothing", modelstub.Behaviour{Body: "data: [DONE]\n\n", ContentType: "text/event-stream"}, CodeBadResponse, "", false, 1},
		{"an empty object", modelstub.Behaviour{Body: "{}", ContentType: "application/json"}, CodeBadResponse, "", false, 1},
		{"an error with status 200", modelstub.Behaviour{Body: `{"error":"model is loading"}`, ContentType: "application/json"}, CodeLoading, "", true, 1},
		{"half of an object", modelstub.Behaviour{Body: `{"choices":[`, ContentType: "application/json"}, CodeBadResponse, "", false, 1},
		{"an endless line", modelstub.Behaviour{Body: "data: " + strings.Repeat("x", 1<<20), ContentType: "text/event-stream"}, CodeTooLarge, "", false, 1},
	} {
		t.Run(tc.behaviour, func(t *testing.T) {
			stub := modelstub.New(tc.b)
			c := Config{MaxResponse: 100 << 10}
			check := func(t *testing.T, client *Client) {
				result, deltas, err := ask(context.Background(), client, Request{})
				e := wantError(t, err, tc.code)
				if e.Retryable != tc.retryable {
					t.Errorf("retryable %v", e.Retryable)
				}
				if result.Text != tc.text || strings.Join(deltas, "") != tc.text {
					t.Errorf("kept %q, emitted %q", result.Text, deltas)
				}
				if n := len(stub.Requests()); n != tc.requests {
					t.Errorf("%d requests", n)
				}
			}
			if tc.code == CodeTimedOut {
				bubble(t, stub, c, check)
			} else {
				check(t, start(t, stub, c))
			}
		})
	}
}

func TestARefusedCallIsRepeatedUntilItSucceeds(t *testing.T) {
	stub := modelstub.New(modelstub.Behaviour{})
	stub.Next(modelstub.Behaviour{Status: 429, RetryAfter: "0.01"}, modelstub.Behaviour{Status: 503})
	result, _, err := ask(context.Background(), start(t, stub, Config{}), Request{})
	if err != nil || result.Text == "" || len(stub.Requests()) != 3 {
		t.Fatalf("%+v, %v, %d requests", result, err, len(stub.Requests()))
	}
}

func TestTheCallerMayLeaveDuringThePause(t *testing.T) {
	stub := modelstub.New(modelstub.Behaviour{Status: 503})
	bubble(t, stub, Config{Backoff: time.Hour}, func(t *testing.T, client *Client) {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		_, _, err := ask(ctx, client, Request{})
		if !errors.Is(err, context.DeadlineExceeded) || len(stub.Requests()) != 1 {
			t.Fatalf("got %v", err)
		}
	})
}

func TestTheCallerMayLeaveInMidStream(t *testing.T) {
	stub := modelstub.New(modelstub.Behaviour{HangAfter: 1})
	ctx, cancel := context.WithCancel(context.Background())
	client := start(t, stub, Config{})
	result, err := client.Stream(ctx, Request{Messages: []Message{{Role: "user", Content: "x"}}}, func(string) error {
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) || result.Text != "Stub" {
		t.Fatalf("%+v, %v", result, err)
	}
}

func TestAnErrorOfEmitEndsTheCallAndComesBack(t *testing.T) {
	gone := errors.New("the reader is gone")
	client := start(t, modelstub.New(modelstub.Behaviour{}), Config{})
	_, err := client.Stream(context.Background(), Request{Messages: []Message{{Role: "user", Content: "x"}}}, func(string) error { return gone })
	if !errors.Is(err, gone) {
		t.Fatalf("got %v", err)
	}
}

func TestTheWholeCallHasALimit(t *testing.T) {
	stub := modelstub.New(modelstub.Behaviour{Delay: 20 * time.Millisecond, Answer: func(modelstub.Request) string { return strings.Repeat("word ", 1000) }})
	bubble(t, stub, Config{Overall: 210 * time.Millisecond}, func(t *testing.T, client *Client) {
		result, _, err := ask(context.Background(), client, Request{})
		wantError(t, err, CodeTimedOut)
		if n := strings.Count(result.Text, "word"); n != 11 {
			t.Errorf("kept %d words: %q", n, result.Text)
		}
	})
}

func TestASlowStreamIsNotIdle(t *testing.T) {
	stub := modelstub.New(modelstub.Behaviour{FirstDelay: 90 * time.Millisecond, Delay: 90 * time.Millisecond})
	bubble(t, stub, Config{FirstByte: 100 * time.Millisecond, Idle: 100 * time.Millisecond}, func(t *testing.T, client *Client) {
		if _, deltas, err := ask(context.Background(), client, Request{}); err != nil || len(deltas) != 7 {
			t.Fatalf("%q, %v", deltas, err)
		}
	})
}

func TestTheTimeThatEmitTakesIsNotTheServers(t *testing.T) {
	stub := modelstub.New(modelstub.Behaviour{Delay: time.Millisecond})
	bubble(t, stub, Config{Idle: 100 * time.Millisecond}, func(t *testing.T, client *Client) {
		result, err := client.Stream(context.Background(), Request{Messages: []Message{{Role: "user", Content: "x"}}}, func(string) error {
			time.Sleep(300 * time.Millisecond)
			return nil
		})
		if err != nil || result.Text != "Stub answer to: x" {
			t.Fatalf("%+v, %v", result, err)
		}
	})
}

func TestParametersThatAServerRefusesAreLeftOutFromThenOn(t *testing.T) {
	stub := modelstub.New(modelstub.Behaviour{})
	stub.Next(
		modelstub.Behaviour{Status: 400, Param: "max_tokens", Message: "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."},
		modelstub.Behaviour{Status: 400, Message: "Unsupported value: 'temperature' does not support 0.5"},
		modelstub.Behaviour{Status: 400, Message: "unknown field stream_options"},
	)
	client := start(t, stub, Config{})
	temperature := 0.5
	for range 2 {
		if _, _, err := ask(context.Background(), client, Request{Temperature: &temperature, MaxTokens: 9}); err != nil {
			t.Fatal(err)
		}
	}
	requests := stub.Requests()
	if len(requests) != 5 {
		t.Fatalf("%d requests", len(requests))
	}
	for _, r := range requests[3:] {
		if raw := string(r.Raw); !strings.Contains(raw, `"max_completion_tokens":9`) || strings.Contains(raw, "temperature") || strings.Contains(raw, "stream_options") {
			t.Errorf("sent %s", raw)
		}
	}
}

func TestAServerThatIsNotThere(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	client, err := New(Config{BaseURL: strings.Replace(server.URL, "http://", "http://user:"+key+"@", 1), APIKey: key, Backoff: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	_, _, err = ask(context.Background(), client, Request{})
	if e := wantError(t, err, CodeUnreachable); !e.Retryable || strings.Contains(e.Error(), "user:") {
		t.Errorf("got %v", e)
	}
}

func TestTheBaseURLIsChecked(t *testing.T) {
	for _, bad := range []string{"", "127.0.0.1:8080", "ftp://x", "http://", "http://[::1", "sk-verysecret"} {
		if _, err := New(Config{BaseURL: bad}); err == nil || bad != "" && strings.Contains(err.Error(), bad) && strings.HasPrefix(bad, "sk-") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	c, err := New(Config{BaseURL: "https://x.example/openai/v1/?api-version=1"})
	if err != nil || c.request.URL.String() != "https://x.example/openai/v1/chat/completions?api-version=1" {
		t.Errorf("%+v, %v", c, err)
	}
}

func TestUsageIsDividedWithoutOverlap(t *testing.T) {
	u, ok := parseUsage([]byte(`{"prompt_tokens":10,"completion_tokens":5,"prompt_tokens_details":{"cached_tokens":12},"completion_tokens_details":{"reasoning_tokens":2}}`))
	fresh, cached, output, reasoning := u.Exclusive()
	if !ok || fresh != 0 || cached != 10 || output != 3 || reasoning != 2 {
		t.Errorf("%v %v %v %v", fresh, cached, output, reasoning)
	}
}
