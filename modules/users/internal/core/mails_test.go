package core_test

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"regexp"
	"strings"
	"testing"
	"time"

	"parley/modules/users"
	"parley/modules/users/internal/adapters/token"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/mail"
	"parley/platform/kernel/page"
	"parley/platform/work"
	workstore "parley/platform/work/memstore"
)

// postbox is a mail server that keeps what it is given.
type postbox struct {
	sent []mail.Message
	fail error
	off  bool
}

func (p *postbox) On() bool { return !p.off }

func (p *postbox) Send(_ context.Context, m mail.Message) error {
	if p.fail != nil {
		return p.fail
	}
	p.sent = append(p.sent, m)
	return nil
}

// mailHouse is a house that sends mail.
type mailHouse struct {
	*house
	post  *postbox
	jobs  *workstore.Store
	queue *work.Queue
}

func newMailHouse(t *testing.T, change ...func(*core.Deps)) *mailHouse {
	t.Helper()
	h := &mailHouse{house: newHouse(t), post: &postbox{}}
	h.jobs = workstore.New(h.db)
	h.queue = work.NewQueue(h.jobs, nil, h.clock)
	parts := h.Deps
	parts.Mail, parts.Queue, parts.SignUpDomains = h.post, h.queue, []string{"example.com", "nobody.example"}
	for _, c := range change {
		c(&parts)
	}
	h.Service = core.New(parts)
	return h
}

// deliver does what is due and answers the mails that were sent by it.
func (h *mailHouse) deliver() []mail.Message {
	h.t.Helper()
	before := len(h.post.sent)
	runner, err := work.NewRunner(work.Config{Queue: h.queue, Kinds: h.Kinds(), Owner: "me", Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		h.t.Fatal(err)
	}
	if _, err := runner.Drain(h.ctx); err != nil {
		h.t.Fatal(err)
	}
	return h.post.sent[before:]
}

// one is the only mail that is due.
func (h *mailHouse) one() mail.Message {
	h.t.Helper()
	sent := h.deliver()
	if len(sent) != 1 {
		h.t.Fatalf("%d mails were sent: %+v", len(sent), sent)
	}
	return sent[0]
}

func (h *mailHouse) none() {
	h.t.Helper()
	if sent := h.deliver(); len(sent) != 0 {
		h.t.Errorf("mails were sent: %+v", sent)
	}
}

func (h *mailHouse) is(err, want error) {
	h.t.Helper()
	if !errors.Is(err, want) {
		h.t.Errorf("got %v, want %v", err, want)
	}
}

func (h *mailHouse) reset(email string) { h.t.Helper(); h.is(h.RequestReset(h.ctx, email, home), nil) }

func (h *mailHouse) confirm(token string) error {
	_, err := h.ConfirmReset(h.ctx, token, "a new password", home)
	return err
}

func (h *mailHouse) signsIn(email, password string) bool {
	_, err := h.SignIn(h.ctx, email, password, home)
	return err == nil
}

var home = core.Attempt{From: netip.MustParseAddr("192.0.2.7"), Request: "r-1"}

// audited are the actions of a user in the audit log.
func (h *mailHouse) audited(userID int64) []string {
	h.t.Helper()
	found, err := h.Store.AuditPage(h.ctx, h.org.ID, core.AuditFilter{UserID: userID}, page.Request{})
	if err != nil {
		h.t.Fatal(err)
	}
	var out []string
	for _, e := range found.Items {
		out = append(out, e.Action+" "+e.Outcome+" "+e.FromAddress+" "+e.RequestID)
	}
	return out
}

func TestAForgottenPasswordIsReplacedByMail(t *testing.T) {
	h := newMailHouse(t)
	jo := h.user("jo@example.com", signing)
	old, err := h.SignIn(h.ctx, jo.Email, "password", home)
	h.is(err, nil)
	h.reset(" Jo@Example.com ")
	m := h.one()
	if m.To != jo.Email || m.Link.Path != "/account#reset="+m.Code || !regexp.MustCompile(`^[\w-]{43}$`).MatchString(m.Code) || !strings.HasPrefix(m.ID, "account-") {
		t.Fatalf("got %+v", m)
	}
	if !h.signsIn(jo.Email, "password") {
		t.Error("asking alone changed the password")
	}
	u, err := h.ConfirmReset(h.ctx, m.Code, "a new password", home)
	if err != nil || u.ID != jo.ID {
		t.Fatalf("got %+v, %v", u, err)
	}
	if h.signsIn(jo.Email, "password") || !h.signsIn(jo.Email, "a new password") {
		t.Error("the password is not the new one")
	}
	if _, err := h.Authenticate(h.ctx, old.Access, ""); !errors.Is(err, core.ErrCredentials) {
		t.Errorf("the session lives: %v", err)
	}
	if n := h.published("users.access_changed.v1"); n != 1 {
		t.Errorf("%d times access changed", n)
	}
	h.is(h.confirm(m.Code), core.ErrToken)
	if told := h.one(); told.To != jo.Email || told.Subject != "Your password was changed" || told.Code != "" {
		t.Errorf("told %+v", told)
	}
	h.none()
	got := strings.Join(h.audited(jo.ID), ", ")
	for _, want := range []string{"post_users_password_reset done 192.0.2.7 r-1", "post_users_password_reset_confirm done 192.0.2.7 r-1"} {
		if !strings.Contains(got, want) {
			t.Errorf("the audit log lacks %q: %s", want, got)
		}
	}
}

func TestNoMailGoesToWhomThereIsNoPasswordToReplace(t *testing.T) {
	h := newMailHouse(t)
	suspended := h.user("away@example.com", signing)
	if _, err := h.EditUser(h.ctx, as(h.admin), suspended.ID, core.UserChange{IsActive: to(false)}); err != nil {
		t.Fatal(err)
	}
	h.post.off = true
	h.user("new@example.com") // without a password, and uninvited
	h.user("")
	h.post.off = false
	for _, email := range []string{"nobody@example.com", suspended.Email, "new@example.com"} {
		h.reset(email)
	}
	h.none()
	if got := strings.Join(h.audited(suspended.ID), ", "); strings.Contains(got, "password_reset") {
		t.Errorf("a mail was made for a suspended user: %s", got)
	}
	h.is(h.RequestReset(h.ctx, "", home), core.ErrEmail)
	h.is(h.RequestReset(h.ctx, "Jo <jo@example.com>", home), core.ErrEmail)
	h.is(h.RequestReset(h.ctx, "a@example.com,b@example.com", home), core.ErrEmail)
}

func TestATokenEndsWithWhatItWasGivenFor(t *testing.T) {
	for name, c := range map[string]struct {
		after func(h *mailHouse, jo users.User)
		want  error
	}{
		"in time":  {func(h *mailHouse, _ users.User) { h.clock.Advance(time.Hour - time.Second) }, nil},
		"too late": {func(h *mailHouse, _ users.User) { h.clock.Advance(time.Hour) }, core.ErrToken},
		"after another password": {func(h *mailHouse, jo users.User) {
			_, err := h.ChangePassword(h.ctx, as(jo), "password", "another one", home)
			h.is(err, nil)
		}, core.ErrToken},
		"after a suspension that ended": {func(h *mailHouse, jo users.User) {
			for _, active := range []bool{false, true} {
				_, err := h.EditUser(h.ctx, as(h.admin), jo.ID, core.UserChange{IsActive: &active})
				h.is(err, nil)
			}
		}, core.ErrToken},
		"with another address": {func(h *mailHouse, jo users.User) {
			_, err := h.EditUser(h.ctx, as(h.admin), jo.ID, core.UserChange{Email: to("j@example.com")})
			h.is(err, nil)
		}, core.ErrToken},
		"after the deletion": {func(h *mailHouse, jo users.User) {
			_, err := h.DeleteUsers(h.ctx, as(h.admin), []int64{jo.ID})
			h.is(err, nil)
		}, core.ErrToken},
		"with another name": {func(h *mailHouse, jo users.User) {
			_, err := h.EditUser(h.ctx, as(h.admin), jo.ID, core.UserChange{FirstName: core.Name{Sent: true, Value: to("Jo")}})
			h.is(err, nil)
		}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			h := newMailHouse(t)
			jo := h.user("jo@example.com", signing)
			h.reset(jo.Email)
			m := h.one()
			c.after(h, jo)
			h.is(h.confirm(m.Code), c.want)
		})
	}
}

func TestOneTokenUsedEndsTheOthers(t *testing.T) {
	h := newMailHouse(t)
	jo := h.user("jo@example.com", signing)
	h.reset(jo.Email)
	first := h.one()
	h.reset(jo.Email)
	second := h.one()
	if first.Code == second.Code || first.ID == second.ID {
		t.Error("two mails are one")
	}
	h.is(h.confirm(first.Code), nil)
	h.is(h.confirm(second.Code), core.ErrToken)
}

func TestATokenOpensOnlyWhatItIsFor(t *testing.T) {
	h := newMailHouse(t)
	jo := h.user("jo@example.com", signing)
	h.reset(jo.Email)
	reset := h.one()
	_, err := h.VerifyAddress(h.ctx, reset.Code, "password", home)
	h.is(err, core.ErrToken)
	h.is(h.SignUp(h.ctx, core.NewSignUp{Email: "al@example.com", Password: "password", FullName: "Al"}, home), nil)
	h.is(h.confirm(h.one().Code), core.ErrToken)
	h.is(h.confirm(""), core.ErrToken)
	h.is(h.confirm(strings.Repeat("x", 43)), core.ErrToken)
	_, err = h.ConfirmReset(h.ctx, reset.Code, "short", home)
	h.is(err, core.ErrPassword)
	h.is(h.confirm(reset.Code), nil)
}

func TestTheDatabaseHasNoToken(t *testing.T) {
	h := newMailHouse(t)
	h.user("jo@example.com", signing)
	h.reset("jo@example.com")
	m := h.one()
	stored, err := h.Store.Mail(h.ctx, 1)
	h.is(err, nil)
	for _, field := range []string{stored.Seed, stored.TokenHash} {
		if field == "" || strings.Contains(field, m.Code) || h.confirm(field) == nil {
			t.Errorf("%q opens", field)
		}
	}
	// Nor do all keys but the one that signed.
	others, err := token.New([]byte(strings.Repeat("o", 32)))
	h.is(err, nil)
	if got := others.Derive(stored.Seed); len(got) != 1 || got[0] == m.Code {
		t.Errorf("got %v", got)
	}
}

func TestAMailSurvivesAChangeOfTheSecretKey(t *testing.T) {
	h := newMailHouse(t)
	h.user("jo@example.com", signing)
	h.post.fail = errors.New("away")
	h.reset("jo@example.com")
	h.none()
	h.post.fail = nil
	old, fresh := []byte(strings.Repeat("k", 32)), []byte(strings.Repeat("n", 32))
	rotated, err := token.New(fresh, old)
	h.is(err, nil)
	parts := h.Deps
	parts.Tokens = rotated
	h.Service = core.New(parts)
	h.clock.Advance(time.Minute)
	h.is(h.confirm(h.one().Code), nil)
}

func TestResetsAreBounded(t *testing.T) {
	h := newMailHouse(t)
	h.user("jo@example.com", signing)
	for range 5 {
		h.reset("jo@example.com")
		h.deliver()
	}
	if n := len(h.post.sent); n != 3 {
		t.Errorf("%d mails within an hour", n)
	}
	// As many for an address that nobody has, and apart from signing in.
	for _, email := range []string{"jo@example.com", "nobody@example.com"} {
		var err error
		for range 11 {
			if err == nil {
				err = h.RequestReset(h.ctx, email, home)
			}
		}
		h.is(err, core.ErrTooMany)
	}
	if !h.signsIn("jo@example.com", "password") {
		t.Error("requests for new passwords lock the account")
	}
	elsewhere := core.Attempt{From: netip.MustParseAddr("198.51.100.1")}
	h.is(h.RequestReset(h.ctx, "jo@example.com", elsewhere), nil)
	h.clock.Advance(time.Hour + time.Second)
	h.reset("jo@example.com")
	h.one()
}

func TestRequestsThatWaitAreOne(t *testing.T) {
	h := newMailHouse(t)
	h.user("jo@example.com", signing)
	for range 5 {
		h.reset("jo@example.com")
	}
	h.one()
}

// fullDisk is a store that can't count mails for a while.
type fullDisk struct {
	core.Store
	fails bool
}

// CountMails implements core.MailStore.
func (f *fullDisk) CountMails(ctx context.Context, kind core.MailKind, email string, since time.Time) (int64, error) {
	if f.fails {
		return 0, errors.New("no space left on device")
	}
	return f.Store.CountMails(ctx, kind, email, since)
}

func TestARequestThatWasGivenUpIsInTheWayOfNoOther(t *testing.T) {
	store := &fullDisk{fails: true}
	h := newMailHouse(t, func(d *core.Deps) { store.Store, d.Store = d.Store, store })
	h.user("jo@example.com", signing)
	h.reset("jo@example.com")
	for range 10 {
		h.none()
		h.clock.Advance(time.Hour)
	}
	store.fails = false
	h.none()
	h.reset("jo@example.com")
	h.one()
}

func TestGuessingTokensIsSlowedForOneNetworkAlone(t *testing.T) {
	h := newMailHouse(t)
	h.user("jo@example.com", signing)
	h.reset("jo@example.com")
	m := h.one()
	err := error(nil)
	for i := 0; i < 400 && !errors.Is(err, core.ErrTooMany); i++ {
		err = h.confirm(strings.Repeat("x", 40) + string(rune('a'+i%26)) + string(rune('a'+i/26)))
	}
	h.is(err, core.ErrTooMany)
	_, err = h.ConfirmReset(h.ctx, m.Code, "a new password", core.Attempt{From: netip.MustParseAddr("198.51.100.1")})
	h.is(err, nil)
}

func TestAResetUnlocksTheAddressForItsOwner(t *testing.T) {
	h := newMailHouse(t)
	h.user("jo@example.com", signing)
	for range 10 {
		h.signsIn("jo@example.com", "wrong")
	}
	if h.signsIn("jo@example.com", "password") {
		t.Fatal("it is not locked")
	}
	h.reset("jo@example.com")
	h.is(h.confirm(h.one().Code), nil)
	if !h.signsIn("jo@example.com", "a new password") {
		t.Error("the owner is locked out")
	}
}
