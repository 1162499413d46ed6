// Package mailtest is a mail server for tests: it speaks SMTP on a port of this
// machine, with STARTTLS or TLS, wants a password when it is told to, keeps
// what it took, and fails in the ways in which mail servers fail.
package mailtest

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"parley/platform/kernel/clock"
)

// Options are what differs from a server that takes everything over STARTTLS.
type Options struct {
	ImplicitTLS bool
	// NoTLS offers no STARTTLS.
	NoTLS bool
	// User and Password are wanted of clients; "" wants none.
	User, Password string
	// Mechanism is how they sign in: PLAIN unless it says LOGIN.
	Mechanism string
	// Rcpt and Data answer for a recipient and for the n-th attempt to give
	// any message, from 1; nil takes it. Reply makes one.
	Rcpt func(to string) error
	Data func(n int, c *Conn) error
}

// Conn is the connection of one attempt.
type Conn struct {
	conn net.Conn
	// Closed is closed when the server is.
	Closed <-chan struct{}
}

// Break cuts the connection as a crash does.
func (c *Conn) Break() { _ = c.conn.Close() }

// Mail is one message that the server took.
type Mail struct {
	From   string // the envelope's
	To     []string
	Header mail.Header
	Raw    string
	Text   string // decoded
	HTML   string
}

// ID is the Message-ID without its brackets.
func (m Mail) ID() string { return strings.Trim(m.Header.Get("Message-Id"), "<>") }

// Subject is the decoded subject.
func (m Mail) Subject() string {
	s, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return m.Header.Get("Subject")
	}
	return s
}

// Server is a mail server in the test's process.
type Server struct {
	Host  string
	Port  int
	Roots *x509.CertPool // by which its certificate is signed
	PEM   []byte         // the same as a file

	t        testing.TB
	options  Options
	server   *smtp.Server
	stopped  chan struct{}
	mu       sync.Mutex
	arrived  *sync.Cond
	mails    []Mail
	attempts int
	sessions int
}

// New starts a server, which stops at the end of the test.
func New(t testing.TB, o Options) *Server {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address, ok := listener.Addr().(*net.TCPAddr)
	if !ok {
		t.Fatal("the listener has no TCP address")
	}
	s := &Server{t: t, options: o, Host: "127.0.0.1", Port: address.Port, stopped: make(chan struct{})}
	s.arrived = sync.NewCond(&s.mu)
	certificate := s.certificate()
	s.server = smtp.NewServer(s)
	s.server.Domain = "mail.test"
	s.server.AllowInsecureAuth = o.NoTLS
	s.server.ErrorLog = log.New(io.Discard, "", 0)
	secure := &tls.Config{Certificates: []tls.Certificate{certificate}, MinVersion: tls.VersionTLS12}
	switch {
	case o.ImplicitTLS:
		listener = tls.NewListener(listener, secure)
	case !o.NoTLS:
		s.server.TLSConfig = secure
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = s.server.Serve(listener) // it ends with the test
	}()
	t.Cleanup(func() {
		close(s.stopped)
		_ = s.server.Close()
		_ = listener.Close() // the server knows it once it serves, which may be later
		<-done
	})
	return s
}

// URL is the server as the setting has it.
func (s *Server) URL() string {
	scheme, user, plain := "smtp", "", ""
	if s.options.ImplicitTLS {
		scheme = "smtps"
	}
	if s.options.NoTLS {
		plain = "?tls=none"
	}
	if s.options.User != "" {
		user = s.options.User + ":" + s.options.Password + "@"
	}
	return fmt.Sprintf("%s://%s%s:%d%s", scheme, user, s.Host, s.Port, plain)
}

// Mails are those that the server took, in their order.
func (s *Server) Mails() []Mail {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Mail(nil), s.mails...)
}

// Attempts is how often a message was given, taken or not.
func (s *Server) Attempts() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.attempts
}

// Sessions is how many connections got as far as MAIL.
func (s *Server) Sessions() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sessions
}

// Wait answers the mails once there are n, or fails the test after a minute.
func (s *Server) Wait(n int) []Mail {
	s.t.Helper()
	late := false
	timer := time.AfterFunc(time.Minute, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		late = true
		s.arrived.Broadcast()
	})
	defer timer.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.mails) < n {
		if late {
			s.t.Fatalf("%d mails have come within a minute, not %d", len(s.mails), n)
		}
		s.arrived.Wait()
	}
	return append([]Mail(nil), s.mails...)
}

// NewSession implements smtp.Backend.
func (s *Server) NewSession(c *smtp.Conn) (smtp.Session, error) {
	return &session{server: s, conn: c}, nil
}

type session struct {
	server *Server
	conn   *smtp.Conn
	signed bool
	from   string
	to     []string
}

// AuthMechanisms implements smtp.AuthSession.
func (s *session) AuthMechanisms() []string {
	switch {
	case s.server.options.User == "":
		return nil
	case s.server.options.Mechanism != "":
		return []string{s.server.options.Mechanism}
	}
	return []string{sasl.Plain}
}

// Auth implements smtp.AuthSession.
func (s *session) Auth(mechanism string) (sasl.Server, error) {
	check := func(user, password string) error {
		if user != s.server.options.User || password != s.server.options.Password {
			return smtp.ErrAuthFailed
		}
		s.signed = true
		return nil
	}
	switch mechanism {
	case sasl.Plain:
		return sasl.NewPlainServer(func(_, user, password string) error { return check(user, password) }), nil
	case sasl.Login:
		return &login{check: check}, nil
	}
	return nil, smtp.ErrAuthUnknownMechanism
}

// login is the server's side of LOGIN, which go-sasl has no more.
type login struct {
	check func(user, password string) error
	user  *string
	asked bool
}

// Next implements sasl.Server.
func (l *login) Next(response []byte) ([]byte, bool, error) {
	switch {
	case !l.asked:
		l.asked = true
		return []byte("Username:"), false, nil
	case l.user == nil:
		user := string(response)
		l.user = &user
		return []byte("Password:"), false, nil
	}
	return nil, true, l.check(*l.user, string(response))
}

// Mail implements smtp.Session.
func (s *session) Mail(from string, _ *smtp.MailOptions) error {
	if s.server.options.User != "" && !s.signed {
		return smtp.ErrAuthRequired
	}
	s.from = from
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	s.server.sessions++
	return nil
}

// Rcpt implements smtp.Session.
func (s *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if refuse := s.server.options.Rcpt; refuse != nil {
		if err := refuse(to); err != nil {
			return err
		}
	}
	s.to = append(s.to, to)
	return nil
}

// Data implements smtp.Session.
func (s *session) Data(r io.Reader) error {
	s.server.mu.Lock()
	s.server.attempts++
	n := s.server.attempts
	s.server.mu.Unlock()
	refused := error(nil)
	if fail := s.server.options.Data; fail != nil {
		refused = fail(n, &Conn{conn: s.conn.Conn(), Closed: s.server.stopped})
	}
	var taken *takenAnyway
	if refused != nil && !errors.As(refused, &taken) {
		return refused
	}
	raw, err := io.ReadAll(r)
	if err != nil {
		return fmt.Errorf("reading a message: %w", err)
	}
	m, err := parse(raw)
	if err != nil {
		s.server.t.Errorf("the message can't be read: %v\n%s", err, raw)
		return err
	}
	m.From, m.To = s.from, s.to
	s.server.mu.Lock()
	s.server.mails = append(s.server.mails, m)
	s.server.arrived.Broadcast()
	s.server.mu.Unlock()
	if taken != nil {
		_ = s.conn.Conn().Close()
		return taken
	}
	return nil
}

// Reply is a refusal with a code such as 451 or 550.
func Reply(code int, message string) error {
	return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCode{code / 100, 7, 1}, Message: message}
}

// TakeAndBreak takes the message and cuts the connection before it says so.
func TakeAndBreak() error { return &takenAnyway{} }

type takenAnyway struct{}

func (*takenAnyway) Error() string { return "taken, and the connection cut" }

// Reset implements smtp.Session.
func (s *session) Reset() { s.from, s.to = "", nil }

// Logout implements smtp.Session.
func (s *session) Logout() error { return nil }

func parse(raw []byte) (Mail, error) {
	read, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Mail{}, fmt.Errorf("reading the header: %w", err)
	}
	m := Mail{Header: read.Header, Raw: string(raw)}
	kind, params, err := mime.ParseMediaType(read.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		return m, fmt.Errorf("the message is %q, not multipart/alternative: %w", kind, errors.Join(err))
	}
	parts := multipart.NewReader(read.Body, params["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return m, nil
		}
		if err != nil {
			return m, fmt.Errorf("reading a part: %w", err)
		}
		text, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			return m, fmt.Errorf("decoding a part: %w", err)
		}
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/plain") {
			m.Text = strings.ReplaceAll(string(text), "\r\n", "\n")
		} else {
			m.HTML = string(text)
		}
	}
}

// certificate is one for this machine, and the authority of it.
func (s *Server) certificate() tls.Certificate {
	s.t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		s.t.Fatal(err)
	}
	now := clock.System{}.Now()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "mail.test"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		s.t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		s.t.Fatal(err)
	}
	s.Roots = x509.NewCertPool()
	s.Roots.AddCert(parsed)
	s.PEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}
