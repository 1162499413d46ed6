// Package graphapi keeps the files of SharePoint items in SharePoint, which it
// reaches by Microsoft Graph with the credentials of an application.
package graphapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
	"golang.org/x/time/rate"

	"parley/modules/sharepoint/internal/core"
	"parley/platform/kernel/clock"
)

// Config is how Graph is reached.
type Config struct {
	// URL ends with the version of the API, or names the host of the tenant
	// behind it: https://graph.microsoft.com/v1.0/sites/contoso.sharepoint.com.
	URL string
	// LoginURL is where tokens come from, such as https://login.microsoftonline.com.
	LoginURL     string
	Tenant       string
	ClientID     string
	ClientSecret string
	// OrganizationID is whose backend this is.
	OrganizationID int64
	Clock          clock.Clock
	// HTTP makes the connections; nil means http.DefaultTransport.
	HTTP http.RoundTripper
	// Wait passes time; nil waits.
	Wait func(ctx context.Context, d time.Duration) error
}

// How Graph is called.
const (
	callsAtOnce   = 4                // in all
	callsPerDrive = 20               // in a second
	maxTries      = 6                // of one call
	maxPause      = 5 * time.Minute  // that Graph may ask for
	callTimeout   = 2 * time.Minute  // until an answer begins
	maxAnswer     = 16 << 20         // bytes of JSON
	maxDrives     = 1_000            // that are known by their roots and limits
	tokenTimeout  = 30 * time.Second // to get a token
)

// Client implements core.Backend and core.Backends. It is safe for concurrent
// use.
type Client struct {
	config Config
	base   string // without a slash at its end
	host   string // of the tenant, or root
	api    *http.Client
	plain  *http.Client // without credentials, for links that need none
	places chan struct{}

	mu     sync.Mutex
	drives map[string]*drive
	pause  time.Time // until when nothing is asked
}

// drive is what is remembered of a drive.
type drive struct {
	limit *rate.Limiter
	root  string // id of its root
}

var (
	_ core.Backend  = (*Client)(nil)
	_ core.Backends = (*Client)(nil)
)

// New returns a client. It asks for nothing yet.
func New(c Config) (*Client, error) {
	u, err := url.Parse(c.URL)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("reading the URL of SharePoint: %q is none", c.URL)
	}
	version, host, found := strings.Cut(strings.Trim(u.Path, "/"), "/sites/")
	if !found {
		host = "root"
	}
	base := u.Scheme + "://" + u.Host + "/" + version
	if c.HTTP == nil {
		c.HTTP = http.DefaultTransport
	}
	if c.Wait == nil {
		c.Wait = wait
	}
	tokens := &clientcredentials.Config{
		ClientID: c.ClientID, ClientSecret: c.ClientSecret, Scopes: []string{u.Scheme + "://" + u.Host + "/.default"}, AuthStyle: oauth2.AuthStyleInParams,
		TokenURL: strings.TrimSuffix(c.LoginURL, "/") + "/" + url.PathEscape(c.Tenant) + "/oauth2/v2.0/token",
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Client{
		config: c, base: base, host: host, drives: map[string]*drive{}, places: make(chan struct{}, callsAtOnce),
		api:   &http.Client{Transport: &withToken{tokens: tokens, base: c.HTTP, http: &http.Client{Transport: c.HTTP, Timeout: tokenTimeout}}, CheckRedirect: stay},
		plain: &http.Client{Transport: c.HTTP},
	}, nil
}

func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Backend implements core.Backends.
func (c *Client) Backend(organizationID int64) (core.Backend, error) {
	if organizationID != c.config.OrganizationID {
		return nil, core.ErrNotConnected
	}
	return c, nil
}

// withToken sends the application's token with every request. A token is asked
// for in the context of the request that needs it.
type withToken struct {
	tokens *clientcredentials.Config
	base   http.RoundTripper
	http   *http.Client
	mu     sync.Mutex
	token  *oauth2.Token
}

// RoundTrip implements http.RoundTripper.
func (t *withToken) RoundTrip(r *http.Request) (*http.Response, error) {
	token, err := t.current(r.Context())
	if err != nil {
		return nil, err
	}
	r = r.Clone(r.Context())
	token.SetAuthHeader(r)
	response, err := t.base.RoundTrip(r)
	if err == nil && response.StatusCode == http.StatusUnauthorized {
		t.forget(token)
	}
	return response, err
}

func (t *withToken) current(ctx context.Context) (*oauth2.Token, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token.Valid() {
		return t.token, nil
	}
	token, err := t.tokens.Token(context.WithValue(ctx, oauth2.HTTPClient, t.http))
	if err != nil {
		return nil, fmt.Errorf("getting a token for SharePoint: %w", err)
	}
	t.token = token
	return token, nil
}

func (t *withToken) forget(token *oauth2.Token) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.token == token {
		t.token = nil
	}
}

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
			case !again || try == maxTries || asked > maxPause || q.once && failure.status != http.StatusTooManyRequests && failure.status != http.StatusServiceUnavailable:
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
	now := c.config.Clock.Now()
	c.mu.Lock()
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
