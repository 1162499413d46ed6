package graphapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/time/rate"

	"parley/modules/sharepoint/internal/core"
)

// call is one question to Graph.
type call struct {
	method string
	url    string
	drive  string // whose limit counts; "" for none
	header http.Header
	body   []byte
	// content is a body that is sent from its position start on, in place of body.
	content     *source
	start, size int64
	plain       bool // without credentials
	// once says that the call must not be repeated when nobody knows what came of it.
	once bool
}

// do asks, as often as it makes sense. The caller closes the body of the
// answer, which is a success or a redirect; all else is an error.
func (c *Client) do(ctx context.Context, q call) (*http.Response, error) {
	renewed := false
	for try := 1; ; try++ {
		response, err := c.try(ctx, q)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		pause := time.Second << (try - 1)
		switch {
		case err != nil:
			var refused *oauth2.RetrieveError
			if errors.As(err, &refused) {
				return nil, fmt.Errorf("%w: %w", core.ErrRefused, err)
			}
			if q.once || try == maxTries {
				return nil, core.Unavailable("calling SharePoint", err)
			}
		case response.StatusCode < http.StatusBadRequest:
			return response, nil
		default:
			failure := readFailure(response)
			asked, again := failure.pause()
			switch {
			case failure.status == http.StatusUnauthorized && !q.plain && !renewed:
				renewed, pause = true, 0 // the token may have been revoked
			case !again || try == maxTries || asked > maxPause ||
				q.once && failure.status != http.StatusTooManyRequests && failure.status != http.StatusServiceUnavailable:
				return nil, failure.explain(q)
			case asked > 0:
				pause = asked
				c.hold(asked)
			}
		}
		if err := c.config.Wait(ctx, pause); err != nil {
			return nil, err
		}
	}
}

// hold keeps all calls back for a while, as Graph asked.
func (c *Client) hold(d time.Duration) {
	until := c.config.Clock.Now().Add(d)
	c.mu.Lock()
	defer c.mu.Unlock()
	if until.After(c.pause) {
		c.pause = until
	}
}

// turn waits until a call may go out.
func (c *Client) turn(ctx context.Context, driveID string) error {
	c.mu.Lock()
	now := c.config.Clock.Now() // in order, or the limiter would count a time twice
	delay := c.pause.Sub(now)
	if driveID != "" {
		delay = max(delay, c.drive(driveID).limit.ReserveN(now, 1).DelayFrom(now))
	}
	c.mu.Unlock()
	if delay > 0 {
		return c.config.Wait(ctx, delay)
	}
	return nil
}

// drive is what is remembered of a drive. c.mu is locked.
func (c *Client) drive(id string) *drive {
	d, ok := c.drives[id]
	if !ok {
		if len(c.drives) >= maxDrives {
			clear(c.drives)
		}
		d = &drive{limit: rate.NewLimiter(callsPerDrive, callsPerDrive)}
		c.drives[id] = d
	}
	return d
}

// try asks once. A place is held until the answer begins.
func (c *Client) try(ctx context.Context, q call) (*http.Response, error) {
	if err := c.turn(ctx, q.drive); err != nil {
		return nil, err
	}
	select {
	case c.places <- struct{}{}:
		defer func() { <-c.places }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	var body io.Reader = bytes.NewReader(q.body)
	if q.content != nil {
		part, err := q.content.part(q.start, q.size)
		if err != nil {
			return nil, err
		}
		body = part
	}
	ctx, cancel := context.WithCancel(ctx)
	r, err := http.NewRequestWithContext(ctx, q.method, q.url, body)
	if err != nil {
		cancel()
		return nil, fmt.Errorf("making a request: %w", err)
	}
	if q.content != nil {
		if r.ContentLength = q.size; q.size == 0 {
			r.Body = http.NoBody
		}
	}
	for name, values := range q.header {
		r.Header[name] = values
	}
	client := c.api
	if q.plain {
		client = c.plain
	}
	late := time.AfterFunc(callTimeout+time.Duration(q.size)*time.Microsecond, cancel) // at least 1 MB a second
	response, err := client.Do(r)
	if !late.Stop() || err != nil {
		cancel()
	}
	if err != nil {
		return nil, err
	}
	response.Body = &closing{response.Body, cancel}
	return response, nil
}

// closing is a body that ends the context of its call.
type closing struct {
	io.ReadCloser
	cancel context.CancelFunc
}

// Close implements io.Closer.
func (b *closing) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

// json asks and reads the answer into a value; nil reads none.
func (c *Client) json(ctx context.Context, q call, into any) error {
	if q.body != nil {
		q.header = http.Header{"Content-Type": {"application/json"}}
	}
	response, err := c.do(ctx, q)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if into == nil {
		return nil
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, maxAnswer)).Decode(into); err != nil {
		return core.Unavailable("reading an answer of SharePoint", err)
	}
	return nil
}
