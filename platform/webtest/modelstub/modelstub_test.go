package modelstub

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func post(s *Server, body string) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/v1/chat/completions", strings.NewReader(body)))
	return w
}

func TestTokensTogetherAreTheText(t *testing.T) {
	for _, text := range []string{"", "one", "one two", " lead  double trail ", "a\nb c"} {
		if got := strings.Join(Tokens(text), ""); got != text {
			t.Errorf("%q became %q", text, got)
		}
	}
}

func TestNextAnswersComeBeforeTheUsualOne(t *testing.T) {
	s := New(Behaviour{Answer: func(Request) string { return "usual" }})
	s.Next(Behaviour{Status: http.StatusTeapot, RetryAfter: "7"})
	first := post(s, `{"model":"m"}`)
	second := post(s, `{"model":"m"}`)
	if first.Code != http.StatusTeapot || first.Header().Get("Retry-After") != "7" || !strings.Contains(second.Body.String(), "usual") {
		t.Errorf("%d then %s", first.Code, second.Body)
	}
	if got := s.Requests(); len(got) != 2 || got[1].Model != "m" {
		t.Errorf("requests %+v", got)
	}
}

func TestWhatIsNoRequestIsRefused(t *testing.T) {
	if w := post(New(Behaviour{}), "{"); w.Code != http.StatusBadRequest {
		t.Errorf("%d", w.Code)
	}
	w := httptest.NewRecorder()
	New(Behaviour{}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/v1/models", nil))
	if w.Code != http.StatusNotFound {
		t.Errorf("%d", w.Code)
	}
}

func TestAStreamEndsWithUsageAndItsMark(t *testing.T) {
	body := post(New(Behaviour{}), `{"stream":true,"stream_options":{"include_usage":true},"messages":[{"content":"a b"}]}`).Body.String()
	if !strings.Contains(body, `"prompt_tokens":2`) || !strings.HasSuffix(body, "data: [DONE]\n\n") {
		t.Errorf("%s", body)
	}
}
