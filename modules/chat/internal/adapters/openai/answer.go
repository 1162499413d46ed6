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
	"time"
	"unicode/utf8"
)

// errTooLarge is the limit of watched.
var errTooLarge = errors.New("response too large")

// watched counts the bytes of a response and ends the call when none come in
// time. Only the waiting counts, not what is done with the bytes meanwhile.
type watched struct {
	r      io.Reader
	left   int64
	first  *time.Timer // runs until the first byte
	began  bool
	idle   time.Duration
	cancel context.CancelCauseFunc
}

func (w *watched) Read(p []byte) (int, error) {
	if w.left <= 0 {
		return 0, errTooLarge
	}
	if w.began {
		timer := time.AfterFunc(w.idle, func() { w.cancel(errIdle) })
		defer timer.Stop()
	}
	n, err := w.r.Read(p[:min(int64(len(p)), w.left)])
	w.left -= int64(n)
	if n > 0 && !w.began {
		w.began = true
		w.first.Stop()
	}
	return n, err
}

// answer reads one response, streamed or whole.
type answer struct {
	client *Client
	ctx    context.Context
	emit   func(string) error
	body   io.Reader

	text   strings.Builder
	result Result
	// done: the server said that the answer is complete.
	done bool
}

func (a *answer) read(contentType string) error {
	r := bufio.NewReader(a.body)
	kind, _, _ := strings.Cut(strings.ToLower(contentType), ";")
	if strings.TrimSpace(kind) == "text/event-stream" {
		return a.events(r)
	}
	// Some servers stream under another name, and some don't stream.
	start, err := r.Peek(1)
	for err == nil && (start[0] == ' ' || start[0] == '\n' || start[0] == '\r' || start[0] == '\t') {
		_, _ = r.Discard(1)
		start, err = r.Peek(1)
	}
	switch {
	case err != nil:
		return a.failure(err)
	case start[0] == '{':
		return a.whole(r)
	case start[0] == 'd' || start[0] == ':' || start[0] == 'e':
		return a.events(r)
	}
	return badResponse("The server answered with something that is no chat completion. Check the base URL.", nil)
}

// whole reads an answer in one piece.
func (a *answer) whole(r io.Reader) error {
	data, err := io.ReadAll(r)
	if err != nil {
		return a.failure(err)
	}
	return a.event(data)
}

// doneMark is the data of the event that ends a stream.
const doneMark = "[DONE]"

// events reads server-sent events up to [DONE] or the end. Once the server has
// given the reason why the answer is finished, nothing that happens to the
// connection is an error any more.
func (a *answer) events(r *bufio.Reader) error {
	var data []byte
	for {
		line, err := r.ReadBytes('\n')
		line = bytes.TrimRight(line, "\r\n")
		value, isData := bytes.CutPrefix(line, []byte("data:"))
		switch {
		case isData:
			if len(data) > 0 {
				data = append(data, '\n')
			}
			data = append(data, bytes.TrimPrefix(value, []byte(" "))...)
		case len(line) == 0 && len(data) > 0 && err == nil:
			if string(data) == doneMark {
				return nil
			}
			if err := a.event(data); err != nil {
				return err
			}
			data = data[:0]
		}
		if err == nil {
			continue
		}
		// The last event may lack its blank line.
		if len(data) > 0 && errors.Is(err, io.EOF) {
			if string(data) == doneMark {
				return nil
			}
			if json.Valid(data) {
				if err := a.event(data); err != nil {
					return err
				}
			}
		}
		if a.done {
			return nil
		}
		return a.failure(err)
	}
}

// failure says what a read error means before the answer is complete.
func (a *answer) failure(err error) error {
	switch {
	case errors.Is(err, errTooLarge):
		return &Error{Code: CodeTooLarge, Message: fmt.Sprintf("The answer has more than %d bytes.", a.client.config.MaxResponse)}
	case context.Cause(a.ctx) != nil:
		return netError(a.ctx, err)
	}
	return &Error{Code: CodeStreamCut, Retryable: true, Message: "The model server closed the connection before the answer was complete.", cause: err}
}

func badResponse(message string, cause error) error {
	return &Error{Code: CodeBadResponse, Message: message, cause: cause}
}

// wireChunk is a piece of a stream, or a whole answer.
type wireChunk struct {
	Model   string `json:"model"`
	Choices []struct {
		Index        int         `json:"index"`
		Delta        wireContent `json:"delta"`
		Message      wireContent `json:"message"`
		FinishReason string      `json:"finish_reason"`
	} `json:"choices"`
	Usage json.RawMessage `json:"usage"`
	Error json.RawMessage `json:"error"`
}

type wireContent struct {
	Content text   `json:"content"`
	Refusal string `json:"refusal"`
}

// text is a string, null, or a list of parts with text.
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(data []byte) error {
	// Most pieces are plain: the decoder has found the string to be one.
	if n := len(data); n >= 2 && data[0] == '"' && bytes.IndexByte(data, '\\') < 0 && utf8.Valid(data) {
		*t = text(data[1 : n-1])
		return nil
	}
	var s *string
	if err := json.Unmarshal(data, &s); err == nil {
		if s != nil {
			*t = text(*s)
		}
		return nil
	}
	var parts []struct {
		Text string `json:"text"`
	}
	if err := json.Unmarshal(data, &parts); err != nil {
		return fmt.Errorf("reading content: %w", err)
	}
	for _, p := range parts {
		*t += text(p.Text)
	}
	return nil
}

func (a *answer) event(data []byte) error {
	var chunk wireChunk
	if err := json.Unmarshal(data, &chunk); err != nil {
		return badResponse("The server answered with something that is no chat completion.", err)
	}
	if len(chunk.Error) > 0 && string(chunk.Error) != "null" {
		wire, _ := errorIn(data)
		return a.streamError(wire)
	}
	if chunk.Model != "" {
		a.result.Model = a.client.redact(chunk.Model)
	}
	if usage, ok := parseUsage(chunk.Usage); ok {
		a.result.Usage = usage
	}
	for _, choice := range chunk.Choices {
		if choice.Index != 0 {
			continue
		}
		for _, part := range []wireContent{choice.Delta, choice.Message} {
			if err := a.add(string(part.Content) + part.Refusal); err != nil {
				return err
			}
		}
		if choice.FinishReason != "" {
			a.result.FinishReason, a.done = choice.FinishReason, true
		}
	}
	return nil
}

func (a *answer) add(delta string) error {
	delta = strings.ReplaceAll(delta, "\x00", "") // which no database takes
	if delta == "" {
		return nil
	}
	if err := a.emit(delta); err != nil {
		return fmt.Errorf("passing the answer on: %w", err)
	}
	a.text.WriteString(delta)
	return nil
}

// streamError is an error that comes as an event of a stream that began with
// 200: that of a server which gave up.
func (a *answer) streamError(wire wireError) error {
	e := a.client.providerError(500, wire)
	e.Status = 0
	return e
}
