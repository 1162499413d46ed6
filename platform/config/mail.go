package config

import (
	"cmp"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // so that a container without any files knows the zones
)

// SMTP is how the mail server is reached.
type SMTP struct {
	Host           string
	Port           int
	User, Password string
	// ImplicitTLS encrypts from the first byte, else STARTTLS must.
	ImplicitTLS bool
	// Plain sends unencrypted.
	Plain bool
}

// SMTP reads PARLEY_SMTP_URL; it is set.
func (c Config) SMTP() (SMTP, error) {
	// The text of an error never has the URL, which has a password in it.
	u, err := url.Parse(c.SMTPURL)
	if err != nil || (u.Scheme != "smtp" && u.Scheme != "smtps") || u.Hostname() == "" || strings.Trim(u.Path, "/") != "" || u.Fragment != "" {
		return SMTP{}, errors.New("it is smtp://user:password@host:587, or smtps://… for TLS from the first byte; " +
			"characters such as @ and / of a password are written as %40 and %2F")
	}
	s := SMTP{Host: u.Hostname(), Port: 587, User: u.User.Username(), ImplicitTLS: u.Scheme == "smtps"}
	s.Password, _ = u.User.Password()
	if s.ImplicitTLS {
		s.Port = 465
	}
	if p := u.Port(); p != "" {
		if s.Port, err = strconv.Atoi(p); err != nil || s.Port < 1 || s.Port > 65535 {
			return SMTP{}, fmt.Errorf("%q is no port", p)
		}
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil || len(query) > 1 || len(query) == 1 && (query.Get("tls") != "none" || len(query["tls"]) != 1) {
		return SMTP{}, errors.New("only ?tls=none may stand behind the address")
	}
	s.Plain = query.Get("tls") == "none"
	switch {
	case s.Plain && s.ImplicitTLS:
		return SMTP{}, errors.New("smtps:// is TLS; ?tls=none goes with smtp://")
	case s.Plain && s.User != "":
		return SMTP{}, errors.New("a password is not sent without TLS; leave out ?tls=none, or the user and the password")
	case (s.User == "") != (s.Password == ""):
		return SMTP{}, errors.New("a user and a password go together")
	}
	return s, nil
}

// Digest is the time of the day at which digests are sent.
func (c Config) Digest() (hour, minute int, zone *time.Location, err error) {
	at, name, _ := strings.Cut(cmp.Or(c.DigestAt, "07:00 UTC"), " ")
	parsed, err := time.Parse("15:04", at)
	if err == nil && name != "" {
		zone, err = time.LoadLocation(name)
	}
	if err != nil || name == "" || name == "Local" {
		return 0, 0, nil, fmt.Errorf("%q is not a time and a zone such as 07:00 Europe/Berlin", c.DigestAt)
	}
	return parsed.Hour(), parsed.Minute(), zone, nil
}

func (c Config) checkMail(p *problems) {
	if _, _, _, err := c.Digest(); err != nil {
		p.add("PARLEY_DIGEST_AT", "%w", err)
	}
	if c.PublicURL != "" {
		u, err := url.Parse(c.PublicURL)
		if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
			p.add("PARLEY_PUBLIC_URL", "%q is not an http(s) URL such as https://parley.example.com", c.PublicURL)
		}
	}
	if c.SMTPURL == "" {
		if len(c.SignupDomains) > 0 {
			p.add("PARLEY_SIGNUP_DOMAINS", "sign-up sends mail to check the address; set PARLEY_SMTP_URL")
		}
		return
	}
	if _, err := c.SMTP(); err != nil {
		p.add("PARLEY_SMTP_URL", "%w", err)
	}
	if _, err := mail.ParseAddress(c.MailFrom); err != nil {
		p.add("PARLEY_MAIL_FROM", "%q is not an address such as parley@example.com or Parley <parley@example.com>; PARLEY_SMTP_URL needs it", c.MailFrom)
	}
	if c.PublicURL == "" {
		p.add("PARLEY_PUBLIC_URL", "set it together with PARLEY_SMTP_URL: links in mails begin with it")
	}
	for i, domain := range c.SignupDomains {
		u, err := url.Parse("https://" + domain)
		if err != nil || u.Host != domain || domain == "" || u.Port() != "" || slices.Contains(c.SignupDomains[:i], domain) {
			p.add("PARLEY_SIGNUP_DOMAINS", "%q is not a domain such as example.com; commas separate several", domain)
		}
	}
}
