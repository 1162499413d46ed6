package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
)

// delta is one stream event that carries text.
type delta struct {
	tokens int
	// sent is when the model sent the first of the tokens.
	sent time.Time
}

// readDelta reads an event of a stream whose text is the stub's tokens, such
// as "t1764380000000000 ". ok is false for events of another kind.
func readDelta(event []byte) (d delta, ok bool) {
	_, rest, ok := bytes.Cut(event, []byte(`"delta":"`))
	if !ok {
		return d, false
	}
	text, _, _ := bytes.Cut(rest, []byte(`"`))
	first, _, _ := bytes.Cut(bytes.TrimSpace(text), []byte(" "))
	micros, err := strconv.ParseInt(string(bytes.TrimPrefix(first, []byte("t"))), 10, 64)
	if err != nil {
		return d, false
	}
	return delta{tokens: bytes.Count(text, []byte("t")), sent: time.UnixMicro(micros)}, true
}

// Follow sends a request over a connection of its own and hands each event of
// the stream that answers it to seen, until the stream ends. A server that says
// that it is overloaded is asked again.
func (w *World) Follow(ctx context.Context, req []byte, seen func(event []byte)) error {
	for {
		err := w.follow(ctx, req, seen)
		if !errors.Is(err, errOverloaded) {
			return err
		}
		select {
		case <-time.After(retryOverloaded):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

var errOverloaded = errors.New("the server is overloaded")

// retryOverloaded is the server's Retry-After.
const retryOverloaded = time.Second

func (w *World) follow(ctx context.Context, req []byte, seen func(event []byte)) error {
	c, err := Dial(ctx, w.Addr)
	if err != nil {
		return err
	}
	defer c.Close()
	stop := context.AfterFunc(ctx, c.Close)
	defer stop()
	h, err := c.send(req)
	if err != nil {
		return err
	}
	body := bufio.NewReaderSize(c.stream(h), maxEvent)
	if h.status != 200 {
		said, _ := io.ReadAll(io.LimitReader(body, 300)) // it only explains
		if bytes.Contains(said, []byte("chat.overloaded")) {
			return errOverloaded
		}
		return fmt.Errorf("the stream was answered %d: %s", h.status, said)
	}
	for {
		line, err := body.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("reading a stream: %w", err)
		}
		if event, ok := bytes.CutPrefix(line, []byte("data: ")); ok {
			seen(event)
		}
	}
}

// maxEvent bounds one event, in bytes. The last one has the whole answer.
const maxEvent = 1 << 20
