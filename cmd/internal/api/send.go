package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// request is what is sent, as often as it takes.
type request struct {
	method, path string
	contentType  string // "" without a body
	body         []byte
	key          string // of idempotency; "" for none
}

func (q request) String() string { return q.method + " " + q.path }

func jsonRequest(method, path string, body any) (request, error) {
	q := request{method: method, path: path}
	if body == nil {
		return q, nil
	}
	var err error
	if q.body, err = json.Marshal(body); err != nil {
		return q, fmt.Errorf("writing the body of %s: %w", q, err)
	}
	q.contentType = "application/json"
	return q, nil
}

// send sends a request, again while that may help, and reads the JSON of the
// answer into into, unless that is nil. When ctx ends after a try has failed,
// the error has both: why it ended, and what that try failed of.
func (c *Client) send(ctx context.Context, q request, into any) error {
	pause := c.pause
	var before error // of the try before
	for try := 1; ; try++ {
		raw, err := c.once(ctx, q)
		if err == nil {
			return decode(q, raw, into)
		}
		var no *Refusal
		if ctx.Err() != nil {
			return errors.Join(err, before)
		}
		if c.pause == 0 || try == tries || errors.As(err, &no) && !no.passes() {
			return err
		}
		wait := pause
		if no != nil {
			wait = max(wait, no.retryAfter)
		}
		select {
		case <-ctx.Done():
			return errors.Join(context.Cause(ctx), err)
		case <-time.After(wait):
		}
		pause, before = min(2*pause, longestPause), err
	}
}

// once sends a request and answers the body of a success.
func (c *Client) once(ctx context.Context, q request) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	answer, err := c.open(ctx, q)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	return read(q, answer)
}

// open sends a request and answers what comes back, unless that is an error: a
// *Refusal when it came from a server.
func (c *Client) open(ctx context.Context, q request) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, q.method, c.base+q.path, bytes.NewReader(q.body))
	if err != nil {
		return nil, fmt.Errorf("making the request %s: %w", q, err)
	}
	for name, value := range map[string]string{
		"Content-Type":              q.contentType,
		"Idempotency-Key":           q.key,
		"Ocp-Apim-Subscription-Key": c.key,
	} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	if c.token != "" {
		r.Header.Set("Authorization", "Bearer "+c.token)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return nil, fmt.Errorf("calling the server at %s: %w", c.base, err)
	}
	if answer.StatusCode/100 == 2 {
		return answer, nil
	}
	defer answer.Body.Close()
	raw, err := read(q, answer)
	if err != nil {
		return nil, err
	}
	return nil, refusal(q, answer, raw)
}

func read(q request, answer *http.Response) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(answer.Body, MaxAnswer))
	if err != nil {
		return nil, fmt.Errorf("reading the answer to %s: %w", q, err)
	}
	return raw, nil
}

func decode(q request, raw []byte, into any) error {
	if into == nil {
		return nil
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("the answer to %s is not one of a Parley server; check the address: %w", q, err)
	}
	return nil
}
