// Package webhook posts messages to the receivers of webhooks.
package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"

	"parley/modules/notifications/internal/core"
	"parley/platform/kernel/clock"
	"parley/platform/safehttp"
)

const (
	// maxAnswer is how much of an answer is read, in bytes.
	maxAnswer = 4 << 10
	// lookup bounds the look at the host's addresses when a URL is stored.
	lookup = 2 * time.Second
)

// Sender implements core.Sender.
type Sender struct {
	public, private *http.Client // private is for http, nil unless a network is allowed
	networks        []netip.Prefix
	clock           clock.Clock
}

// New returns a sender that reaches public addresses by https alone, and the
// networks by http as well.
func New(c clock.Clock, networks ...netip.Prefix) *Sender {
	limits := safehttp.Limits{Connect: 5 * time.Second, Answer: core.SendDeadline, Total: core.SendDeadline, IdlePerHost: 4}
	s := &Sender{public: still(safehttp.New(limits, networks...)), networks: networks, clock: c}
	if len(networks) > 0 {
		s.private = still(safehttp.Within(limits, networks...))
	}
	return s
}

// still makes a client follow no redirect: the answer is the redirect.
func still(c *http.Client) *http.Client {
	c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c
}

// Check implements core.Sender. What a host resolves to now says nothing of
// later: it spares its owner a surprise, and each connection is checked again.
func (s *Sender) Check(ctx context.Context, link string) string {
	u, err := url.Parse(link)
	switch {
	case err != nil || u.Hostname() == "" || u.Opaque != "":
		return "The URL must be absolute, such as https://example.com/events."
	case u.Scheme != "https" && (u.Scheme != "http" || s.private == nil):
		return "The URL must begin with https://."
	case u.User != nil:
		return "The URL must have no user name and no password in it."
	case u.Fragment != "":
		return "The URL must have no fragment."
	}
	for _, a := range addresses(ctx, u.Hostname()) {
		if safehttp.Reaches(a, s.networks...) != nil {
			return "The host of the URL has an address that is not public."
		}
		if u.Scheme == "http" && !s.allowed(a) {
			return "The URL must begin with https://; http is for the networks that the operator allows."
		}
	}
	return ""
}

func (s *Sender) allowed(a netip.Addr) bool {
	for _, n := range s.networks {
		if n.Contains(a.Unmap()) {
			return true
		}
	}
	return false
}

// addresses are what a host is or resolves to; none when it is not known.
func addresses(ctx context.Context, host string) []netip.Addr {
	if a, err := netip.ParseAddr(host); err == nil {
		return []netip.Addr{a}
	}
	ctx, cancel := context.WithTimeout(ctx, lookup)
	defer cancel()
	found, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return nil
	}
	return found
}

// Send implements core.Sender.
func (s *Sender) Send(ctx context.Context, link string, header map[string]string, body []byte) (core.Answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, link, bytes.NewReader(body))
	if err != nil {
		return core.Answer{}, errors.New("The URL can't be called.")
	}
	for name, value := range header {
		r.Header.Set(name, value)
	}
	r.Header.Set("User-Agent", "Parley-Webhooks/1")
	client := s.public
	if r.URL.Scheme == "http" {
		if client = s.private; client == nil {
			return core.Answer{}, errors.New("The URL must begin with https://.")
		}
	}
	res, err := client.Do(r)
	if err != nil {
		return core.Answer{}, explain(ctx, err)
	}
	defer res.Body.Close()
	answer := core.Answer{Status: int64(res.StatusCode), RetryAfter: s.retryAfter(res.Header.Get("Retry-After"))}
	beginning, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	answer.Body = strings.ToValidUTF8(strings.ReplaceAll(string(beginning), "\x00", ""), "\ufffd")
	if err != nil {
		return answer, explain(ctx, err)
	}
	return answer, nil
}

// retryAfter reads seconds or a date; 0 for anything else.
func (s *Sender) retryAfter(text string) time.Duration {
	if seconds, err := strconv.ParseUint(text, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0
	}
	return max(at.Sub(s.clock.Now()), 0)
}

// explain says for the webhook's owner why there was no whole answer. It tells
// nothing of the network that the server is in.
func explain(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.DeadlineExceeded) {
		return cause
	}
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var dialing *net.OpError
	var slow net.Error
	why := "The receiver closed the connection before its answer was whole."
	switch {
	case errors.Is(err, safehttp.ErrPrivate):
		why = "The host has an address that is not public."
	case errors.As(err, &dns):
		why = "The host was not found."
	case errors.As(err, &slow) && slow.Timeout(), errors.Is(err, context.DeadlineExceeded):
		why = fmt.Sprintf("The receiver did not answer within %d seconds.", int(core.SendDeadline.Seconds()))
	case errors.As(err, &certificate):
		why = "The receiver's certificate is not valid for its host."
	case errors.As(err, &dialing) && dialing.Op == "dial":
		why = "The receiver took no connection."
	}
	if errors.Is(err, safehttp.ErrPrivate) || (errors.As(err, &dialing) && dialing.Op == "dial") {
		return core.Unreachable(why)
	}
	return errors.New(why)
}
