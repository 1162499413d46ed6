package coretest

import (
	"time"

	"parley/modules/users"
	"parley/modules/users/internal/core"
	"parley/platform/kernel/uow"
	"parley/platform/storetest"
)

func byDomain(f fixture, _ uow.Unit) {
	other := f.organization("Other.example")
	for _, domain := range []string{"other.example", "OTHER.example"} {
		f.Equal(other, storetest.Must[users.Organization](f.t)(f.OrganizationByDomain(f.ctx, domain)))
	}
	_, err := f.OrganizationByDomain(f.ctx, "sub.other.example")
	f.ErrorIs(err, core.ErrNoOrg)
}

// mail is a stored mail; change makes it another one.
func (f fixture) mail(token string, change func(*core.Mail)) core.Mail {
	f.t.Helper()
	m := core.Mail{
		OrganizationID: f.org.ID, Kind: core.MailReset, Email: "jo@example.com", FullName: "Jo O'Neil", PasswordHash: "hash", TokenHash: token, Seed: "seed",
		CreatedOn: now, ExpiresOn: now.Add(time.Hour),
	}
	if change != nil {
		change(&m)
	}
	return storetest.Must[core.Mail](f.t)(f.AddMail(f.ctx, m))
}

func (f fixture) there(ms ...core.Mail) {
	f.t.Helper()
	for _, m := range ms {
		f.Equal(m, storetest.Must[core.Mail](f.t)(f.Mail(f.ctx, m.ID)))
	}
}

func (f fixture) gone(ms ...core.Mail) {
	f.t.Helper()
	for _, m := range ms {
		_, err := f.Mail(f.ctx, m.ID)
		f.ErrorIs(err, core.ErrToken)
	}
}

func mails(f fixture, _ uow.Unit) {
	jo, al := f.user("jo@example.com"), f.user("al@example.com")
	of := func(u users.User) func(*core.Mail) { return func(m *core.Mail) { m.UserID, m.Email = u.ID, u.Email } }
	first, second, signUp, notice := f.mail("a", of(jo)), f.mail("b", of(al)), f.mail("c", func(m *core.Mail) { m.Kind = core.MailSignUp }), f.mail("", of(al))
	again := f.mail("", of(al)) // many have no token
	f.there(first, second, signUp, notice, again)
	f.Equal(second, storetest.Must[core.Mail](f.t)(f.MailByToken(f.ctx, "b")))
	for _, unknown := range []string{"", "d"} {
		_, err := f.MailByToken(f.ctx, unknown)
		f.ErrorIs(err, core.ErrToken)
	}
	f.NoError(f.DeleteUsers(f.ctx, f.org.ID, []int64{jo.ID}))
	f.gone(first)
	f.there(second, signUp)
	f.NoError(f.DeleteMail(f.ctx, notice.ID))
	f.NoError(f.DeleteMail(f.ctx, notice.ID))
	f.gone(notice)
	f.NoError(f.DeleteMailsOf(f.ctx, al.ID))
	f.gone(second, again)
	f.NoError(f.DeleteMailsTo(f.ctx, core.MailReset, signUp.Email))
	f.there(signUp)
	f.NoError(f.DeleteMailsTo(f.ctx, core.MailSignUp, signUp.Email))
	f.gone(signUp)
}

func mailsInTime(f fixture, _ uow.Unit) {
	early := f.mail("a", func(m *core.Mail) { m.CreatedOn, m.ExpiresOn = now.Add(-time.Hour), now })
	late := f.mail("b", nil)
	f.mail("c", func(m *core.Mail) { m.Email = "al@example.com" })
	f.mail("d", func(m *core.Mail) { m.Kind = core.MailInvitation })
	count := func(since time.Time) int64 {
		return storetest.Must[int64](f.t)(f.CountMails(f.ctx, core.MailReset, "jo@example.com", since))
	}
	f.Equal([]int64{2, 1, 0}, []int64{count(now.Add(-time.Hour)), count(now), count(now.Add(time.Second))})
	f.NoError(f.PruneMails(f.ctx, now))
	f.there(early, late)
	f.NoError(f.PruneMails(f.ctx, now.Add(time.Second)))
	f.gone(early)
	f.there(late)
}
