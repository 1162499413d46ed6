package openai

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
)

// doneMark is the data of the event that ends a stream.
const doneMark = "[DONE]"

// errDone ends the reading of a stream.
var errDone = errors.New("the stream is over")

// event is one server-sent event in the making.
type event struct {
	name string
	data []byte
}

// events reads server-sent events up to [DONE] or the end. Once the server has
// given the reason why the answer is finished, nothing that happens to the
// connection is an error any more; without it, not even [DONE] is a success.
func (a *answer) events(ctx context.Context, r *bufio.Reader) error {
	var e event
	for {
		if e.name == "" && len(e.data) == 0 {
			if err := a.takeAlike(r); err != nil {
				return err
			}
		}
		line, err := readLine(r)
		failed := a.line(&e, bytes.TrimRight(line, "\r\n"), err)
		switch {
		case a.refused != nil:
			return a.refused
		case errors.Is(failed, errDone), a.done && (failed != nil || err != nil):
			return a.ended()
		case failed != nil:
			return failed
		case err != nil:
			return a.failure(ctx, err)
		}
	}
}

// takeAlike takes the events that are in r's buffer already, as long as they are
// whole and differ in a piece of the answer alone from the one before. It never
// waits; the event that it stops at is read line by line.
func (a *answer) takeAlike(r *bufio.Reader) error {
	for a.joined.held == "" && a.split.said {
		there, _ := r.Peek(r.Buffered())
		text, size := a.alike.event(there)
		if size == 0 {
			return nil
		}
		if at := a.text.Len(); len(text) > 0 {
			a.text.Write(text)
			if err := a.pass(at); err != nil {
				return err
			}
		}
		_, _ = r.Discard(size) // it is there
	}
	return nil
}

// readLine reads up to the end of a line, which is valid until the next read.
func readLine(r *bufio.Reader) ([]byte, error) {
	line, err := r.ReadSlice('\n')
	if !errors.Is(err, bufio.ErrBufferFull) {
		return line, err
	}
	line = bytes.Clone(line)
	rest, err := r.ReadBytes('\n')
	return append(line, rest...), err
}

// line takes one line of a stream; err is what came with it.
func (a *answer) line(e *event, line []byte, err error) error {
	name, value, _ := bytes.Cut(line, []byte(":"))
	value = bytes.TrimPrefix(value, []byte(" "))
	switch {
	case len(line) == 0:
	case line[0] == '{' && (err == nil || json.Valid(line)): // JSON without a field's name
		if len(e.data) > 0 {
			if failed := a.dispatch(e); failed != nil {
				return failed
			}
		}
		e.data = append(e.data, line...)
		return a.dispatch(e)
	case string(name) == "data":
		if len(e.data) > 0 {
			e.data = append(e.data, '\n')
		}
		e.data = append(e.data, value...)
	case string(name) == "event":
		e.name = string(value)
	case string(name) == "error": // of llama.cpp
		e.name, e.data = "error", append(e.data[:0], value...)
	}
	switch {
	case len(e.data) == 0:
		return nil
	case len(line) == 0 && err == nil, e.name == "error" && string(name) == "error":
		return a.dispatch(e)
	case errors.Is(err, io.EOF) && (string(e.data) == doneMark || json.Valid(e.data)): // the last event may lack its blank line
		return a.dispatch(e)
	}
	return nil
}

// dispatch takes a complete event.
func (a *answer) dispatch(e *event) error {
	name, data := e.name, e.data
	e.name, e.data = "", e.data[:0]
	switch {
	case string(data) == doneMark:
		return errDone
	case name == "error":
		return a.streamError(reasonIn(data))
	}
	return a.event(data)
}

// ended is the outcome of a response that was read to its end.
func (a *answer) ended() error {
	switch {
	case a.done:
		return nil
	case a.text.Len() == 0 && a.reasoning.Len() == 0:
		return badResponse("The server answered without a choice.", nil)
	}
	return &Error{Code: CodeStreamCut, Retryable: true, Message: "The model server ended the stream without saying that the answer is complete."}
}
