package embedding_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/modules/corpora/internal/adapters/embedding"
	"parley/platform/kernel/work"
)

const secret = "sk-secret"

// request is what a server gets.
type request struct {
	Model          string   `json:"model"`
	Input          []string `json:"input"`
	EncodingFormat string   `json:"encoding_format"`
}

// server plays the protocol; answer writes what the server says to a call, of
// which the first is 1.
func server(t *testing.T, answer func(w http.ResponseWriter, r request, call int)) *embedding.Client {
	t.Helper()
	calls := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		calls++
		var got request
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
		if r.Method != http.MethodPost || r.URL.Path != "/v1/embeddings" || r.Header.Get("Authorization") != "Bearer "+secret || got.Model != "m" || got.EncodingFormat != "float" {
			t.Errorf("%s %s %+v", r.Method, r.URL.Path, got)
		}
		answer(w, got, calls)
	}))
	t.Cleanup(s.Close)
	return client(t, s.URL+"/v1")
}

func client(t *testing.T, url string) *embedding.Client {
	t.Helper()
	c, err := embedding.New(embedding.Config{URL: url, APIKey: secret, Model: "m", Backoff: time.Millisecond, MaxResponse: 4_000})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// backwards answers the vectors in the opposite order: the length of each text
// and 1.
func backwards(w http.ResponseWriter, r request, _ int) {
	var data []string
	for i := len(r.Input) - 1; i >= 0; i-- {
		data = append(data, fmt.Sprintf(`{"object":"embedding","index":%d,"embedding":[%d,1]}`, i, len(r.Input[i])))
	}
	_, _ = fmt.Fprintf(w, `{"object":"list","model":"m","data":[%s],"usage":{"prompt_tokens":5}}`, strings.Join(data, ","))
}

func TestVectorsComeInTheOrderOfTheTexts(t *testing.T) {
	got, err := server(t, backwards).Embed(t.Context(), []string{"a", "bb", "ccc"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([][]float32{{1, 1}, {2, 1}, {3, 1}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestABusyServerIsAskedAgain(t *testing.T) {
	for _, status := range []int{429, 500, 503} {
		c := server(t, func(w http.ResponseWriter, r request, call int) {
			if call == 1 {
				w.WriteHeader(status)
				return
			}
			backwards(w, r, call)
		})
		if got, err := c.Embed(t.Context(), []string{"a"}); err != nil || len(got) != 1 {
			t.Errorf("after HTTP %d: %v, %v", status, got, err)
		}
	}
}

func TestWhatIsNotAnAnswerIsAnError(t *testing.T) {
	vectors := func(list string) func(http.ResponseWriter, request, int) {
		return func(w http.ResponseWriter, _ request, _ int) { _, _ = fmt.Fprintf(w, `{"data":[%s]}`, list) }
	}
	status := func(code int, body string) func(http.ResponseWriter, request, int) {
		return func(w http.ResponseWriter, _ request, call int) {
			if call > 1 && code < 500 {
				t.Errorf("HTTP %d is asked for again", code)
			}
			w.WriteHeader(code)
			_, _ = fmt.Fprint(w, body)
		}
	}
	for name, c := range map[string]struct {
		answer    func(http.ResponseWriter, request, int)
		says      string
		permanent bool
	}{
		"no JSON":                 {status(200, "<html>"), "protocol", false},
		"too few vectors":         {vectors(`{"index":0,"embedding":[1]}`), "1 vectors for 2 texts", false},
		"two vectors for a text":  {vectors(`{"index":0,"embedding":[1]},{"index":0,"embedding":[2]}`), "two vectors", false},
		"an index of no text":     {vectors(`{"index":0,"embedding":[1]},{"index":7,"embedding":[2]}`), "index 7", false},
		"different dimensions":    {vectors(`{"index":0,"embedding":[1]},{"index":1,"embedding":[2,3]}`), "1 and 2 dimensions", false},
		"no dimensions":           {vectors(`{"index":0,"embedding":[]},{"index":1,"embedding":[]}`), "0 and 0 dimensions", false},
		"more than may be read":   {status(200, strings.Repeat("x", 5_000)), "more than 4000 bytes", false},
		"a text that is too long": {status(400, `{"error":{"message":"too long"}}`), "too long", true},
		"a wrong key":             {status(401, "wrong key "+secret), "HTTP 401: wrong key …", false},
		"an unknown model":        {status(404, "no such model"), "no such model", false},
		"a redirect":              {status(307, "elsewhere"), "HTTP 307", false},
		"a broken server":         {status(500, "boom"), "HTTP 500: boom", false},
	} {
		_, err := server(t, c.answer).Embed(t.Context(), []string{"a", "b"})
		if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), secret) || work.IsPermanent(err) != c.permanent {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestASlowServerIsLeftWhenTheTimeIsUp(t *testing.T) {
	hold := make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	c := server(t, func(http.ResponseWriter, request, int) {
		cancel()
		<-hold
	})
	t.Cleanup(func() { close(hold) }) // before the server is closed
	if _, err := c.Embed(ctx, []string{"a"}); err == nil {
		t.Error("answered")
	}
}

func TestAServerThatIsAwayIsAnError(t *testing.T) {
	s := httptest.NewServer(nil)
	s.Close()
	if _, err := client(t, s.URL+"/v1").Embed(t.Context(), []string{"a"}); err == nil {
		t.Error("answered")
	}
	for _, url := range []string{"", "localhost:1", "ftp://x/v1"} {
		if _, err := embedding.New(embedding.Config{URL: url}); err == nil {
			t.Errorf("%q is a URL", url)
		}
	}
}
