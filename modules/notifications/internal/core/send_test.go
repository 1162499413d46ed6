package core_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"parley/modules/notifications/internal/core"
	"parley/modules/users"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
)

func TestAMessageSaysWhoSentIt(t *testing.T) {
	s := newScene(t, nil)
	link := "/api/agent/7?x=1#top"
	got, err := s.Send(s.ctx, who(1), 3, core.Message{Title: " Lunch ", Text: " At\tnoon.\r\nBring <b>cake</b>. ", Kind: "food", Link: &link})
	s.NoError(err)
	want := core.Notification{
		ID: 1, OrganizationID: 1, UserID: 3, Title: "Lunch", Message: "At\tnoon.\nBring <b>cake</b>.", Kind: "food", Link: &link,
		CreatedBy: "ann@example.com", CreatedOn: s.clock.Now(), Cause: got.Cause, Sequence: 1, SenderID: 1,
	}
	s.Equal(want, got)
	s.Equal([]core.Notification{want}, s.inbox(3))
	plain := s.send(3, "x")
	s.Equal([]string{"Message from ann@example.com", "message"}, []string{plain.Title, plain.Kind})
}

func TestAMessageIsPlainTextOfAKindThatIsNotTheServers(t *testing.T) {
	s := newScene(t, nil)
	for name, c := range map[string]struct {
		m    core.Message
		want *apperr.Error
	}{
		"blank":                   {core.Message{Text: " \n\t "}, core.ErrText},
		"a control character":     {core.Message{Text: "a\x1b[31mb"}, core.ErrText},
		"a NUL":                   {core.Message{Text: "a\x00b"}, core.ErrText},
		"a lone carriage return":  {core.Message{Text: "a\rb"}, core.ErrText},
		"a C1 control":            {core.Message{Text: "a\u0085b"}, core.ErrText},
		"a title of two lines":    {core.Message{Title: "a\nb", Text: "x"}, core.ErrText},
		"a blank title":           {core.Message{Title: "  ", Text: "x"}, core.ErrText},
		"a kind of the server":    {core.Message{Text: "x", Kind: core.KindUserDeleted}, core.ErrReserved},
		"another of the server's": {core.Message{Text: "x", Kind: core.KindWebhookDisabled}, core.ErrReserved},
	} {
		if _, err := s.Send(s.ctx, who(1), 3, c.m); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.Equal(0, len(s.inbox(3)))
}

func TestALinkStaysOnThisServer(t *testing.T) {
	s := newScene(t, nil)
	for _, good := range []string{"/", "/api/agent/7", "/a/b/?q=https://x.example//y", "/a#//b", "/%C3%A9", "/a/"} {
		if _, err := s.Send(s.ctx, who(1), 3, core.Message{Text: "x", Link: &good}); err != nil {
			t.Errorf("%q: %v", good, err)
		}
	}
	for _, bad := range []string{
		"", "api/agent", "https://evil.example/", "//evil.example", "///evil.example", "/\\evil.example", "\\\\evil.example", "/a\\b", "javascript:alert(1)",
		"/\t/evil.example", "/\n/evil.example", " /a", "/a b", "/a\x00", "/a\x7f", "/.//evil.example", "/..//evil.example", "/a/../b", "/a/./b", "/a/..", "/a//b", "/a//",
		"/%2f/evil.example", "/%2F%2Fevil.example", "/%5cevil.example", "/%2e%2e/b", "/%2e/b", "/%00", "/%0d%0aSet-Cookie:x", "/%zz", "/é", "/\u202e", "mailto:a@b.c", "?x", "#x", "/<script>",
	} {
		if _, err := s.Send(s.ctx, who(1), 3, core.Message{Text: "x", Link: &bad}); !errors.Is(err, core.ErrLink) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

func TestWhoMayNotWriteIsToldSoAndANobodyIsNotThere(t *testing.T) {
	s := newScene(t, nil)
	_, err := s.Send(s.ctx, who(4), 3, core.Message{Text: "x"})
	s.ErrorIs(err, core.ErrNotSender)
	_, err = s.Send(s.ctx, who(1), 99, core.Message{Text: "x"})
	s.ErrorIs(err, users.ErrNotFound)
	_, err = s.Send(s.ctx, who(4), 3, core.Message{Text: " "}) // the value first
	s.ErrorIs(err, core.ErrText)
	s.Equal(0, len(s.db.Published()))
}

func TestOneSenderSendsOneReceiverTwentyAnHour(t *testing.T) {
	s := newScene(t, nil)
	for i := range 20 {
		s.send(3, fmt.Sprint(i))
		s.clock.Advance(time.Minute)
	}
	_, err := s.Send(s.ctx, who(1), 3, core.Message{Text: "more"})
	s.ErrorIs(err, core.ErrTooMany)
	var refused *apperr.Error
	if !errors.As(err, &refused) || refused.RetryAfter != 40*time.Minute {
		t.Errorf("to be tried again in %v", refused.RetryAfter)
	}
	s.send(2, "to another")
	if _, err := s.Send(s.ctx, who(2), 3, core.Message{Text: "by another"}); err != nil {
		t.Error(err)
	}
	s.clock.Advance(40 * time.Minute)
	s.send(3, "an hour after the first")
	if _, err := s.Send(s.ctx, who(1), 3, core.Message{Text: "more"}); !errors.Is(err, core.ErrTooMany) {
		t.Error(err)
	}
}

func TestMutedKindsAreNotTold(t *testing.T) {
	s := newScene(t, nil)
	muted := []string{core.KindMessage, core.KindDocumentFailed, core.KindMessage}
	p, err := s.Prefer(s.ctx, who(3), &muted, map[string]core.Mail{core.KindDocumentFailed: core.MailAtOnce, core.KindRunInterrupted: core.MailDigest})
	s.NoError(err)
	s.Equal([]string{"document_failed", "message"}, p.Muted)
	_, err = s.Send(s.ctx, who(1), 3, core.Message{Text: "x", Kind: "food"}) // all that people send is one kind
	s.ErrorIs(err, core.ErrMuted)
	s.happens(func(ctx context.Context, tx uow.Tx) error { return s.DocumentFailed(ctx, tx, "c", 1, 3, 9) })
	s.Equal(0, len(s.inbox(3)))
	s.Equal(0, len(s.db.Published()))
	mail := func(kind string) map[int64]core.Mail {
		found, err := s.store.Preferences(s.ctx, []int64{3, 4})
		s.NoError(err)
		return map[int64]core.Mail{3: found[3].MailOf(kind), 4: found[4].MailOf(kind)}
	}
	s.Equal(map[int64]core.Mail{3: core.MailOff, 4: core.MailOff}, mail(core.KindDocumentFailed))
	s.Equal(map[int64]core.Mail{3: core.MailDigest, 4: core.MailOff}, mail(core.KindRunInterrupted))
	_, err = s.Prefer(s.ctx, who(3), &[]string{}, nil)
	s.NoError(err)
	s.Equal(map[int64]core.Mail{3: core.MailAtOnce, 4: core.MailOff}, mail(core.KindDocumentFailed))
	s.send(3, "x")
	s.Equal(1, len(s.inbox(3)))
}

func TestPreferencesAreOfKindsThatThereAre(t *testing.T) {
	s := newScene(t, nil)
	for name, c := range map[string]struct {
		muted []string
		mail  map[string]core.Mail
		want  error
	}{
		"an unknown kind":           {muted: []string{"message", "food"}, want: core.ErrKind},
		"one that stays":            {muted: []string{core.KindContentOpened}, want: core.ErrStays},
		"mail of an unknown kind":   {mail: map[string]core.Mail{"food": core.MailOff}, want: core.ErrKind},
		"mail at an unknown moment": {mail: map[string]core.Mail{"message": "weekly"}, want: core.ErrMail},
	} {
		if _, err := s.Prefer(s.ctx, who(3), &c.muted, c.mail); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	p, err := s.Preference(s.ctx, who(3))
	s.NoError(err)
	s.Equal(0, len(p.Muted)+len(p.Mail))
}

func TestReadingAllLeavesWhatComesMeanwhile(t *testing.T) {
	s := newScene(t, nil)
	for i := range 30 {
		s.happens(func(ctx context.Context, tx uow.Tx) error {
			_, err := s.store.Add(ctx, []core.Notification{{OrganizationID: 1, UserID: 3, Cause: fmt.Sprint(i)}})
			return err
		})
	}
	n, err := s.ReadAll(s.ctx, who(3))
	s.NoError(err)
	s.Equal(int64(30), n)
	n, err = s.ReadAll(s.ctx, who(3))
	s.NoError(err)
	s.Equal(int64(0), n)
	s.send(3, "later")
	unread := false
	found, err := s.Inbox(s.ctx, who(3), &unread, page.Request{})
	s.NoError(err)
	s.Equal([]int64{1, 1, 31}, []int64{int64(len(found.Items)), found.Unread, found.Total})
}

func TestAFullInboxLosesItsOldest(t *testing.T) {
	s := newScene(t, func(d *core.Deps) { d.InboxLimit = 150 })
	for i := range 300 {
		s.happens(func(ctx context.Context, tx uow.Tx) error {
			return s.DocumentFailed(ctx, tx, fmt.Sprint("c", i), 1, 3, int64(i+1))
		})
		c, err := s.store.Counters(s.ctx, 3)
		s.NoError(err)
		if c.Total > 249 || c.Total != c.Unread {
			t.Fatalf("after %d: %+v", i+1, c)
		}
	}
	kept, _, err := s.store.After(s.ctx, 3, 0, 1000)
	s.NoError(err)
	s.Equal([]int64{150, 151, 300}, []int64{int64(len(kept)), kept[0].Sequence, kept[149].Sequence})
}
