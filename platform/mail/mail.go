// Package mail sends e-mail over SMTP: how a message looks, its headers, and
// what an answer of the mail server means.
//
// A message goes to one person over a connection of its own. The connection is
// encrypted unless the operator said otherwise. An error is permanent when the
// server refused this recipient or this message for good (5xx to RCPT or DATA);
// everything else is tried again: the server is away or busy, greylists, or
// refuses the sender or the password, which an operator can mend.
//
// What is said before the server has confirmed the message may have been taken
// all the same. It is then sent again with the same Message-ID, which is how
// mail programs show it once.
package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	netmail "net/mail"
	"regexp"
	"strings"
	"sync"
	"time"

	gomail "github.com/wneessen/go-mail"
	"golang.org/x/time/rate"

	"parley/platform/kernel/clock"
	"parley/platform/kernel/mail"
	"parley/platform/kernel/work"
)

// Server is how a mail server is reached.
type Server struct {
	Host     string
	Port     int
	User     string // "" sends without signing in
	Password string
	// ImplicitTLS encrypts from the first byte; otherwise STARTTLS must.
	ImplicitTLS bool
	// Plain sends unencrypted, as the operator wished.
	Plain bool
}

// Config is what a Sender needs.
type Config struct {
	Server
	From      string // an address, which may have a display name
	PublicURL string // what links begin with, without a slash at the end
	Roots     *x509.CertPool
	Clock     clock.Clock
}

const (
	// stepTimeout bounds connecting with the sign-in, and then giving the message.
	stepTimeout = 20 * time.Second
	// perSecond is how many messages one process sends in a second; burst at once.
	perSecond = 5
	burst     = 10
)

// Sender implements mail.Sender.
type Sender struct {
	config    Config
	from      *netmail.Address
	domain    string // of the sender, for the Message-ID
	publicURL string
	pace      *rate.Limiter
}

var _ mail.Sender = (*Sender)(nil)

// New returns a sender over a mail server that is not called yet.
func New(c Config) (*Sender, error) {
	from, err := netmail.ParseAddress(c.From)
	if err != nil || !mail.IsAddress(from.Address) {
		return nil, fmt.Errorf("%q is no e-mail address to send from", c.From)
	}
	_, domain, _ := strings.Cut(from.Address, "@")
	return &Sender{config: c, from: from, domain: domain, publicURL: strings.TrimRight(c.PublicURL, "/"), pace: rate.NewLimiter(perSecond, burst)}, nil
}

// On implements mail.Sender.
func (s *Sender) On() bool { return true }

// Send implements mail.Sender.
func (s *Sender) Send(ctx context.Context, m mail.Message) error {
	msg, err := s.message(m)
	if err != nil {
		return work.Permanent(fmt.Errorf("writing message %q: %w", m.ID, err))
	}
	if err := s.pace.Wait(ctx); err != nil {
		return fmt.Errorf("waiting to send a message: %w", err)
	}
	if err := s.deliver(ctx, msg); err != nil {
		return judged(fmt.Errorf("sending message %s: %w", m.ID, err))
	}
	return nil
}

var validID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,200}$`)

// message is m with its headers. Values that come from users are one line of
// text or a parsed address, so that none can become a header or a recipient.
func (s *Sender) message(m mail.Message) (*gomail.Msg, error) {
	if !validID.MatchString(m.ID) {
		return nil, fmt.Errorf("%q is no id of a message", m.ID)
	}
	if !mail.IsAddress(m.To) {
		return nil, errors.New("the recipient is no single e-mail address")
	}
	v, err := s.viewOf(m)
	if err != nil {
		return nil, err
	}
	text, html, err := render(v)
	if err != nil {
		return nil, err
	}
	msg := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	msg.FromMailAddress(s.from)
	msg.ToMailAddress(&netmail.Address{Address: m.To})
	msg.Subject(v.Subject)
	msg.SetMessageIDWithValue(m.ID + "@" + s.domain)
	msg.SetDateWithValue(s.config.Clock.Now())
	// No vacation notice or ticket system answers a machine (RFC 3834).
	msg.SetGenHeader("Auto-Submitted", "auto-generated")
	msg.SetGenHeader(gomail.HeaderXAutoResponseSuppress, "All")
	if v.Unsubscribe != "" {
		msg.SetListUnsubscribe("<" + v.Unsubscribe + ">")
		if strings.HasPrefix(v.Unsubscribe, "https://") { // RFC 8058 knows nothing else
			msg.SetGenHeader("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
		}
	}
	msg.SetBodyString(gomail.TypeTextPlain, text)
	msg.AddAlternativeString(gomail.TypeTextHTML, html)
	return msg, nil
}

// deliver answers nil once the server has taken the message, also when the
// goodbye after it fails: sending it again would deliver it twice.
func (s *Sender) deliver(ctx context.Context, msg *gomail.Msg) error {
	var open connections
	defer open.close()
	client, err := gomail.NewClient(s.config.Host, s.options(&open)...)
	if err != nil {
		return fmt.Errorf("setting up: %w", err)
	}
	// The library looks at deadlines alone once it is connected.
	defer context.AfterFunc(ctx, open.close)()
	if err := client.DialAndSendWithContext(ctx, msg); err != nil && !msg.IsDelivered() {
		if cause := context.Cause(ctx); cause != nil {
			return cause
		}
		return err
	}
	return nil
}

// Check connects and signs in as for a message, and sends none.
func (s *Sender) Check(ctx context.Context) error {
	var open connections
	defer open.close()
	client, err := gomail.NewClient(s.config.Host, s.options(&open)...)
	if err != nil {
		return fmt.Errorf("setting up: %w", err)
	}
	defer context.AfterFunc(ctx, open.close)()
	err = client.DialWithContext(ctx)
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}

func (s *Sender) options(open *connections) []gomail.Option {
	c := s.config
	secure := &tls.Config{ServerName: c.Host, MinVersion: tls.VersionTLS12, RootCAs: c.Roots}
	options := []gomail.Option{
		gomail.WithPort(c.Port), gomail.WithTimeout(stepTimeout), gomail.WithTLSConfig(secure), gomail.WithTLSPolicy(gomail.TLSMandatory), gomail.WithoutNoop(),
	}
	dial := (&net.Dialer{}).DialContext
	switch {
	case c.ImplicitTLS:
		options = append(options, gomail.WithSSL())
		dial = (&tls.Dialer{Config: secure}).DialContext
	case c.Plain:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS))
	}
	if c.User != "" {
		// Not the library's own order, which prefers NTLM to PLAIN.
		options = append(options, gomail.WithUsername(c.User), gomail.WithPassword(c.Password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthCramMD5))
	}
	return append(options, gomail.WithDialContextFunc(func(ctx context.Context, network, address string) (net.Conn, error) {
		conn, err := dial(ctx, network, address)
		if err == nil {
			open.add(conn)
		}
		return conn, err
	}))
}

// connections closes what the library leaves open when a greeting, STARTTLS
// or a sign-in fails, and what still waits when the context ends.
type connections struct {
	mu     sync.Mutex
	open   []net.Conn
	closed bool
}

func (c *connections) add(conn net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open = append(c.open, conn)
	if c.closed {
		_ = conn.Close()
	}
}

func (c *connections) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	for _, conn := range c.open {
		_ = conn.Close() // it may be closed already
	}
	c.open = nil
}

// judged marks an error that another attempt would not cure: this server
// refuses this recipient, or this message.
func judged(err error) error {
	var refused *gomail.SendError
	if !errors.As(err, &refused) || refused.ErrorCode() < 500 {
		return err
	}
	switch refused.Reason {
	case gomail.ErrSMTPRcptTo, gomail.ErrSMTPData, gomail.ErrSMTPDataClose:
		return work.Permanent(err)
	}
	return err
}

// Off is the sender of a server without a mail server.
type Off struct{}

// ErrOff answers every message then.
var ErrOff = errors.New("no mail server is configured; set PARLEY_SMTP_URL")

// On implements mail.Sender.
func (Off) On() bool { return false }

// Send implements mail.Sender.
func (Off) Send(context.Context, mail.Message) error { return work.Permanent(ErrOff) }
