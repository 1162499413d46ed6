package bench

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"
)

// pace is how the model answers: one token every interval, the first one at
// once. An interval of 0 sends answer, whole and at once.
type pace struct {
	interval time.Duration
	// tokens is how many there are; Endless goes on until the pace changes.
	tokens int
	// changed is closed when another pace is set: streams of this one end.
	changed chan struct{}
}

// Silence is an interval in which nothing comes within a measurement.
const Silence = time.Hour

// sign is how often a stream says that it is still there, as model servers do
// before a caller loses patience.
const sign = 10 * time.Second

// Endless is how many tokens come when no end is wanted.
const Endless = math.MaxInt

// answer is what the model says at once: 40 words that cite the first passage.
const answer = "The keeper wrote down every ship and its cargo [1], the weather of the day, the lamp, the flag, " +
	"and the names of those who came ashore before the evening; nothing else was noted about the house that year [1]."

// Stub is a model server that costs next to nothing: what it sends is rendered
// in advance. platform/webtest/modelstub, which can fail in every way, would
// need more CPU than what is measured here.
type Stub struct {
	URL    string
	server *http.Server
	pace   atomic.Pointer[pace]
	whole  []byte
}

// StartStub starts a model server at a port of this machine that is free.
func StartStub(ctx context.Context) (*Stub, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listening for the model stub: %w", err)
	}
	s := &Stub{URL: "http://" + l.Addr().String() + "/v1", whole: wholeAnswer()}
	s.SetPace(0, 0)
	s.server = &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	go func() { _ = s.server.Serve(l) }() // it ends when it is closed
	return s, nil
}

// SetPace changes the pace. Streams that have begun end with what they have sent.
func (s *Stub) SetPace(interval time.Duration, tokens int) {
	if old := s.pace.Swap(&pace{interval: interval, tokens: tokens, changed: make(chan struct{})}); old != nil {
		close(old.changed)
	}
}

// Close stops the server and breaks off every stream.
func (s *Stub) Close() error { return s.server.Close() }

const chunk = `data: {"id":"stub","object":"chat.completion.chunk","model":"stub","choices":[{"index":0,"delta":{"content":%q},"finish_reason":null}]}` + "\n\n"

const last = `data: {"id":"stub","object":"chat.completion.chunk","model":"stub","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}` + "\n\n" +
	`data: {"id":"stub","object":"chat.completion.chunk","model":"stub","choices":[],` +
	`"usage":{"prompt_tokens":900,"completion_tokens":%d,"total_tokens":%d}}` + "\n\n" +
	"data: [DONE]\n\n"

// wholeAnswer is the stream of answer, one word a chunk.
func wholeAnswer() []byte {
	var b []byte
	words := strings.SplitAfter(answer, " ")
	for _, w := range words {
		b = fmt.Appendf(b, chunk, w)
	}
	return fmt.Appendf(b, last, len(words), 900+len(words))
}

// ServeHTTP answers any chat completion with a stream.
func (s *Stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if _, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, MaxAnswer)); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "text/event-stream")
	if p := s.pace.Load(); p.interval > 0 {
		p.stream(r.Context(), w)
		return
	}
	_, _ = w.Write(s.whole) // a caller that has gone needs none
}

// stream sends tokens that say when they were sent; see readDelta.
func (p *pace) stream(ctx context.Context, w http.ResponseWriter) {
	flush := http.NewResponseController(w).Flush
	due := time.Now()
	timer := time.NewTimer(0)
	defer timer.Stop()
	alive := time.NewTicker(sign)
	defer alive.Stop()
	sent := 0
	for more := true; more && sent < p.tokens; {
		select {
		case <-ctx.Done():
			return
		case <-p.changed:
			more = false
		case <-alive.C:
			if _, err := io.WriteString(w, ": waiting\n\n"); err != nil || flush() != nil {
				return
			}
		case <-timer.C:
			if _, err := fmt.Fprintf(w, chunk, fmt.Sprintf("t%d ", time.Now().UnixMicro())); err != nil || flush() != nil {
				return
			}
			sent++
			due = due.Add(p.interval)
			timer.Reset(time.Until(due))
		}
	}
	_, _ = fmt.Fprintf(w, last, sent, 900+sent) // a caller that has gone needs none
}

// Contents joins what stands in "content" in the stub's stream, which escapes
// nothing.
func Contents(stream []byte) string {
	var text strings.Builder
	for {
		_, rest, ok := bytes.Cut(stream, []byte(`"content":"`))
		if !ok {
			return text.String()
		}
		var piece []byte
		piece, stream, _ = bytes.Cut(rest, []byte(`"`))
		text.Write(piece)
	}
}
