package httpv1_test

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"parley/modules/users"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/event"
	"parley/platform/kernel/mail"
	"parley/platform/work"
)

// postbox keeps the mails that it is given, and does the jobs that send them.
type postbox struct {
	h    *house
	sent []mail.Message
}

func (*postbox) On() bool { return true }

func (p *postbox) Send(_ context.Context, m mail.Message) error {
	p.sent = append(p.sent, m)
	return nil
}

// mailHouse is a house with a mail server, which takes sign-ups.
func mailHouse(t *testing.T) (*house, *postbox) {
	t.Helper()
	p := &postbox{}
	p.h = newHouse(t, func(d *core.Deps) {
		d.Mail, d.SignUpDomains = p, []string{"example.com"}
	})
	return p.h, p
}

// last does what is due, and answers the token of the last mail.
func (p *postbox) last() string {
	p.h.t.Helper()
	runner, err := work.NewRunner(work.Config{Queue: p.h.queue, Kinds: p.h.service.Kinds(), Owner: "me", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		p.h.t.Fatal(err)
	}
	if _, err := runner.Drain(p.h.t.Context()); err != nil {
		p.h.t.Fatal(err)
	}
	if len(p.sent) == 0 {
		p.h.t.Fatal("no mail was sent")
	}
	return p.sent[len(p.sent)-1].Code
}

func TestPasswordsAreResetOverTheAPI(t *testing.T) {
	h, post := mailHouse(t)
	jo := h.add("jo@example.com")
	same := ""
	for _, email := range []string{"jo@example.com", "nobody@example.com"} {
		a := h.Do("POST", "/api/users/password-reset", map[string]string{"email": email}).Want(200)
		if body := strings.ReplaceAll(string(a.Body), email, "x"); same != "" && body != same {
			t.Errorf("the answers differ: %s and %s", same, body)
		} else {
			same = body
		}
	}
	secret := post.last()
	const confirm = "/api/users/password-reset/confirm"
	h.run(0, []call{
		{"no address", "", "POST", "/api/users/password-reset", `{"email":"jo"}`, 422, "users.invalid_email", nil},
		{"a field too many", "", "POST", "/api/users/password-reset", `{"email":"jo@example.com","link":"https://evil.example"}`, 400, "malformed_request", nil},
		{"a bad password", "", "POST", confirm, `{"token":"` + secret + `","new_password":"short"}`, 422, "users.weak_password", nil},
		{"a token that was never given", "", "POST", confirm, `{"token":"x","new_password":"correct horse"}`, 422, "users.invalid_token", nil},
		{"the token", "", "POST", confirm, `{"token":"` + secret + `","new_password":"correct horse 2"}`, 200, "", rights(jo, "session")},
		{"the token again", "", "POST", confirm, `{"token":"` + secret + `","new_password":"correct horse"}`, 422, "users.invalid_token", nil},
	})
}

func TestUsersAreInvitedOverTheAPI(t *testing.T) {
	h, post := mailHouse(t)
	id := h.as("admin@example.com").Expecting(userMade).Do("POST", "/api/user", map[string]string{"email": "new@example.com"}).Want(201).ID()
	h.add("jo@example.com")
	path := "/api/user/%d/invitation"
	h.run(id, []call{
		{"by a user", "jo@example.com", "POST", path, "", 403, "users.not_admin", nil},
		{"from another organization", "boss@other.org", "POST", path, "", 404, "users.not_found", nil},
		{"by an admin", "admin@example.com", "POST", path, "", 200, "", nil},
	})
	h.Expecting(rights(id, "session")...).Do("POST", "/api/users/password-reset/confirm", map[string]string{"token": post.last(), "new_password": password}).Want(200)
	h.as("new@example.com")
	h.run(id, []call{{"who has a password", "admin@example.com", "POST", path, "", 409, "users.not_invitable", nil}})
}

func TestPeopleSignUpOverTheAPI(t *testing.T) {
	h, post := mailHouse(t)
	body := `{"email":"jo@example.com","password":"correct horse","full_name":"Jo Dijk"}`
	const verify = "/api/users/verify-address"
	h.run(0, []call{
		{"another domain", "", "POST", "/api/users/signup", strings.ReplaceAll(body, "example.com", "other.org"), 422, "users.sign_up_domain", nil},
		{"a name missing", "", "POST", "/api/users/signup", `{"email":"jo@example.com","password":"correct horse"}`, 400, "malformed_request", nil},
		{"flags", "", "POST", "/api/users/signup", strings.Replace(body, "{", `{"is_superuser":true,`, 1), 400, "malformed_request", nil},
		{"all of it", "", "POST", "/api/users/signup", body, 200, "", nil},
	})
	secret := post.last()
	h.run(0, []call{
		{"before it is verified", "", "POST", "/api/users/password-reset/confirm", `{"token":"` + secret + `","new_password":"correct horse"}`, 422, "users.invalid_token", nil},
		{"another password", "", "POST", verify, `{"token":"` + secret + `","password":"wrong horse"}`, 422, "users.wrong_password", nil},
		{"the chosen password", "", "POST", verify, `{"token":"` + secret + `","password":"correct horse"}`, 200, "", []event.Event{
			users.UserCreated{UserID: 3, OrganizationID: 1, Email: "jo@example.com", FirstName: "Jo", LastName: "Dijk"},
		}},
		{"again", "", "POST", verify, `{"token":"` + secret + `","password":"correct horse"}`, 422, "users.invalid_token", nil},
	})
	h.as("jo@example.com")
}

func TestWithoutMailTheRoutesSaySo(t *testing.T) {
	h := newHouse(t)
	id := h.as("admin@example.com").Expecting(userMade).Do("POST", "/api/user", map[string]string{"email": "new@example.com"}).Want(201).ID()
	h.run(id, []call{
		{"a reset", "", "POST", "/api/users/password-reset", `{"email":"new@example.com"}`, 409, "users.mail_off", nil},
		{"a sign-up", "", "POST", "/api/users/signup", `{"email":"jo@example.com","password":"correct horse","full_name":"Jo"}`, 409, "users.sign_up_off", nil},
		{"an invitation", "admin@example.com", "POST", "/api/user/%d/invitation", "", 409, "users.mail_off", nil},
	})
}

func TestTheHostOfARequestReachesNoMail(t *testing.T) {
	h, post := mailHouse(t)
	h.add("jo@example.com")
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "https://evil.example/api/users/password-reset", strings.NewReader(`{"email":"jo@example.com"}`))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Forwarded-Host", "evil.example")
	w := httptest.NewRecorder()
	h.handler.ServeHTTP(w, r)
	post.last()
	m := post.sent[0]
	if w.Code != 200 || !strings.HasPrefix(m.Link.Path, "/account#reset=") {
		t.Errorf("%d, and the link is %+v", w.Code, m.Link)
	}
}

func TestAPasswordIsTooLongWhereverItIsChosen(t *testing.T) {
	h, _ := mailHouse(t)
	h.add("jo@example.com")
	long := strings.Repeat("x", 300)
	h.run(0, []call{
		{"for a new user", "admin@example.com", "POST", "/api/user", `{"email":"new@example.com","password":"` + long + `"}`, 422, "users.weak_password", nil},
		{"at a sign-up", "", "POST", "/api/users/signup", `{"email":"new@example.com","password":"` + long + `","full_name":"Jo"}`, 422, "users.weak_password", nil},
		{"after a reset", "", "POST", "/api/users/password-reset/confirm", `{"token":"x","new_password":"` + long + `"}`, 422, "users.weak_password", nil},
		{"in the place of another", "jo@example.com", "PUT", "/api/user/me/password", `{"old_password":"` + password + `","new_password":"` + long + `"}`, 422, "users.weak_password", nil},
	})
}
