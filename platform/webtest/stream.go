package webtest

import (
	"bufio"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// Event is one event of a stream.
type Event map[string]any

// Step is the event's step.
func (e Event) Step() string { s, _ := e["step"].(string); return s }

// Stream is an answer that is read event by event.
type Stream struct {
	t      testing.TB
	Status int
	Header http.Header
	lines  *bufio.Reader
	body   io.Closer
}

// Stream sends a request that accepts an event stream. The answer is read
// while it is written, so over a handler a server is started for the test. It
// may publish something at any time, so Together says what is expected of it.
func (c Client) Stream(method, path string, body any) *Stream {
	c.t.Helper()
	if c.expected != nil {
		c.t.Fatal("events are expected of a stream; Together holds it to them")
	}
	if c.handler != nil {
		server := httptest.NewServer(c.handler)
		c.t.Cleanup(server.Close)
		c.handler, c.base = nil, server.URL
	}
	kind, raw := encode(c.t, body)
	r := c.request(method, path, kind, raw)
	r.Header.Set("Accept", "text/event-stream")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	c.t.Cleanup(func() { _ = response.Body.Close() }) // before the server waits for it
	return &Stream{t: c.t, Status: response.StatusCode, Header: response.Header, lines: bufio.NewReader(response.Body), body: response.Body}
}

// Next answers the next event, or false at the end. Anything that is not the
// contract's wire form ends the test.
func (s *Stream) Next() (Event, bool) {
	s.t.Helper()
	for {
		line, err := s.lines.ReadString('\n')
		switch {
		case errors.Is(err, io.EOF) && line == "":
			return nil, false
		case err != nil:
			s.t.Fatalf("reading the stream: %v after %q", err, line)
		case line == ": ping\n":
			continue
		}
		data, ok := strings.CutPrefix(line, "data: ")
		if end, err := s.lines.ReadString('\n'); !ok || err != nil || end != "\n" {
			s.t.Fatalf("%q and %q are not an event", line, end)
		}
		var e Event
		if err := json.Unmarshal([]byte(data), &e); err != nil {
			s.t.Fatalf("event %q: %v", data, err)
		}
		return e, true
	}
}

// All answers the events that are left, to the end.
func (s *Stream) All() []Event {
	s.t.Helper()
	var all []Event
	for {
		e, ok := s.Next()
		if !ok {
			return all
		}
		all = append(all, e)
	}
}

// Until reads up to an event of a step, and answers the id of the stored record
// if it came by. A stream that ends before ends the test.
func (s *Stream) Until(step string) int64 {
	s.t.Helper()
	var record float64
	for {
		e, ok := s.Next()
		if !ok {
			s.t.Fatalf("the stream ended before %s", step)
		}
		if id, ok := e["agent_response_id"].(float64); ok {
			record = id
		}
		if e.Step() == step {
			return int64(record)
		}
	}
}

// Close goes away, as a client does that lost interest.
func (s *Stream) Close() { _ = s.body.Close() }

// Events reads the stream that a finished answer holds.
func (a Answer) Events() []Event {
	a.t.Helper()
	s := &Stream{t: a.t, lines: bufio.NewReader(strings.NewReader(string(a.Body)))}
	return s.All()
}
