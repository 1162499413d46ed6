package core_test

import (
	"context"
	"errors"
	"net/url"
	"strings"
	"testing"

	"parley/modules/notifications/internal/core"
	"parley/platform/kernel/mail"
)

func tokenOf(t *testing.T, m mail.Message) string {
	t.Helper()
	link, err := url.Parse(m.Unsubscribe)
	if err != nil || link.Path != core.UnsubscribePath || link.Query().Get("token") == "" {
		t.Fatalf("the link is %q, %v", m.Unsubscribe, err)
	}
	return link.Query().Get("token")
}

func TestTheLinkOfAMailEndsMailsOfItsKindsForItsUser(t *testing.T) {
	p := newPost(t)
	p.wants(core.MailAtOnce)
	p.send(3, "hello")
	token := tokenOf(t, p.one())
	if strings.Contains(token, "message") {
		t.Errorf("the token can be read: %s", token)
	}
	for _, bad := range []string{"", "x", "!", token[:len(token)-2], "A" + token[1:], token + "AAAA"} {
		if _, err := p.Unsubscribe(p.ctx, bad); !errors.Is(err, core.ErrUnsubscribe) && bad != token {
			t.Errorf("%q: %v", bad, err)
		}
	}
	before, err := p.Preference(p.ctx, who(3))
	p.NoError(err)
	p.Equal(core.MailAtOnce, before.MailOf(core.KindMessage))
	for range 2 {
		kinds, err := p.Unsubscribe(p.ctx, token)
		p.NoError(err)
		p.Equal([]string{core.KindMessage}, kinds)
	}
	after, err := p.Preference(p.ctx, who(3))
	p.NoError(err)
	p.Equal(core.MailOff, after.MailOf(core.KindMessage))
	p.Equal(false, after.Mutes(core.KindMessage))
	p.Equal(core.MailAtOnce, after.MailOf(core.KindContentOpened)) // another kind
	other, err := p.Preference(p.ctx, who(4))
	p.NoError(err)
	p.Equal(0, len(other.Mail))
	p.send(3, "not mailed")
	p.none()
	p.Equal(2, len(p.inbox(3)))
}

func TestTheLinkOfAMailToAUserWhoIsGoneStoresNothing(t *testing.T) {
	p := newPost(t)
	p.wants(core.MailAtOnce)
	p.send(3, "hello")
	token := tokenOf(t, p.one())
	p.people.all = p.people.all[:2]
	_, err := p.Unsubscribe(p.ctx, token)
	p.NoError(err)
	found, err := p.store.Preferences(p.ctx, []int64{3})
	p.NoError(err)
	p.Equal(core.MailAtOnce, found[3].MailOf(core.KindMessage)) // what was there goes with the deletion
	p.NoError(p.store.DeleteOf(p.ctx, 1, 3))
	_, err = p.Unsubscribe(p.ctx, token)
	p.NoError(err)
	found, err = p.store.Preferences(p.ctx, []int64{3})
	p.NoError(err)
	p.Equal(0, len(found))
}

// locking does something before an inbox is locked.
type locking struct {
	core.Store
	before func()
}

func (l *locking) Lock(ctx context.Context, org, user int64) error {
	l.before()
	return l.Store.Lock(ctx, org, user)
}

func TestTheLinkOfAMailStoresNothingForAUserWhoIsDeletedMeanwhile(t *testing.T) {
	p := newPost(t)
	p.wants(core.MailAtOnce)
	p.send(3, "hello")
	token := tokenOf(t, p.one())
	deleted := false
	p.Service.Store = &locking{Store: p.store, before: func() { p.people.all, deleted = p.people.all[:2], true }}
	_, err := p.Unsubscribe(p.ctx, token)
	p.NoError(err)
	p.Equal(true, deleted)
	found, err := p.store.Preferences(p.ctx, []int64{3})
	p.NoError(err)
	p.Equal(core.MailAtOnce, found[3].MailOf(core.KindMessage)) // as it was
}
