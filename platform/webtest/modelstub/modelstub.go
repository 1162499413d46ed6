// Package modelstub is a chat-completions server for tests: it speaks the
// OpenAI protocol as an http.Handler and fails in the ways that real servers
// do. Mount it with httptest.NewServer; the base URL is the server's address
// followed by /v1.
package modelstub

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Request is what a client sent, as far as a test wants to look at it.
type Request struct {
	Model         string         `json:"model"`
	Messages      []Message      `json:"messages"`
	Stream        bool           `json:"stream"`
	StreamOptions map[string]any `json:"stream_options"`
	// Raw is the whole body; Authorization is the header.
	Raw           json.RawMessage `json:"-"`
	Authorization string          `json:"-"`
}

// Message is one turn of the conversation.
type Message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// Behaviour is how the server answers. The zero value streams Answer's text at
// once, with usage.
type Behaviour struct {
	// Answer makes the text; nil answers "Stub answer to: <last message>".
	Answer func(Request) string
	// FirstDelay passes before the first token, Delay before each further one.
	FirstDelay, Delay time.Duration

	// Status other than 0 and 200 answers with an error of this Code, Param and
	// Message, and a Retry-After header of RetryAfter when that is not empty.
	Status                           int
	Code, Param, Message, RetryAfter string

	// Wording, when given, makes what a server of a model with a context of
	// Context tokens answers to a prompt of more. A token is Letters bytes; 4
	// when it is 0.
	Wording func() Recording
	Context int
	Letters int

	// HangBefore never answers; HangAfter > 0 stops after so many tokens. Both
	// end when the client goes.
	HangBefore bool
	HangAfter  int
	// CutAfter > 0 closes the connection after so many tokens.
	CutAfter int
	// ErrorAfter > 0 sends an error as an event after so many tokens.
	ErrorAfter int
	// Body, when not empty, is sent instead of an answer, as ContentType.
	Body, ContentType string

	// NoUsage: the server does not know stream_options. NoStream: it answers
	// in one piece. NoDone: it closes after the finish reason.
	NoUsage, NoStream, NoDone bool
	// FinishReason is "stop" when empty.
	FinishReason string
}

// Server is the handler. It is safe for concurrent use; the zero value works.
type Server struct {
	mu       sync.Mutex
	usual    Behaviour
	next     []Behaviour
	requests []Request
}

// New answers every request in the same way until told otherwise.
func New(usual Behaviour) *Server { return &Server{usual: usual} }

// Set changes the usual behaviour, for requests that have not begun.
func (s *Server) Set(b Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.usual = b
}

// Next has the next requests answered in these ways, one each.
func (s *Server) Next(b ...Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.next = append(s.next, b...)
}

// Requests returns all requests so far, in the order in which they came.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

func (s *Server) take(r Request) Behaviour {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r)
	if len(s.next) == 0 {
		return s.usual
	}
	b := s.next[0]
	s.next = s.next[1:]
	return b
}

// maxBody is the largest request that is read, in bytes.
const maxBody = 16 << 20

// ServeHTTP answers POST to any path that ends with /chat/completions.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/chat/completions") {
		writeError(w, Behaviour{Status: http.StatusNotFound, Code: "not_found", Message: "no such path"})
		return
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	req := Request{Raw: raw, Authorization: r.Header.Get("Authorization")}
	if err == nil {
		err = json.Unmarshal(raw, &req)
	}
	if err != nil {
		writeError(w, Behaviour{Status: http.StatusBadRequest, Code: "bad_json", Message: err.Error()})
		return
	}
	b := s.take(req)
	if b.Wording != nil && !b.fits(req) {
		b = b.Wording().Behaviour()
	}
	switch {
	case b.HangBefore:
		<-r.Context().Done()
	case b.Body != "":
		w.Header().Set("Content-Type", b.ContentType)
		if b.RetryAfter != "" {
			w.Header().Set("Retry-After", b.RetryAfter)
		}
		w.WriteHeader(max(b.Status, http.StatusOK))
		_, _ = io.WriteString(w, b.Body)
	case b.Status != 0 && b.Status != http.StatusOK:
		writeError(w, b)
	default:
		(&answer{w: w, r: r, req: req, b: b}).write()
	}
}

// fits reports whether the context takes the messages.
func (b Behaviour) fits(r Request) bool {
	size := 0
	for _, m := range r.Messages {
		size += len(m.Content)
	}
	const usual = 4
	if b.Letters == 0 {
		b.Letters = usual
	}
	return size/b.Letters <= b.Context
}

func writeError(w http.ResponseWriter, b Behaviour) {
	if b.RetryAfter != "" {
		w.Header().Set("Retry-After", b.RetryAfter)
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(b.Status)
	writeJSON(w, errorBody(b))
}

func errorBody(b Behaviour) map[string]any {
	return map[string]any{"error": map[string]any{"message": b.Message, "type": "stub_error", "code": b.Code, "param": b.Param}}
}

func writeJSON(w io.Writer, v any) {
	data, err := json.Marshal(v)
	if err != nil { // only plain maps get here
		return
	}
	_, _ = w.Write(data)
}

// Tokens cuts a text as the server streams it: each word with the space before
// it. Usage counts these.
func Tokens(text string) []string {
	var out []string
	for text != "" {
		n := len(text)
		if i := strings.IndexByte(text[1:], ' '); i >= 0 {
			n = i + 1
		}
		out = append(out, text[:n])
		text = text[n:]
	}
	return out
}

// answer is one response in the making.
type answer struct {
	w   http.ResponseWriter
	r   *http.Request
	req Request
	b   Behaviour
}

func (a *answer) text() string {
	if a.b.Answer != nil {
		return a.b.Answer(a.req)
	}
	last := ""
	if n := len(a.req.Messages); n > 0 {
		last = a.req.Messages[n-1].Content
	}
	return "Stub answer to: " + last
}

func (a *answer) usage(completion int) map[string]any {
	prompt := 0
	for _, m := range a.req.Messages {
		prompt += len(strings.Fields(m.Content))
	}
	return map[string]any{"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
		"prompt_tokens_details":     map[string]any{"cached_tokens": prompt / 2},
		"completion_tokens_details": map[string]any{"reasoning_tokens": 0}}
}

func (a *answer) finish() string {
	if a.b.FinishReason != "" {
		return a.b.FinishReason
	}
	return "stop"
}

func (a *answer) write() {
	text := a.text()
	tokens := Tokens(text)
	if a.b.NoStream || !a.req.Stream {
		a.w.Header().Set("Content-Type", "application/json")
		if !a.wait(a.b.FirstDelay) {
			return
		}
		body := map[string]any{"id": "stub", "object": "chat.completion", "model": a.req.Model, "choices": []any{map[string]any{
			"index": 0, "message": map[string]any{"role": "assistant", "content": text}, "finish_reason": a.finish()}}}
		if !a.b.NoUsage {
			body["usage"] = a.usage(len(tokens))
		}
		writeJSON(a.w, body)
		return
	}
	a.w.Header().Set("Content-Type", "text/event-stream")
	for i, token := range tokens {
		delay := a.b.Delay
		if i == 0 {
			delay = a.b.FirstDelay
		}
		if !a.wait(delay) || !a.may(i) {
			return
		}
		a.chunk(map[string]any{"content": token}, nil)
	}
	if !a.may(len(tokens)) {
		return
	}
	a.chunk(map[string]any{}, a.finish())
	if !a.b.NoUsage && a.req.StreamOptions["include_usage"] == true {
		a.event(map[string]any{"id": "stub", "object": "chat.completion.chunk", "model": a.req.Model, "choices": []any{}, "usage": a.usage(len(tokens))})
	}
	if !a.b.NoDone {
		_, _ = io.WriteString(a.w, "data: [DONE]\n\n")
	}
}

// may is false when the stream ends after the tokens sent so far.
func (a *answer) may(sent int) bool {
	switch {
	case a.b.HangAfter > 0 && sent >= a.b.HangAfter:
		<-a.r.Context().Done()
		return false
	case a.b.ErrorAfter > 0 && sent >= a.b.ErrorAfter:
		a.event(errorBody(a.b))
		return false
	case a.b.CutAfter > 0 && sent >= a.b.CutAfter:
		if conn, _, err := http.NewResponseController(a.w).Hijack(); err == nil {
			_ = conn.Close()
		}
		return false
	}
	return true
}

func (a *answer) chunk(delta map[string]any, finish any) {
	a.event(map[string]any{"id": "stub", "object": "chat.completion.chunk", "model": a.req.Model,
		"choices": []any{map[string]any{"index": 0, "delta": delta, "finish_reason": finish}}})
}

func (a *answer) event(v any) {
	_, _ = io.WriteString(a.w, "data: ")
	writeJSON(a.w, v)
	_, _ = io.WriteString(a.w, "\n\n")
	_ = http.NewResponseController(a.w).Flush()
}

// wait is false when the client has gone.
func (a *answer) wait(d time.Duration) bool {
	if d <= 0 {
		return a.r.Context().Err() == nil
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-a.r.Context().Done():
		return false
	}
}
