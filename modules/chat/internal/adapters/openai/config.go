package openai

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"
)

// Config says where the server is and how long to wait for it. Zero fields
// take the defaults given beside them.
type Config struct {
	// BaseURL ends before /chat/completions, as in https://api.openai.com/v1.
	BaseURL string
	// APIKey may be empty for a local server. It never shows in an error.
	APIKey string
	// Model is asked when a request names none.
	Model string
	// MaxTokens is how many tokens an answer may have; 0 leaves it to the server.
	MaxTokens int64
	// What the model is known not to take. What is not known here is learned.
	NoStreaming, NoTemperature, NoSystemRole bool
	// Alternates: the model takes user and assistant in turn alone.
	Alternates bool

	FirstByte time.Duration // until the answer begins, in each attempt; 60s
	// Patience is how long nothing may come until Request.Loading is called; 5s.
	Patience time.Duration
	Idle     time.Duration // between two pieces of a stream; 30s
	Overall  time.Duration // for one call with all attempts; 10m

	// Attempts is how often a call is sent while the server answers 429 or 5xx
	// or can't be reached; 3.
	Attempts int
	// Backoff is the pause after the first attempt; it doubles and varies by a
	// half; 500ms. A server's Retry-After counts instead, up to MaxRetryAfter,
	// beyond which the call fails at once; 30s.
	Backoff, MaxRetryAfter time.Duration
	// MaxResponse is how many bytes one response may have; 16 MiB.
	MaxResponse int64
	// Transport is for tests; nil makes one with time limits on connecting.
	Transport http.RoundTripper
}

// Client calls one server. It is safe for concurrent use.
type Client struct {
	config  Config
	request *http.Request // without its body
	known   refusal       // that the configuration tells of
	refused refusals
	named   atomic.Pointer[named] // nil until the first answer
}

// New fails only on a BaseURL that is not one.
func New(c Config) (*Client, error) {
	base, err := url.Parse(c.BaseURL)
	if err != nil || base.Host == "" || base.Scheme != "http" && base.Scheme != "https" {
		return nil, fmt.Errorf("the base URL of the model server must be an http or https address, such as http://127.0.0.1:11434/v1")
	}
	c.FirstByte = orDefault(c.FirstByte, 60*time.Second)
	c.Patience = orDefault(c.Patience, 5*time.Second)
	c.Idle = orDefault(c.Idle, 30*time.Second)
	c.Overall = orDefault(c.Overall, 10*time.Minute)
	c.Attempts = orDefault(c.Attempts, 3)
	c.Backoff = orDefault(c.Backoff, 500*time.Millisecond)
	c.MaxRetryAfter = orDefault(c.MaxRetryAfter, 30*time.Second)
	c.MaxResponse = orDefault(c.MaxResponse, 16<<20)
	if c.Transport == nil {
		c.Transport = transport()
	}
	req, err := http.NewRequest(http.MethodPost, base.JoinPath("chat", "completions").String(), nil) //nolint:noctx // each call has its own
	if err != nil {
		return nil, fmt.Errorf("making a request: %w", err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "text/event-stream, application/json")
	c.authorize(req)
	return &Client{config: c, request: req, known: c.known()}, nil
}

func orDefault[T int | int64 | time.Duration](v, def T) T {
	if v <= 0 {
		return def
	}
	return v
}

func transport() http.RoundTripper {
	t, ok := http.DefaultTransport.(*http.Transport)
	if !ok {
		return http.DefaultTransport
	}
	t = t.Clone()
	t.MaxIdleConnsPerHost = 16
	t.MaxResponseHeaderBytes = 64 << 10
	// Tokens come in pieces of a few hundred bytes, from many servers' streams
	// at once. Most requests have less than 8 KiB: each goes out as one write,
	// which costs more than all else that is done to send it.
	t.ReadBufferSize, t.WriteBufferSize = 4<<10, 8<<10
	return t
}

// authorize sets the headers that servers know keys by. Without a key it is the
// user of the URL who asks.
func (c Config) authorize(req *http.Request) {
	switch user := req.URL.User; {
	case c.APIKey != "":
		req.Header.Set("Authorization", "Bearer "+c.APIKey)
		if strings.HasSuffix(req.URL.Hostname(), ".azure.com") {
			req.Header.Set("Api-Key", c.APIKey)
		}
	case user != nil:
		password, _ := user.Password()
		req.SetBasicAuth(user.Username(), password)
	}
}

// send sends a body. The transport is asked directly, not by an http.Client: a
// redirect would lose the body or show the key elsewhere, and nothing is wanted
// of cookies and the like. Like an http.Client it says so when the server of an
// https address does not speak TLS. Headers and URL belong to all calls; no
// transport may change them.
func (c *Client) send(ctx context.Context, body []byte) (*http.Response, error) {
	req := c.request.WithContext(ctx)
	req.ContentLength = int64(len(body))
	req.Body = io.NopCloser(bytes.NewReader(body))
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	resp, err := c.config.Transport.RoundTrip(req)
	if wrong := (tls.RecordHeaderError{}); errors.As(err, &wrong) && string(wrong.RecordHeader[:]) == "HTTP/" {
		err = http.ErrSchemeMismatch
	}
	if err != nil {
		return nil, netError(ctx, err)
	}
	return resp, nil
}
