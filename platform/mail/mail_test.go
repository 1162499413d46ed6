package mail_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"parley/platform/kernel/clock"
	kernel "parley/platform/kernel/mail"
	"parley/platform/kernel/work"
	"parley/platform/mail"
	"parley/platform/mail/mailtest"
)

var at = time.Date(2026, 11, 29, 8, 0, 0, 0, time.UTC)

// sender is one that reaches the server as its options say.
func sender(t *testing.T, s *mailtest.Server, change func(*mail.Config)) *mail.Sender {
	t.Helper()
	c := mail.Config{
		Server: mail.Server{Host: s.Host, Port: s.Port}, From: "Parley <parley@example.com>", PublicURL: "https://parley.example.com/", Roots: s.Roots,
		Clock: clock.NewFixed(at),
	}
	if change != nil {
		change(&c)
	}
	out, err := mail.New(c)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// letter is a message with everything in it.
func letter() kernel.Message {
	return kernel.Message{
		ID: "0199-ab.7", To: "jo@example.org", Subject: "Grüße & <b>news</b>", Paragraphs: []string{"Hello Jo,", "first line\nsecond line"},
		Sections: []kernel.Section{{Title: "A <script>", Text: "text & more", Link: &kernel.Link{Label: "Open", Path: "/api/agent/7"}}},
		Link:     &kernel.Link{Label: "Set a password", Path: "/account#reset=abc"}, Code: "abc", After: []string{"It works for an hour."},
		Reason: "You have an account.", Unsubscribe: "/api/notification/unsubscribe?token=a-b_c",
	}
}

func TestAMessageArrivesAsTextAndHTML(t *testing.T) {
	server := mailtest.New(t, mailtest.Options{})
	if err := sender(t, server, nil).Send(t.Context(), letter()); err != nil {
		t.Fatal(err)
	}
	got := server.Mails()[0]
	for name, want := range map[string]string{
		"From": `"Parley" <parley@example.com>`, "To": "<jo@example.org>", "Message-Id": "<0199-ab.7@example.com>", "Date": "Sun, 29 Nov 2026 08:00:00 +0000",
		"Auto-Submitted": "auto-generated", "List-Unsubscribe": "<https://parley.example.com/api/notification/unsubscribe?token=a-b_c>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
	} {
		if h := got.Header.Get(name); h != want {
			t.Errorf("%s is %q, not %q", name, h, want)
		}
	}
	if got.Subject() != "Grüße & <b>news</b>" || got.From != "parley@example.com" || strings.Join(got.To, ",") != "jo@example.org" {
		t.Errorf("got %q from %s to %v", got.Subject(), got.From, got.To)
	}
	for _, want := range []string{
		"first line\nsecond line", "A <script>\ntext & more\nOpen: https://parley.example.com/api/agent/7\n", "Set a password:\nhttps://parley.example.com/account#reset=abc\n\nabc\n",
		"It works for an hour.", "-- \nYou have an account.\nNo more of these by e-mail: https://parley.example.com/api/notification/unsubscribe?token=a-b_c\n",
	} {
		if !strings.Contains(got.Text, want) {
			t.Errorf("the text lacks %q:\n%s", want, got.Text)
		}
	}
	for _, want := range []string{`href="https://parley.example.com/account#reset=abc"`, "A &lt;script&gt;", "text &amp; more"} {
		if !strings.Contains(got.HTML, want) {
			t.Errorf("the HTML lacks %q:\n%s", want, got.HTML)
		}
	}
	if strings.Contains(got.HTML, "<script") || strings.Contains(got.HTML, "<img") {
		t.Errorf("the HTML has what it must not have:\n%s", got.HTML)
	}
}

func TestAServerIsReachedAsTheURLSays(t *testing.T) {
	signed := mailtest.Options{User: "parley", Password: "p@ss:word"}
	implicit, login, plain := signed, signed, mailtest.Options{NoTLS: true}
	implicit.ImplicitTLS, login.Mechanism = true, "LOGIN"
	for name, c := range map[string]struct {
		options mailtest.Options
		change  func(*mail.Config)
		fails   string
	}{
		"STARTTLS and PLAIN": {signed, func(c *mail.Config) { c.User, c.Password = signed.User, signed.Password }, ""},
		"STARTTLS and LOGIN": {login, func(c *mail.Config) { c.User, c.Password = signed.User, signed.Password }, ""},
		"TLS from the start": {implicit, func(c *mail.Config) { c.ImplicitTLS, c.User, c.Password = true, signed.User, signed.Password }, ""},
		"without a sign-in":  {mailtest.Options{}, nil, ""},
		"without TLS":        {plain, func(c *mail.Config) { c.Plain = true }, ""},
		"a server without STARTTLS is not used in the open": {plain, nil, "STARTTLS"},
		"a certificate that nobody vouches for":             {mailtest.Options{}, func(c *mail.Config) { c.Roots = nil }, "certificate"},
		"a wrong password":                                  {signed, func(c *mail.Config) { c.User, c.Password = signed.User, "wrong" }, "535"},
		"no sign-in where one is wanted":                    {signed, nil, "502"},
		"a server that takes no sign-in":                    {mailtest.Options{}, func(c *mail.Config) { c.User, c.Password = "a", "b" }, "AUTH"},
		"nobody there":                                      {mailtest.Options{}, func(c *mail.Config) { c.Port = 1 }, "refused"},
	} {
		t.Run(name, func(t *testing.T) {
			server := mailtest.New(t, c.options)
			err := sender(t, server, c.change).Send(t.Context(), letter())
			if c.fails == "" {
				if err != nil || len(server.Mails()) != 1 {
					t.Fatalf("%d arrived, %v", len(server.Mails()), err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.fails) || work.IsPermanent(err) || len(server.Mails()) != 0 {
				t.Errorf("want a passing error about %q, got %v (permanent: %t)", c.fails, err, work.IsPermanent(err))
			}
			if err != nil && strings.Contains(err.Error(), "p@ss") {
				t.Errorf("the error has the password: %v", err)
			}
		})
	}
}

func TestWhatARefusalMeans(t *testing.T) {
	for name, c := range map[string]struct {
		options   mailtest.Options
		permanent bool
	}{
		"greylisting":                       {mailtest.Options{Rcpt: func(string) error { return mailtest.Reply(451, "try again in 300 seconds") }}, false},
		"a full mailbox":                    {mailtest.Options{Rcpt: func(string) error { return mailtest.Reply(452, "mailbox full") }}, false},
		"an unknown recipient":              {mailtest.Options{Rcpt: func(string) error { return mailtest.Reply(550, "no such user") }}, true},
		"a refused message":                 {mailtest.Options{Data: func(int, *mailtest.Conn) error { return mailtest.Reply(554, "looks like spam") }}, true},
		"a message that is refused for now": {mailtest.Options{Data: func(int, *mailtest.Conn) error { return mailtest.Reply(421, "going down") }}, false},
		"a connection cut in the message":   {mailtest.Options{Data: func(_ int, c *mailtest.Conn) error { c.Break(); return errors.New("cut") }}, false},
		"a connection cut after it":         {mailtest.Options{Data: func(int, *mailtest.Conn) error { return mailtest.TakeAndBreak() }}, false},
	} {
		t.Run(name, func(t *testing.T) {
			err := sender(t, mailtest.New(t, c.options), nil).Send(t.Context(), letter())
			if err == nil || work.IsPermanent(err) != c.permanent {
				t.Errorf("got %v, permanent: %t", err, work.IsPermanent(err))
			}
		})
	}
}

func TestOneRefusedRecipientStopsNoOther(t *testing.T) {
	server := mailtest.New(t, mailtest.Options{Rcpt: func(to string) error {
		if to == "gone@example.org" {
			return mailtest.Reply(550, "no such user")
		}
		return nil
	}})
	s := sender(t, server, nil)
	gone, there := letter(), letter()
	gone.To = "gone@example.org"
	if err := s.Send(t.Context(), gone); !work.IsPermanent(err) {
		t.Errorf("got %v", err)
	}
	if err := s.Send(t.Context(), there); err != nil || len(server.Mails()) != 1 {
		t.Errorf("%d arrived, %v", len(server.Mails()), err)
	}
}

func TestAMessageThatIsSentAgainHasItsIDAgain(t *testing.T) {
	server := mailtest.New(t, mailtest.Options{Data: func(n int, _ *mailtest.Conn) error {
		if n == 1 {
			return mailtest.TakeAndBreak()
		}
		return nil
	}})
	s := sender(t, server, nil)
	if err := s.Send(t.Context(), letter()); err == nil {
		t.Fatal("nobody noticed the cut")
	}
	if err := s.Send(t.Context(), letter()); err != nil {
		t.Fatal(err)
	}
	got := server.Mails()
	if len(got) != 2 || got[0].ID() != got[1].ID() {
		t.Errorf("got %d mails", len(got))
	}
}

func TestASlowServerIsLeftWhenTheContextEnds(t *testing.T) {
	reached := make(chan struct{})
	server := mailtest.New(t, mailtest.Options{Data: func(_ int, c *mailtest.Conn) error { close(reached); <-c.Closed; return errors.New("never") }})
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() { <-reached; cancel(work.ErrStopped) }()
	if err := sender(t, server, nil).Send(ctx, letter()); !errors.Is(err, work.ErrStopped) {
		t.Errorf("got %v", err)
	}
}

func TestNoTextBecomesAHeaderOrARecipient(t *testing.T) {
	server := mailtest.New(t, mailtest.Options{})
	s := sender(t, server, nil)
	m := letter()
	m.Subject = "Hello\r\nBcc: all@example.org\r\n\r\nbody"
	m.Reason = "why\r\n.\r\nMAIL FROM:<x@example.org>"
	m.Paragraphs = []string{"one\r\n.\r\nMAIL FROM:<x@example.org>\r\nRCPT TO:<y@example.org>", "a\x00b\x1b[31m\u202egpj.exe"}
	m.Sections[0].Title = "title\nBcc: all@example.org"
	m.Link.Label = "label\r\nTo: all@example.org"
	if err := s.Send(t.Context(), m); err != nil {
		t.Fatal(err)
	}
	got := server.Mails()
	if len(got) != 1 || len(got[0].To) != 1 || got[0].Header.Get("Bcc") != "" || got[0].Subject() != "Hello Bcc: all@example.org body" {
		t.Errorf("got %+v", got)
	}
	if strings.ContainsAny(got[0].Text, "\x00\x1b\u202e") {
		t.Errorf("the text has control characters: %q", got[0].Text)
	}
	for _, to := range []string{
		"", "jo", "a@example.org,b@example.org", "a@example.org, b@example.org", "Jo <a@example.org>", "a@example.org\r\nBcc: b@example.org", "a@example.org>\r\nRCPT TO:<b@example.org",
		`"a@x,b"@example.org`, "a@example.org (note)", strings.Repeat("a", 250) + "@example.org", "a b@example.org", "a@exa mple.org",
	} {
		m := letter()
		m.To = to
		if err := s.Send(t.Context(), m); !work.IsPermanent(err) {
			t.Errorf("to %q: %v", to, err)
		}
	}
	for _, path := range []string{"", "account", "//evil.example.org", "https://evil.example.org", "/a\r\nb", "/\\evil.example.org"} {
		m := letter()
		m.Link = &kernel.Link{Label: "x", Path: path}
		if err := s.Send(t.Context(), m); !work.IsPermanent(err) {
			t.Errorf("path %q: %v", path, err)
		}
	}
	for _, id := range []string{"", "a b", "a>\r\nX: y", "ü"} {
		m := letter()
		m.ID = id
		if err := s.Send(t.Context(), m); !work.IsPermanent(err) {
			t.Errorf("id %q: %v", id, err)
		}
	}
	if len(server.Mails()) != 1 {
		t.Errorf("%d mails arrived", len(server.Mails()))
	}
}

func TestASenderNeedsAnAddress(t *testing.T) {
	for _, from := range []string{"", "parley", "a@example.org, b@example.org"} {
		if _, err := mail.New(mail.Config{From: from}); err == nil {
			t.Errorf("%q was taken", from)
		}
	}
}

func TestWithoutAServerEveryMessageIsRefused(t *testing.T) {
	if err := (mail.Off{}).Send(t.Context(), letter()); !errors.Is(err, mail.ErrOff) || !work.IsPermanent(err) || (mail.Off{}).On() {
		t.Errorf("got %v", err)
	}
}
