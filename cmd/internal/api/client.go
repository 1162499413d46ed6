package api

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	// MaxAnswer bounds an answer, and a line of a stream, in bytes.
	MaxAnswer = 64 << 20
	// patience is how long an answer may take that is not a stream: a model may
	// need minutes for it.
	patience = 5 * time.Minute

	tries        = 6
	longestPause = 30 * time.Second
)

// Client asks one server in the name of one caller. Calls may be made at the
// same time, but not while SignIn changes who the caller is.
type Client struct {
	base  string
	token string
	key   string
	http  *http.Client
	pause time.Duration // 0: nothing is repeated
}

// New makes a client of the server at an address such as
// http://127.0.0.1:8080. It has no credentials until SignIn or WithKey.
func New(base string) (*Client, error) {
	u, err := url.Parse(base)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("the server's address is %q; it should be like https://parley.example.com", base)
	}
	return &Client{base: strings.TrimRight(base, "/"), http: &http.Client{
		// Credentials must not go elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// WithKey makes a client that calls with an API key.
func WithKey(base, key string) (*Client, error) {
	if key == "" {
		return nil, errors.New("there is no API key; set PARLEY_API_KEY to one, which POST /api/api-key makes")
	}
	c, err := New(base)
	if err != nil {
		return nil, err
	}
	c.key = key
	return c, nil
}

// Patient makes calls repeat what may pass (a server that can't be reached, or
// is overloaded), up to six times. The first pause is given; each is twice the
// one before, or as long as the server asks for.
func (c *Client) Patient(pause time.Duration) *Client {
	patient := *c
	patient.pause = pause
	return &patient
}

// Base is the server's address without a slash at its end.
func (c *Client) Base() string { return c.base }

// Token is the access token of the sign-in, "" before.
func (c *Client) Token() string { return c.token }

// Get reads the data of an answer.
func (c *Client) Get(ctx context.Context, path string, data any) error {
	return c.Call(ctx, http.MethodGet, path, nil, data)
}

// Post sends a body as JSON and reads the data of the answer, which may be nil.
func (c *Client) Post(ctx context.Context, path string, body, data any) error {
	return c.Call(ctx, http.MethodPost, path, body, data)
}

// Call sends a body as JSON, unless it is nil, and reads the data of the answer
// into data, unless it is nil. A POST gets a key of idempotency of its own, so
// that a repeated one has its effect once.
func (c *Client) Call(ctx context.Context, method, path string, body, data any) error {
	key := ""
	if method == http.MethodPost {
		key = rand.Text()
	}
	return c.CallOnce(ctx, method, path, key, body, data)
}

// CallOnce is Call with a key of idempotency that the caller knows, to ask again
// for what the first call did.
func (c *Client) CallOnce(ctx context.Context, method, path, key string, body, data any) error {
	q, err := jsonRequest(method, path, body)
	if err != nil {
		return err
	}
	q.key = key
	if data == nil {
		return c.send(ctx, q, nil)
	}
	var envelope struct{ Data json.RawMessage }
	if err := c.send(ctx, q, &envelope); err != nil {
		return err
	}
	return decode(q, envelope.Data, data)
}

// Count is the number of entries of the list at a path.
func (c *Client) Count(ctx context.Context, path string) (int, error) {
	var list struct{ Meta struct{ Count int } }
	err := c.send(ctx, request{method: http.MethodGet, path: path}, &list)
	return list.Meta.Count, err
}

// Stream sends a body as JSON and answers the stream of events that comes back,
// which the caller closes. It ends with ctx and is never repeated.
func (c *Client) Stream(ctx context.Context, path string, body any) (io.ReadCloser, error) {
	q, err := jsonRequest(http.MethodPost, path, body)
	if err != nil {
		return nil, err
	}
	answer, err := c.open(ctx, q)
	if err != nil {
		return nil, err
	}
	return answer.Body, nil
}

// SignIn makes the caller of all later calls the user with this password.
func (c *Client) SignIn(ctx context.Context, email, password string) error {
	form := url.Values{"username": {email}, "password": {password}}
	var tokens struct {
		Access string `json:"ejento_access_token"`
	}
	err := c.send(ctx, request{
		method: http.MethodPost, path: "/api/login/access-token", contentType: "application/x-www-form-urlencoded", body: []byte(form.Encode()),
	}, &tokens)
	if err != nil {
		return fmt.Errorf("signing in as %s: %w", email, err)
	}
	c.token = tokens.Access
	return nil
}
