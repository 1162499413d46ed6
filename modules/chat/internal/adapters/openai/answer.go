package openai

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// errTooLarge is the limit of watched.
var errTooLarge = errors.New("response too large")

// timers are stopped together.
type timers []*time.Timer

// Stop stops them.
func (t timers) Stop() {
	for _, one := range t {
		one.Stop()
	}
}

// watched counts the bytes of a response and ends the call when none come in
// time. Only the waiting counts, not what is done with the bytes meanwhile.
type watched struct {
	r      io.Reader
	left   int64
	first  timers // run until the first byte
	began  bool
	idle   time.Duration
	timer  *time.Timer // of the waiting, once there was any
	cancel context.CancelCauseFunc
	over   bool // r has ended or failed
}

func (w *watched) Read(p []byte) (int, error) {
	if w.left <= 0 {
		return 0, errTooLarge
	}
	switch {
	case !w.began:
	case w.timer == nil:
		w.timer = time.AfterFunc(w.idle, func() { w.cancel(errIdle) })
	default:
		w.timer.Reset(w.idle)
	}
	n, err := w.r.Read(p[:min(int64(len(p)), w.left)])
	if w.timer != nil {
		w.timer.Stop()
	}
	w.left -= int64(n)
	w.over = err != nil
	if n > 0 && !w.began {
		w.began = true
		w.first.Stop()
	}
	return n, err
}

// rest reads what stands behind the mark of the end. Most servers send nothing
// there but the end of the body; once that was read the connection can be used
// again. A server that does not end it in time loses the connection. The answer
// is whole by now, so that no error here matters.
func (w *watched) rest() {
	if w.over {
		return
	}
	const patience, most = 50 * time.Millisecond, 4 << 10
	timer := time.AfterFunc(patience, func() { w.cancel(nil) })
	defer timer.Stop()
	_, _ = io.CopyN(io.Discard, w.r, most)
}

// answer reads one response, streamed or whole.
type answer struct {
	client *Client
	emit   func(string) error
	body   io.Reader

	text      strings.Builder
	reasoning strings.Builder
	joined    joiner // of the answer
	mused     joiner // of the reasoning
	split     splitter
	result    Result
	chunk     wireChunk // the one that is read
	model     string    // as the server named it last
	alike     alike
	// done: the server said that the answer is complete.
	done bool
	// refused is the error of emit, and kept how many bytes of text it had taken
	// before.
	refused error
	kept    int
}

// readers are those of streams that are over, for the next ones. No text may be a
// part of their buffers: what is kept of a stream is copied out of them.
var readers = sync.Pool{New: func() any { return bufio.NewReaderSize(nil, 2<<10) }}

func (a *answer) read(ctx context.Context, contentType string) error {
	r, _ := readers.Get().(*bufio.Reader) // it has no others
	r.Reset(a.body)
	defer func() {
		r.Reset(nil)
		readers.Put(r)
	}()
	const usualText = 512 // bytes of an answer
	a.text.Grow(usualText)
	const mark = "\uFEFF" // which some servers begin a text with
	if start, err := r.Peek(len(mark)); err == nil && string(start) == mark {
		_, _ = r.Discard(len(mark))
	}
	kind, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	// Some servers stream under another name, and some don't stream.
	start, err := r.Peek(1)
	for err == nil && (start[0] == ' ' || start[0] == '\n' || start[0] == '\r' || start[0] == '\t') {
		_, _ = r.Discard(1)
		start, err = r.Peek(1)
	}
	switch {
	case err != nil:
		return a.failure(ctx, err)
	case start[0] == '{':
		return a.whole(ctx, r)
	case strings.TrimSpace(kind) == "text/event-stream", start[0] == 'd' || start[0] == ':' || start[0] == 'e':
		return a.events(ctx, r)
	}
	return badResponse("The server answered with something that is no chat completion. Check the base URL.", nil)
}

// whole reads an answer in one piece.
func (a *answer) whole(ctx context.Context, r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return a.failure(ctx, err)
	}
	// Lines of objects are a stream, too.
	decoder := json.NewDecoder(bytes.NewReader(data))
	for {
		var object json.RawMessage
		err := decoder.Decode(&object)
		switch {
		case errors.Is(err, io.EOF), err != nil && a.done:
			return a.ended()
		case err != nil:
			return badResponse("The server answered with something that is no chat completion.", err)
		}
		if err := a.event(object); err != nil {
			return err
		}
	}
}

// failure says what a read error means before the answer is complete. ctx is
// that of the request.
func (a *answer) failure(ctx context.Context, err error) error {
	switch {
	case errors.Is(err, errTooLarge):
		return &Error{Code: CodeTooLarge, Message: fmt.Sprintf("The answer has more than %d bytes.", a.client.config.MaxResponse)}
	case context.Cause(ctx) != nil:
		return netError(ctx, err)
	}
	return &Error{Code: CodeStreamCut, Retryable: true, Message: "The model server closed the connection before the answer was complete.", cause: err}
}

func badResponse(message string, cause error) error {
	return &Error{Code: CodeBadResponse, Message: message, cause: cause}
}

func (a *answer) event(data []byte) error {
	if text, ok := a.alike.piece(data); ok {
		return a.add(text)
	}
	chunk := &a.chunk
	if err := chunk.read(data); err != nil {
		return badResponse("The server answered with something that is no chat completion.", err)
	}
	if chunk.failed() {
		return a.streamError(reasonIn(data))
	}
	if chunk.Model != "" && chunk.Model != a.model {
		a.model, a.result.Model = chunk.Model, a.client.nameOf(chunk.Model)
	}
	a.alike.learn(data, chunk)
	if usage, ok := parseUsage(chunk.Usage); ok {
		a.result.Usage = usage
	}
	for i := range chunk.Choices {
		choice := &chunk.Choices[i]
		if choice.Index != 0 {
			continue
		}
		for _, part := range []*wireContent{&choice.Delta, &choice.Message} {
			a.reason(string(part.Reasoning) + string(part.ReasoningContent))
			if err := a.add(string(part.Content) + string(part.Refusal)); err != nil {
				return err
			}
		}
		if err := a.finish(string(choice.FinishReason)); err != nil {
			return err
		}
		if choice.Message.Content != "" { // a whole answer, which nothing cuts
			a.done = true
		}
	}
	return nil
}

// finish takes the server's reason why the answer is finished. One that tells
// of no end is an error: the answer may be cut.
func (a *answer) finish(said string) error {
	switch reason := strings.ToLower(said); reason {
	case "":
		return nil
	case "stop", "eos", "eos_token", "stop_sequence", "stop_token", "end_turn", "complete", "completed":
		a.result.FinishReason = FinishStop
	case "length", "max_tokens", "max_length", "model_length", "model_context_window_exceeded":
		a.result.FinishReason = FinishLength
	case "content_filter", "safety", "recitation", "blocklist", "prohibited_content", "spii", "guardrail_intervened", "refusal":
		a.result.FinishReason = FinishFiltered
	default:
		message := fmt.Sprintf("The server ended the answer with the reason %q.", a.client.redact(said))
		return &Error{Code: CodeStreamCut, Retryable: true, Message: message, Reason: message}
	}
	a.done = true
	return nil
}

// add takes a piece of the answer and passes on what is complete of it.
func (a *answer) add(delta string) error {
	thought, said := a.split.add(a.joined.add(delta))
	a.think(thought)
	return a.say(said)
}

// reason takes a piece of the reasoning that comes beside the answer.
func (a *answer) reason(delta string) { a.think(a.mused.add(delta)) }

// flush passes on what was held back for a piece that never came.
func (a *answer) flush() error {
	a.think(a.mused.flush())
	thought, said := a.split.add(a.joined.flush())
	rest := a.split.flush()
	a.think(thought)
	return a.say(said + rest)
}

func (a *answer) say(delta string) error {
	if delta == "" || a.refused != nil {
		return a.refused
	}
	at := a.text.Len()
	a.text.WriteString(delta)
	return a.pass(at)
}

// pass passes on the text from a place on. What is refused is no part of it.
func (a *answer) pass(at int) error {
	if err := a.emit(a.text.String()[at:]); err != nil {
		a.refused, a.kept = fmt.Errorf("passing the answer on: %w", err), at
	}
	return a.refused
}

// said is all that was passed on.
func (a *answer) said() string {
	if a.refused != nil {
		return a.text.String()[:a.kept]
	}
	return a.text.String()
}

// maxReasoning bounds what is kept of a model's reasoning, in bytes.
const maxReasoning = 64 << 10

func (a *answer) think(s string) {
	if a.reasoning.Len()+len(s) <= maxReasoning {
		a.reasoning.WriteString(s)
	}
}

// streamError is an error that comes as an event of a stream that began with
// 200: that of a server which gave up.
func (a *answer) streamError(wire wireError) error {
	e := a.client.providerError(500, wire)
	e.Status = 0
	return e
}
