package bench

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http/httputil"
	"strconv"
	"time"
)

// patience is how long one request may take.
const patience = 2 * time.Minute

// MaxAnswer bounds what is read of one answer, in bytes.
const MaxAnswer = 16 << 20

// Conn is one keep-alive HTTP/1.1 connection. It reads no more of a response
// than a benchmark needs, so that the load costs little beside what is
// measured. It is for one goroutine.
type Conn struct {
	addr string
	net  net.Conn
	r    *bufio.Reader
	body []byte // reused by every answer
}

// Dial connects to the server at addr.
func Dial(ctx context.Context, addr string) (*Conn, error) {
	c, err := (&net.Dialer{}).DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("connecting: %w", err)
	}
	return &Conn{addr: addr, net: c, r: bufio.NewReaderSize(c, 32<<10)}, nil
}

// Request renders a request for send. An empty token sends no credentials.
func Request(method, path, addr, token string, body []byte) []byte {
	b := fmt.Appendf(nil, "%s %s HTTP/1.1\r\nHost: %s\r\n", method, path, addr)
	if token != "" {
		b = fmt.Appendf(b, "Authorization: Bearer %s\r\n", token)
	}
	if body != nil {
		b = fmt.Appendf(b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	return append(append(b, "\r\n"...), body...)
}

// head is what matters of a response's head.
type head struct {
	status  int
	length  int64 // -1: not known
	chunked bool
}

// send sends a rendered request and reads the head of the response.
func (c *Conn) send(req []byte) (head, error) {
	if err := c.net.SetDeadline(time.Now().Add(patience)); err != nil {
		return head{}, err
	}
	if _, err := c.net.Write(req); err != nil {
		return head{}, fmt.Errorf("sending a request: %w", err)
	}
	return c.readHead()
}

func (c *Conn) readHead() (head, error) {
	h := head{length: -1}
	for first := true; ; first = false {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return h, fmt.Errorf("reading the head of a response: %w", err)
		}
		line = bytes.TrimRight(line, "\r\n")
		switch name, value, _ := bytes.Cut(line, []byte(":")); {
		case first:
			fields := bytes.Fields(line)
			if len(fields) < 2 || !bytes.HasPrefix(line, []byte("HTTP/1.")) {
				return h, fmt.Errorf("%q is no status line", line)
			}
			if h.status, err = strconv.Atoi(string(fields[1])); err != nil {
				return h, fmt.Errorf("%q is no status line", line)
			}
		case len(line) == 0:
			return h, nil
		case bytes.EqualFold(name, []byte("Content-Length")):
			if h.length, err = strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64); err != nil {
				return h, fmt.Errorf("reading Content-Length: %w", err)
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			h.chunked = bytes.EqualFold(bytes.TrimSpace(value), []byte("chunked"))
		}
	}
}

// stream answers the body of a response, which ends where the response does.
func (c *Conn) stream(h head) io.Reader {
	if h.chunked {
		return httputil.NewChunkedReader(c.r)
	}
	return io.LimitReader(c.r, max(h.length, 0))
}

// Do sends a request and reads the whole response. The body is valid until the
// next call. A status other than 200 and 201 is an error.
func (c *Conn) Do(req []byte) ([]byte, error) {
	h, err := c.send(req)
	if err != nil {
		return nil, err
	}
	if h.length > MaxAnswer || (!h.chunked && h.length < 0) {
		return nil, fmt.Errorf("a body of %d bytes is not read", h.length)
	}
	body := bytes.NewBuffer(c.body[:0])
	if _, err := body.ReadFrom(io.LimitReader(c.stream(h), MaxAnswer)); err != nil {
		return nil, fmt.Errorf("reading a response: %w", err)
	}
	c.body = body.Bytes()
	if h.chunked { // the chunked reader leaves the last line end
		if _, err := c.r.Discard(len("\r\n")); err != nil && !errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("reading a response: %w", err)
		}
	}
	if h.status != 200 && h.status != 201 {
		return c.body, fmt.Errorf("the server answered %d: %.300s", h.status, c.body)
	}
	return c.body, nil
}

// Close closes the connection; nothing that was measured depends on how.
func (c *Conn) Close() { c.net.Close() }
