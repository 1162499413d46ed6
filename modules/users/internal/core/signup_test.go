package core_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"parley/modules/users/internal/core"
	"parley/platform/kernel/actor"
)

func (h *mailHouse) signUp(email string) error {
	return h.SignUp(h.ctx, core.NewSignUp{Email: email, Password: "password", FullName: " Jo van  Dijk "}, home)
}

func TestOnlyAVerifiedAddressGetsIn(t *testing.T) {
	h := newMailHouse(t)
	h.is(h.signUp(" Jo@Example.com"), nil)
	m := h.one()
	if m.To != "jo@example.com" || m.Link.Path != "/account#signup="+m.Code {
		t.Fatalf("got %+v", m)
	}
	for _, text := range append(append([]string{m.Subject}, m.Paragraphs...), m.After...) {
		if strings.Contains(text, "Dijk") {
			t.Errorf("the mail has what a stranger wrote: %q", text)
		}
	}
	if h.signsIn("jo@example.com", "password") {
		t.Error("an address that was not verified gets in")
	}
	u, err := h.VerifyAddress(h.ctx, m.Code, "password", home)
	if err != nil || u.OrganizationID != h.org.ID || u.Level() != actor.User || !u.IsActive || *u.FirstName != "Jo van" || *u.LastName != "Dijk" {
		t.Fatalf("got %+v, %v", u, err)
	}
	if !h.signsIn("jo@example.com", "password") || h.published("users.user_created.v1") != 2 {
		t.Error("the user is not there, or nobody was told")
	}
	if got := h.audited(u.ID); len(got) == 0 || got[len(got)-1] != "post_users_verify_address done 192.0.2.7 r-1" {
		t.Errorf("the audit log has %v", got)
	}
	_, err = h.VerifyAddress(h.ctx, m.Code, "password", home)
	h.is(err, core.ErrToken)
}

func TestWhoReadsTheMailMustKnowThePassword(t *testing.T) {
	h := newMailHouse(t)
	h.is(h.signUp("jo@example.com"), nil)
	m := h.one()
	var err error
	for range 10 {
		_, err = h.VerifyAddress(h.ctx, m.Code, "wrong one", home)
	}
	h.is(err, core.ErrWrongChosen)
	_, err = h.VerifyAddress(h.ctx, m.Code, "password", home)
	h.is(err, core.ErrTooMany)
	h.clock.Advance(15 * time.Minute)
	_, err = h.VerifyAddress(h.ctx, m.Code, "password", home)
	h.is(err, nil)
}

func TestSigningUpTellsNobodyWhoHasAnAccount(t *testing.T) {
	h := newMailHouse(t)
	h.user("jo@example.com", signing)
	h.is(h.signUp("jo@example.com"), nil)
	m := h.one()
	if m.Subject != "You have an account already" || m.Code != "" || m.Link != nil {
		t.Errorf("got %+v", m)
	}
	if !h.signsIn("jo@example.com", "password") {
		t.Error("the account changed")
	}
}

func TestWhoSignsUpBeforeAnAdminMadeTheAccountFindsItTaken(t *testing.T) {
	h := newMailHouse(t)
	h.is(h.signUp("jo@example.com"), nil)
	m := h.one()
	h.user("jo@example.com", signing)
	_, err := h.VerifyAddress(h.ctx, m.Code, "password", home)
	h.is(err, core.ErrEmailTaken)
}

func TestSignUpIsForTheDomainsThatAreOpen(t *testing.T) {
	h := newMailHouse(t)
	if _, _, err := h.CreateOrganization(h.ctx, "Other", "boss@other.example", "password"); err != nil {
		t.Fatal(err)
	}
	for email, want := range map[string]error{
		"jo@other.example":       core.ErrSignUpDomain, // an organization's, but not open
		"jo@nobody.example":      core.ErrSignUpDomain, // open, but no organization's
		"jo@sub.example.com":     core.ErrSignUpDomain,
		"jo@example.com.evil":    core.ErrSignUpDomain,
		"jo@evil@example.com":    core.ErrEmail,
		"a@x.com,jo@example.com": core.ErrEmail,
		"jo":                     core.ErrEmail,
	} {
		if err := h.signUp(email); !errors.Is(err, want) {
			t.Errorf("%s: %v", email, err)
		}
	}
	h.is(h.SignUp(h.ctx, core.NewSignUp{Email: "jo@example.com", Password: "short", FullName: "Jo"}, home), core.ErrPassword)
	h.is(h.SignUp(h.ctx, core.NewSignUp{Email: "jo@example.com", Password: "password", FullName: " "}, home), core.ErrNoName)
	h.is(h.SignUp(h.ctx, core.NewSignUp{Email: "jo@example.com", Password: "password", FullName: strings.Repeat("é", 301)}, home), core.ErrNoName)
	h.none()
	parts := h.Deps
	parts.SignUpDomains = nil
	h.Service = core.New(parts)
	h.is(h.signUp("jo@example.com"), core.ErrSignUpOff)
}

func TestAClosedDomainClosesOpenSignUps(t *testing.T) {
	h := newMailHouse(t)
	h.is(h.signUp("jo@example.com"), nil)
	m := h.one()
	parts := h.Deps
	parts.SignUpDomains = nil
	h.Service = core.New(parts)
	_, err := h.VerifyAddress(h.ctx, m.Code, "password", home)
	h.is(err, core.ErrSignUpDomain)
}

func TestSignUpsAreBoundedAndExpire(t *testing.T) {
	h := newMailHouse(t)
	for range 5 {
		h.is(h.signUp("jo@example.com"), nil)
	}
	sent := h.deliver()
	if len(sent) != 3 {
		t.Errorf("%d mails", len(sent))
	}
	h.clock.Advance(24 * time.Hour)
	_, err := h.VerifyAddress(h.ctx, sent[0].Code, "password", home)
	h.is(err, core.ErrToken)
	for range 11 {
		if err = h.signUp("al@example.com"); err != nil {
			break
		}
	}
	h.is(err, core.ErrTooMany)
}
