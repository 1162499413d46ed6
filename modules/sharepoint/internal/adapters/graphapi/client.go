// Package graphapi keeps the files of SharePoint items in SharePoint, which it
// reaches by Microsoft Graph with the credentials of an application.
package graphapi

import (
	"context"
	"fmt"
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
