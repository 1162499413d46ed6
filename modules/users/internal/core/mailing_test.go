package core_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"parley/modules/users"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/actor"
	kernelwork "parley/platform/kernel/work"
)

func TestANewUserChoosesTheirPasswordByInvitation(t *testing.T) {
	h := newMailHouse(t)
	jo := h.user("jo@example.com")
	m := h.one()
	if m.To != jo.Email || m.Subject != "Your account at Tech" || m.Link.Path != "/account#invitation="+m.Code {
		t.Fatalf("got %+v", m)
	}
	h.clock.Advance(7*24*time.Hour - time.Second)
	h.is(h.confirm(m.Code), nil)
	h.none()
	if !h.signsIn(jo.Email, "a new password") {
		t.Error("the password opens nothing")
	}
	h.is(h.confirm(m.Code), core.ErrToken)
	_, err := h.Invite(h.ctx, as(h.admin), jo.ID)
	h.is(err, core.ErrNoInvitation)
}

func TestWhoIsInvited(t *testing.T) {
	h := newMailHouse(t)
	h.user("with@example.com", signing)
	h.user("")
	h.none()
	narrow := as(h.admin)
	narrow.Scope = actor.Scope{Kind: actor.ScopeRestricted, Groups: map[string]actor.Reach{"user": "write"}}
	jo, err := h.CreateUser(h.ctx, narrow, core.NewUser{Email: "jo@example.com"})
	h.is(err, nil)
	h.none() // a key that makes no credentials has none made
	for range 3 {
		_, err := h.Invite(h.ctx, as(h.admin), jo.ID)
		h.is(err, nil)
		h.one()
	}
	_, err = h.Invite(h.ctx, as(h.admin), jo.ID)
	h.is(err, core.ErrManyMails)
	h.clock.Advance(time.Hour + time.Second)
	_, err = h.Invite(h.ctx, as(h.admin), jo.ID)
	h.is(err, nil)
	al := h.user("al@example.com", application)
	for _, c := range []struct {
		who  users.User
		id   int64
		want error
	}{{jo, al.ID, core.ErrNotAdmin}, {al, 999, core.ErrNotFound}, {al, h.admin.ID, core.ErrOutranked}, {h.admin, al.ID, nil}} {
		_, err := h.Invite(h.ctx, as(c.who), c.id)
		h.is(err, c.want)
	}
}

func TestAnInvitationThatExpiredIsVoid(t *testing.T) {
	h := newMailHouse(t)
	h.user("jo@example.com")
	m := h.one()
	h.clock.Advance(7 * 24 * time.Hour)
	h.is(h.confirm(m.Code), core.ErrToken)
}

func TestAMailThatCameTooLateIsNotSent(t *testing.T) {
	for name, c := range map[string]func(h *mailHouse, jo users.User){
		"expired": func(h *mailHouse, _ users.User) { h.clock.Advance(8 * 24 * time.Hour) },
		"deleted": func(h *mailHouse, jo users.User) {
			_, err := h.DeleteUsers(h.ctx, as(h.admin), []int64{jo.ID})
			h.is(err, nil)
		},
		// A suspension takes mails away; this one was made beside it.
		"made while its user was suspended": func(h *mailHouse, jo users.User) {
			_, err := h.Store.UpdateUser(h.ctx, h.org.ID, jo.ID, func(u *users.User) error { u.IsActive = false; return nil })
			h.is(err, nil)
		},
		"suspended": func(h *mailHouse, jo users.User) {
			_, err := h.EditUser(h.ctx, as(h.admin), jo.ID, core.UserChange{IsActive: to(false)})
			h.is(err, nil)
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newMailHouse(t)
			jo := h.user("jo@example.com")
			c(h, jo)
			h.none()
			dead, err := h.queue.Dead(h.ctx, 10)
			if err != nil || len(dead) != 0 {
				t.Errorf("%d jobs are dead, %v", len(dead), err)
			}
		})
	}
}

func TestAMailServerThatIsAwayIsTriedAgainWithTheSameMail(t *testing.T) {
	h := newMailHouse(t)
	h.user("jo@example.com")
	h.post.fail = errors.New("451 greylisted")
	h.none()
	h.clock.Advance(10 * time.Second)
	h.none()
	h.post.fail = nil
	h.clock.Advance(time.Hour)
	m := h.one()
	h.is(h.confirm(m.Code), nil)
}

func TestARefusedMailIsDeadWithItsReason(t *testing.T) {
	h := newMailHouse(t)
	h.user("jo@example.com")
	h.post.fail = kernelwork.Permanent(errors.New("550 no such user"))
	h.none()
	dead, err := h.queue.Dead(h.ctx, 10)
	if err != nil || len(dead) != 1 || !strings.Contains(dead[0].Error, "550 no such user") || dead[0].Tenant != h.org.ID {
		t.Errorf("got %+v, %v", dead, err)
	}
	h.clock.Advance(24 * time.Hour)
	h.post.fail = nil
	h.none()
}

func TestTheOldAddressHearsOfTheNewOne(t *testing.T) {
	h := newMailHouse(t)
	jo := h.user("jo@example.com", signing)
	_, err := h.EditUser(h.ctx, as(h.admin), jo.ID, core.UserChange{Email: to("j@example.com")})
	h.is(err, nil)
	if m := h.one(); m.To != "jo@example.com" || m.Subject != "The e-mail address of your account was changed" || strings.Contains(strings.Join(m.Paragraphs, ""), "j@example.com") {
		t.Errorf("got %+v", m)
	}
}

func TestWithoutAMailServerNothingIsPromised(t *testing.T) {
	h := newMailHouse(t, func(d *core.Deps) { d.Mail = &postbox{off: true} })
	jo := h.user("jo@example.com")
	h.user("al@example.com", signing)
	h.is(h.RequestReset(h.ctx, "al@example.com", home), core.ErrMailOff)
	_, err := h.Invite(h.ctx, as(h.admin), jo.ID)
	h.is(err, core.ErrMailOff)
	h.is(h.SignUp(h.ctx, core.NewSignUp{Email: "new@example.com", Password: "password", FullName: "New"}, home), core.ErrSignUpOff)
	h.none()
	if n, err := h.jobs.DeadJobs(h.ctx, 10); err != nil || len(n) != 0 {
		t.Errorf("%d jobs, %v", len(n), err)
	}
}
