package core_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/modules/notifications"
	"parley/modules/notifications/internal/core"
	"parley/platform/kernel/mail"
	"parley/platform/kernel/seal"
	kernelwork "parley/platform/kernel/work"
	"parley/platform/work"
	workstore "parley/platform/work/memstore"
)

// post is a scene with a mail server that keeps what it is given.
type post struct {
	*scene
	queue *work.Queue
	sent  []mail.Message
	fail  error
	off   bool
	then  func() // called while a mail is being sent
	seen  int    // how many facts were consumed
}

func (p *post) On() bool { return !p.off }

func (p *post) Send(_ context.Context, m mail.Message) error {
	if p.then != nil {
		p.then()
	}
	if p.fail != nil {
		return p.fail
	}
	p.sent = append(p.sent, m)
	return nil
}

func newPost(t *testing.T) *post {
	t.Helper()
	p := &post{}
	p.scene = newScene(t, func(d *core.Deps) {
		sealer, err := seal.New("unsubscribe", []byte("0123456789abcdef0123456789abcdef"))
		if err != nil {
			t.Fatal(err)
		}
		d.Sender, d.DigestAt, d.Sealer = p, core.Daily{Hour: 7}, sealer
	})
	p.queue = work.NewQueue(workstore.New(p.db), nil, p.clock)
	p.Queue = p.queue
	return p
}

// consume hands over the facts that were published since the last time.
func (p *post) consume() {
	p.t.Helper()
	published := p.db.Published()
	for i, e := range published[p.seen:] {
		if n, ok := e.(notifications.NotificationCreated); ok {
			p.NoError(p.MailArrivals(p.ctx, core.Arrival{
				OrganizationID: n.OrganizationID, UserID: n.UserID, Sequence: n.SequenceNumber, Kind: n.Kind, EventID: fmt.Sprintf("event-%d", p.seen+i),
			}))
		}
	}
	p.seen = len(published)
}

// deliver does what is due and answers what was sent by it.
func (p *post) deliver() []mail.Message {
	p.t.Helper()
	p.consume()
	before := len(p.sent)
	runner, err := work.NewRunner(work.Config{Queue: p.queue, Kinds: p.Kinds(), Owner: "me", Log: slog.New(slog.DiscardHandler)})
	p.NoError(err)
	_, err = runner.Drain(p.ctx)
	p.NoError(err)
	return p.sent[before:]
}

func (p *post) one() mail.Message {
	p.t.Helper()
	sent := p.deliver()
	if len(sent) != 1 {
		p.t.Fatalf("%d mails were sent: %+v", len(sent), sent)
	}
	return sent[0]
}

func (p *post) none() {
	p.t.Helper()
	if sent := p.deliver(); len(sent) != 0 {
		p.t.Fatalf("mails were sent: %+v", sent)
	}
}

// wants has user 3 told of messages in a mode.
func (p *post) wants(mode core.Mail) {
	p.t.Helper()
	_, err := p.Prefer(p.ctx, who(3), nil, map[string]core.Mail{core.KindMessage: mode})
	p.NoError(err)
}

func titles(m mail.Message) []string {
	var out []string
	for _, s := range m.Sections {
		out = append(out, s.Text)
	}
	return out
}

func TestANotificationIsMailedAtOnceToWhomWantsItSo(t *testing.T) {
	p := newPost(t)
	p.send(3, "nobody asked for mail")
	p.none()
	p.wants(core.MailAtOnce)
	p.send(3, "hello")
	m := p.one()
	if m.To != "cat@example.com" || m.Subject != "Message from ann@example.com" || !slices.Equal(m.Paragraphs, []string{"ann@example.com writes:", "hello"}) || m.Unsubscribe == "" ||
		!strings.HasPrefix(m.ID, "event-") {
		t.Errorf("got %+v", m)
	}
	p.none()
}

func TestWhatComesSoonAfterAMailIsInTheNextOne(t *testing.T) {
	p := newPost(t)
	p.wants(core.MailAtOnce)
	p.send(3, "first")
	first := p.one()
	for i := range 3 {
		p.clock.Advance(time.Minute)
		p.send(3, fmt.Sprint("more ", i))
		p.none()
	}
	p.clock.Advance(7 * time.Minute)
	second := p.one()
	if second.Subject != "3 notifications" || len(second.Sections) != 3 || !strings.HasSuffix(second.Sections[0].Text, "more 0") || second.ID == first.ID {
		t.Errorf("got %+v", second)
	}
	p.clock.Advance(time.Hour)
	p.none()
}

func TestADigestComesAtItsHour(t *testing.T) {
	p := newPost(t)
	p.wants(core.MailDigest)
	p.send(3, "one")
	p.send(3, "two")
	p.none()
	p.clock.Advance(19*time.Hour - time.Second) // it was noon
	p.none()
	p.clock.Advance(time.Second)
	m := p.one()
	if m.Subject != "2 notifications" || len(titles(m)) != 2 || !strings.HasSuffix(titles(m)[0], "one") {
		t.Errorf("got %+v", m)
	}
	p.clock.Advance(24 * time.Hour)
	p.none()
	p.send(3, "three")
	p.none()
	p.clock.Advance(24 * time.Hour)
	if m := p.one(); m.Subject != "1 notification" || !strings.HasSuffix(titles(m)[0], "three") {
		t.Errorf("got %+v", m)
	}
}

func TestALongDigestSaysHowMuchMoreThereIs(t *testing.T) {
	p := newPost(t)
	p.wants(core.MailDigest)
	for i := range 60 {
		p.clock.Advance(time.Hour)
		if i == 0 {
			p.clock.Advance(-time.Hour)
		}
		p.send(3, "x")
		if i == 0 {
			p.consume()
		}
	}
	m := p.one()
	if len(m.Sections) != 50 || !slices.Equal(m.After, []string{"10 more are in your inbox."}) {
		t.Errorf("%d sections, %v", len(m.Sections), m.After)
	}
}

func TestWhatWasReadOrIsUnwantedByThenIsNotMailed(t *testing.T) {
	for name, c := range map[string]func(p *post){
		"read":      func(p *post) { _, err := p.ReadAll(p.ctx, who(3)); p.NoError(err) },
		"muted":     func(p *post) { _, err := p.Prefer(p.ctx, who(3), &[]string{core.KindMessage}, nil); p.NoError(err) },
		"not asked": func(p *post) { p.wants(core.MailOff) },
		"deleted": func(p *post) {
			p.people.all = slices.Delete(p.people.all, 2, 3)
			p.NoError(p.Store.DeleteOf(p.ctx, 1, 3))
		},
		"suspended": func(p *post) { p.people.all[2].IsActive = false },
		"a service user": func(p *post) {
			p.people.all[2].Email = ""
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, mode := range []core.Mail{core.MailAtOnce, core.MailDigest} {
				p := newPost(t)
				p.wants(mode)
				p.send(3, "hello")
				p.consume()
				c(p)
				p.clock.Advance(24 * time.Hour)
				p.none()
				if dead, err := p.queue.Dead(p.ctx, 9); err != nil || len(dead) != 0 {
					t.Errorf("%d dead jobs, %v", len(dead), err)
				}
			}
		})
	}
}

func TestWhatComesWhileAMailIsSentIsInTheNextOne(t *testing.T) {
	for _, mode := range []core.Mail{core.MailAtOnce, core.MailDigest} {
		p := newPost(t)
		p.wants(mode)
		p.send(3, "first")
		p.consume()
		p.then = func() { p.then = nil; p.send(3, "meanwhile"); p.consume() }
		p.clock.Advance(24 * time.Hour)
		first := p.one()
		p.clock.Advance(24 * time.Hour)
		second := p.one()
		if first.ID == second.ID || !strings.Contains(fmt.Sprint(second.Paragraphs, titles(second)), "meanwhile") || strings.Contains(fmt.Sprint(second), "first") {
			t.Errorf("%s: got %+v", mode, second)
		}
		p.clock.Advance(24 * time.Hour)
		p.none()
	}
}

func TestAMailThatFailedIsSentAgainAsTheSameMail(t *testing.T) {
	p := newPost(t)
	p.wants(core.MailAtOnce)
	var ids []string
	p.then = func() { ids = append(ids, "tried") }
	p.fail = errors.New("451 greylisted")
	p.send(3, "hello")
	p.none()
	p.fail = nil
	p.clock.Advance(time.Minute)
	if m := p.one(); m.ID != "event-0" || len(ids) != 2 {
		t.Errorf("%d attempts, got %+v", len(ids), m)
	}
}

func TestARefusedMailKeepsNoLaterOneBack(t *testing.T) {
	p := newPost(t)
	p.wants(core.MailAtOnce)
	p.fail = kernelwork.Permanent(errors.New("550 no such user"))
	p.send(3, "hello")
	p.none()
	dead, err := p.queue.Dead(p.ctx, 9)
	if err != nil || len(dead) != 1 || !strings.Contains(dead[0].Error, "550") {
		t.Fatalf("got %+v, %v", dead, err)
	}
	p.fail = nil
	p.send(3, "again")
	p.one()
}

func TestWhatMustNotWaitIsMailedUnasked(t *testing.T) {
	var p core.Preference
	for _, kind := range core.Kinds {
		want := core.MailOff
		if slices.Contains([]string{core.KindContentOpened, core.KindWebhookDisabled, core.KindBudget}, kind) {
			want = core.MailAtOnce
		}
		if got := p.MailOf(kind); got != want {
			t.Errorf("%s is %s", kind, got)
		}
	}
	p.Mail = map[string]core.Mail{core.KindContentOpened: core.MailOff}
	if p.MailOf(core.KindContentOpened) != core.MailOff {
		t.Error("it can't be switched off")
	}
}

func TestWithoutAMailServerNoMailWaits(t *testing.T) {
	p := newPost(t)
	p.wants(core.MailAtOnce)
	p.off = true
	p.send(3, "hello")
	p.none()
	p.off = false // nor for the day on which there is one
	p.none()
	p.send(3, "now")
	if m := p.one(); !slices.Contains(m.Paragraphs, "now") {
		t.Errorf("got %+v", m)
	}
}

func TestTheNextTimeOfTheDayIsThatOfTheZone(t *testing.T) {
	load := func(name string) *time.Location {
		zone, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return zone
	}
	for _, c := range []struct {
		daily     core.Daily
		now, want string
	}{
		{core.Daily{Hour: 7}, "2026-05-20T06:59:59Z", "2026-05-20T07:00:00Z"},
		{core.Daily{Hour: 7}, "2026-05-20T07:00:00Z", "2026-05-21T07:00:00Z"},
		{core.Daily{Hour: 7, Minute: 30, Zone: load("Asia/Kathmandu")}, "2026-05-20T02:00:00Z", "2026-05-21T01:45:00Z"},
		{core.Daily{Hour: 23, Zone: load("America/Los_Angeles")}, "2026-12-31T23:00:00Z", "2027-01-01T07:00:00Z"},
		{core.Daily{Hour: 7, Zone: load("Europe/Berlin")}, "2026-10-24T12:00:00Z", "2026-10-25T06:00:00Z"},             // the clocks go back
		{core.Daily{Hour: 2, Minute: 30, Zone: load("Europe/Berlin")}, "2026-03-29T00:00:00Z", "2026-03-29T01:30:00Z"}, // 02:30 is not there that day
	} {
		now, err := time.Parse(time.RFC3339, c.now)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.daily.Next(now).Format(time.RFC3339); got != c.want {
			t.Errorf("after %s comes %s, not %s", c.now, got, c.want)
		}
	}
}
