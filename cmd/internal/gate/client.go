package gate

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

const (
	maxAnswer      = 64 << 20 // bytes
	requestTimeout = time.Minute
	tries          = 6
	longestPause   = 30 * time.Second
)

// client calls a server.
type client struct {
	base string
	key  string
	http *http.Client
	// pause is the first pause before a call is repeated; each is twice the one
	// before.
	pause time.Duration
}

func newClient(base, key string, pause time.Duration) (*client, error) {
	u, err := url.Parse(base)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("the server's address is %q; it should be like https://parley.example.com", base)
	}
	if key == "" {
		return nil, errors.New("there is no API key; set PARLEY_API_KEY")
	}
	return &client{base: strings.TrimRight(base, "/"), key: key, pause: pause, http: &http.Client{
		Timeout: requestTimeout,
		// The key must not go elsewhere.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}, nil
}

// refused is an answer of the server that says no.
type refused struct {
	status    int
	Code      string `json:"code"`
	Message   string `json:"message"`
	RequestID string `json:"request_id"`
	Errors    []struct {
		Field   string `json:"field"`
		Message string `json:"message"`
	} `json:"errors"`
}

func (r *refused) Error() string {
	s := fmt.Sprintf("the server answered %d: %s", r.status, r.Message)
	for _, e := range r.Errors {
		s += fmt.Sprintf(" %s: %s", e.Field, e.Message)
	}
	if r.RequestID != "" {
		s += " (request " + r.RequestID + ")"
	}
	return s
}

// passing reports whether a call may succeed when it is repeated.
func passing(status int) bool {
	return status == http.StatusTooManyRequests || status >= 500
}

// call does a request, and repeats it while the server can't be reached or is
// overloaded. A POST needs an idempotency key. The data of the answer is decoded
// into out.
func (c *client) call(ctx context.Context, method, path, idempotencyKey string, body, out any) error {
	var payload []byte
	if body != nil {
		var err error
		if payload, err = json.Marshal(body); err != nil {
			return fmt.Errorf("encoding the request: %w", err)
		}
	}
	pause := c.pause
	for try := 1; ; try++ {
		wait, err := c.once(ctx, method, path, idempotencyKey, payload, out)
		var no *refused
		if err == nil || ctx.Err() != nil || errors.As(err, &no) && !passing(no.status) && no.Code != "request_in_progress" || try == tries {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(max(wait, pause)):
		}
		pause = min(2*pause, longestPause)
	}
}

func (c *client) once(ctx context.Context, method, path, idempotencyKey string, payload []byte, out any) (wait time.Duration, err error) {
	r, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(payload))
	if err != nil {
		return 0, fmt.Errorf("making the request: %w", err)
	}
	r.Header.Set("Ocp-Apim-Subscription-Key", c.key)
	r.Header.Set("Accept", "application/json")
	if payload != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	if idempotencyKey != "" {
		r.Header.Set("Idempotency-Key", idempotencyKey)
	}
	answer, err := c.http.Do(r)
	if err != nil {
		return 0, fmt.Errorf("calling the server: %w", err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	if err != nil {
		return 0, fmt.Errorf("reading the answer: %w", err)
	}
	if answer.StatusCode/100 != 2 {
		if seconds, err := strconv.Atoi(answer.Header.Get("Retry-After")); err == nil {
			wait = min(time.Duration(seconds)*time.Second, longestPause)
		}
		no := &refused{}
		if json.Unmarshal(text, no) != nil || no.Message == "" {
			no.Message = "this is no answer of a Parley server"
		}
		no.status = answer.StatusCode
		return wait, no
	}
	var envelope struct {
		Data json.RawMessage `json:"data"`
	}
	if err = json.Unmarshal(text, &envelope); err == nil {
		err = json.Unmarshal(envelope.Data, out)
	}
	if err != nil {
		return 0, &refused{status: answer.StatusCode, Message: "this is no answer of a Parley server"}
	}
	return 0, nil
}
