package bench

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

// echo answers what it was sent, in the way that the path asks for.
func echo(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	switch {
	case err != nil:
		http.Error(w, err.Error(), http.StatusBadRequest)
	case r.URL.Path == "/chunked":
		_, _ = io.WriteString(w, r.Header.Get("Authorization")+" ")
		_ = http.NewResponseController(w).Flush()
		_, _ = w.Write(body)
	case r.URL.Path == "/refused":
		http.Error(w, "no", http.StatusForbidden)
	default:
		_, _ = io.WriteString(w, r.Header.Get("Authorization")+" "+string(body))
	}
}

func connect(t *testing.T, h http.Handler) *Conn {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c, err := Dial(t.Context(), s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestOneConnectionTakesOneAnswerAfterTheOther(t *testing.T) {
	c := connect(t, http.HandlerFunc(echo))
	for n := range 3 {
		for _, path := range []string{"/whole", "/chunked"} {
			body := strings.Repeat("x", n*5000)
			got, err := c.Do(Request("POST", path, c.addr, "secret", []byte(body)))
			if want := "Bearer secret " + body; err != nil || string(got) != want {
				t.Errorf("%s: %d bytes of %d, %v", path, len(got), len(want), err)
			}
		}
	}
}

func TestARefusalIsAnErrorAndTheConnectionGoesOn(t *testing.T) {
	c := connect(t, http.HandlerFunc(echo))
	if _, err := c.Do(Request("GET", "/refused", c.addr, "", nil)); err == nil || !strings.Contains(err.Error(), "403") {
		t.Errorf("got %v", err)
	}
	if got, err := c.Do(Request("GET", "/whole", c.addr, "", nil)); err != nil || string(got) != " " {
		t.Errorf("then %q, %v", got, err)
	}
}

func TestStreamEventsTellWhenTheirFirstTokenWasSent(t *testing.T) {
	sent := time.UnixMicro(1764380000000123)
	d, ok := readDelta([]byte(`{"sequence_number":4,"step":"assistant_stream","delta":"t1764380000000123 t1764380000025123 ","output":null}`))
	if !ok || d.tokens != 2 || !d.sent.Equal(sent) {
		t.Errorf("got %+v, %v", d, ok)
	}
	for _, other := range []string{`{"step":"start","message":""}`, `{"step":"assistant_stream","delta":""}`, `{"delta":"words"}`} {
		if d, ok := readDelta([]byte(other)); ok {
			t.Errorf("%s was read as %+v", other, d)
		}
	}
}

func TestTheStubAnswersFortyWordsWithACitation(t *testing.T) {
	text := Contents(wholeAnswer())
	if text != answer || len(strings.Fields(text)) != 40 || !strings.Contains(text, "[1]") {
		t.Errorf("the model says %q", text)
	}
}

func TestTheWorstOfAMetricIsFound(t *testing.T) {
	text := []byte("# HELP lag Age.\nlag{consumer=\"a\"} 0\nlag{consumer=\"b\"} 1.5\nlag_total 9\n")
	if v, err := worst(text, "lag"); err != nil || v != 1.5 {
		t.Errorf("got %v, %v", v, err)
	}
	if v, err := worst(text, "missing"); err == nil {
		t.Errorf("a metric that is not there is %v", v)
	}
}

func TestQuestionsAskForWordsOfTheBook(t *testing.T) {
	words := strings.Fields(Book(1000))
	for n := range 20 {
		known := 0
		for _, w := range strings.Fields(strings.TrimSuffix(Question(n), "?"))[4:] {
			if w != "and" && w != "about" && slices.ContainsFunc(words, func(b string) bool { return strings.TrimRight(b, ".") == w }) {
				known++
			}
		}
		if known < 3 {
			t.Errorf("the book knows %d words of %q", known, Question(n))
		}
	}
}
