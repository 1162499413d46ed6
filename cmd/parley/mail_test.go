package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"parley/platform/mail/mailtest"
	"parley/platform/webtest"
)

// mailing starts a server that sends its mail to post, over TLS and with a
// password, and takes sign-ups of its admin's domain.
func mailing(t *testing.T, kind string, post *mailtest.Server) *server {
	t.Helper()
	roots := filepath.Join(t.TempDir(), "roots.pem")
	if err := os.WriteFile(roots, post.PEM, 0o600); err != nil {
		t.Fatal(err)
	}
	_, domain, _ := strings.Cut(adminEmail, "@")
	s := newServer(t, kind, "PARLEY_SMTP_URL="+post.URL(), "PARLEY_MAIL_FROM=Parley <parley@mail.example>", "PARLEY_PUBLIC_URL=https://parley.example/ai/",
		"PARLEY_SIGNUP_DOMAINS="+domain, "SSL_CERT_FILE="+roots)
	s.start()
	return s
}

// secretIn is the token that stands in a mail, and in the link of it.
func secretIn(t *testing.T, m mailtest.Mail, kind string) string {
	t.Helper()
	_, rest, found := strings.Cut(m.Text, "https://parley.example/ai/account#"+kind+"=")
	secret, _, _ := strings.Cut(rest, "\n")
	if !found || len(secret) != 43 || !strings.Contains(m.HTML, secret) {
		t.Fatalf("there is no link to %s in\n%s", kind, m.Text)
	}
	return secret
}

func TestMailsReachThePeopleTheyAreFor(t *testing.T) {
	each(t, func(t *testing.T, kind string) {
		var away atomic.Bool
		post := mailtest.New(t, mailtest.Options{User: "parley", Password: "s3cret", Rcpt: func(string) error {
			if away.Load() {
				return mailtest.Reply(451, "try again later")
			}
			return nil
		}})
		s := mailing(t, kind, post)
		admin, anybody := s.admin(), webtest.At(t, "http://"+s.addr)
		_, domain, _ := strings.Cut(adminEmail, "@")
		ann, ben := "ann@"+domain, "ben@"+domain

		// An invitation that the mail server does not take, and a server that
		// is killed meanwhile.
		away.Store(true)
		id := admin.Do("POST", "/api/user", map[string]any{"email": ann, "first_name": "Ann"}).Want(201).ID()
		eventually(t, func() string {
			if !strings.Contains(s.log.String(), "try again later") {
				return "nobody tried to send the invitation"
			}
			return ""
		})
		s.kill()
		away.Store(false)
		s.start()
		invitation := post.Wait(1)[0]
		if strings.Join(invitation.To, ",") != ann || invitation.From != "parley@mail.example" {
			t.Errorf("from %s to %v", invitation.From, invitation.To)
		}
		confirm := func(secret, password string, status int) {
			t.Helper()
			anybody.Do("POST", "/api/users/password-reset/confirm", map[string]string{"token": secret, "new_password": password}).Want(status)
		}
		secret := secretIn(t, invitation, "invitation")
		confirm(secret, "correct horse", 200)
		confirm(secret, "correct horse", 422)
		session := s.client(ann, "correct horse")

		anybody.Do("POST", "/api/users/password-reset", map[string]string{"email": strings.ToUpper(ann)}).Want(200)
		anybody.Do("POST", "/api/users/password-reset", map[string]string{"email": "nobody@" + domain}).Want(200)
		confirm(secretIn(t, post.Wait(2)[1], "reset"), "battery staple", 200)
		session.Do("GET", "/api/user/me", nil).Want(401)
		annAgain := s.client(ann, "battery staple")
		if told := post.Wait(3)[2]; told.Subject() != "Your password was changed" {
			t.Errorf("told %q", told.Subject())
		}

		anybody.Do("POST", "/api/users/signup", map[string]string{"email": ben, "password": "correct horse", "full_name": "Ben Moss"}).Want(200)
		anybody.Do("POST", "/api/login/access-token", map[string]string{}).Want(415)
		anybody.Do("POST", "/api/users/verify-address", map[string]string{"token": secretIn(t, post.Wait(4)[3], "signup"), "password": "correct horse"}).Want(200)
		s.client(ben, "correct horse")

		annAgain.Do("PUT", "/api/notification/preference", `{"mail":{"message":"at_once"}}`).Want(200)
		admin = s.admin()
		admin.Do("POST", fmt.Sprintf("/api/notification/user/%d", id), map[string]string{"title": "Lunch\u202e", "message": "At noon?"}).Want(201)
		got := post.Wait(5)[4]
		if !strings.HasPrefix(got.Subject(), "Lunch") || !strings.Contains(got.Text, "At noon?") || strings.Join(got.To, ",") != ann || got.Header.Get("List-Unsubscribe") == "" {
			t.Errorf("got %q to %v:\n%s", got.Subject(), got.To, got.Text)
		}
		// Opening its link shows a page and changes nothing; a POST of the mail
		// program ends mails of the kind, also of a server that starts again.
		link := strings.TrimSuffix(strings.TrimPrefix(got.Header.Get("List-Unsubscribe"), "<https://parley.example/ai"), ">")
		if got.Header.Get("List-Unsubscribe-Post") != "List-Unsubscribe=One-Click" || !strings.HasPrefix(link, "/api/notification/unsubscribe?token=") {
			t.Errorf("the link is %q", link)
		}
		for _, m := range post.Mails()[:4] {
			if m.Header.Get("List-Unsubscribe") != "" {
				t.Errorf("%q can be unsubscribed from", m.Subject())
			}
		}
		var chosen struct{ Mail map[string]string }
		anybody.Do("GET", link, nil).Want(200)
		annAgain.Do("GET", "/api/notification/preference", nil).Want(200).Data(&chosen)
		if chosen.Mail["message"] != "at_once" {
			t.Errorf("a GET has chosen %v", chosen.Mail)
		}
		anybody.Send("POST", link, "application/x-www-form-urlencoded", strings.NewReader("List-Unsubscribe=One-Click")).Want(200)
		annAgain.Do("GET", "/api/notification/preference", nil).Want(200).Data(&chosen)
		if chosen.Mail["message"] != "off" {
			t.Errorf("the link has chosen %v", chosen.Mail)
		}
		ids := map[string]bool{}
		for _, m := range post.Mails() {
			ids[m.ID()] = true
		}
		if len(ids) != 5 {
			t.Errorf("5 mails have %d ids", len(ids))
		}
		if out := s.run("work", "dead"); strings.Count(out, "\n") != 1 {
			t.Errorf("jobs are dead:\n%s", out)
		}
	})
}

func TestTheServerDoesNotStartWithoutWhatMailsNeed(t *testing.T) {
	s := newServer(t, "sqlite", "PARLEY_SMTP_URL=smtp://jo:s3cret@mail.example:587")
	out, err := s.command("serve").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "PARLEY_MAIL_FROM") || !strings.Contains(string(out), "PARLEY_PUBLIC_URL") || strings.Contains(string(out), "s3cret") {
		t.Errorf("%v: %s", err, out)
	}
}
