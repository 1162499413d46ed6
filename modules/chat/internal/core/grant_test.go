package core_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"parley/modules/chat"
	"parley/modules/chat/internal/core"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/event"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
)

var (
	boss  = actor.Actor{UserID: 1, OrganizationID: 1, Email: "boss@example.com", Level: actor.GlobalAdmin}
	other = actor.Actor{UserID: 2, OrganizationID: 1, Email: "other@example.com", Level: actor.GlobalAdmin}
)

// open is play with the two global admins.
func open(t *testing.T, test func(s *scene)) {
	play(t, func(s *scene) {
		s.agents.become(boss.UserID, actor.GlobalAdmin)
		s.agents.become(other.UserID, actor.GlobalAdmin)
		test(s)
	})
}

func ref(id int64) *int64 { return &id }

// onJo is a grant on jo, for an hour.
func (s *scene) onJo() core.NewGrant {
	return core.NewGrant{UserID: ref(jo.UserID), Reason: "A complaint.", ExpiresOn: time.Now().Add(time.Hour)}
}

func onAgent(n core.NewGrant) core.NewGrant {
	n.UserID, n.AgentID = nil, ref(3)
	return n
}

// grant makes one of a global admin's.
func (s *scene) grant(who actor.Actor, n core.NewGrant) core.Grant {
	s.t.Helper()
	g, err := s.CreateGrant(s.ctx, who, n)
	s.must(err)
	return g
}

// since answers what was published since before events were.
func (s *scene) since(before int) []event.Event { return s.db.Published()[before:] }

// reading are all the ways to a run's content, by whoever reads.
func (s *scene) reading(who actor.Actor, run core.Run) map[string]func() error {
	return map[string]func() error{
		"record":             func() error { _, err := s.Record(s.ctx, who, run.ID); return err },
		"thread":             func() error { _, _, err := s.Thread(s.ctx, who, run.ThreadID, page.Request{}); return err },
		"thoughts":           func() error { _, err := s.Thoughts(s.ctx, who, run.ID); return err },
		"support":            func() error { _, err := s.Support(s.ctx, who, run.ID); return err },
		"stream":             func() error { _, _, err := s.Watch(s.ctx, who, run.ID, 0); return err },
		"decider of answers": func() error { return s.Deciders().Ask(s.ctx, actor.Answer, who, run.ID, access.View) },
		"decider of threads": func() error { return s.Deciders().Ask(s.ctx, actor.Thread, who, run.ThreadID, access.View) },
	}
}

// reads checks what each way to a run's content answers.
func (s *scene) reads(who actor.Actor, run core.Run, want error) {
	s.t.Helper()
	for name, read := range s.reading(who, run) {
		if err := read(); !errors.Is(err, want) {
			s.t.Errorf("%s: got %v, want %v", name, err, want)
		}
	}
}

func TestAGrantIsOnOneUserOrAgentWithAReasonAndForAWeekAtMost(t *testing.T) {
	open(t, func(s *scene) {
		before := len(s.db.Published())
		for name, c := range map[string]struct {
			change func(*core.NewGrant)
			want   error
		}{
			"on nothing":                  {func(n *core.NewGrant) { n.UserID = nil }, core.ErrGrantTarget},
			"on both":                     {func(n *core.NewGrant) { n.AgentID = ref(3) }, core.ErrGrantTarget},
			"a blank reason":              {func(n *core.NewGrant) { n.Reason = " \n" }, core.ErrGrantReason},
			"that ends now":               {func(n *core.NewGrant) { n.ExpiresOn = time.Now() }, core.ErrGrantExpiry},
			"longer than a week":          {func(n *core.NewGrant) { n.ExpiresOn = time.Now().Add(7*24*time.Hour + time.Microsecond) }, core.ErrGrantExpiry},
			"a value before who it is on": {func(n *core.NewGrant) { n.UserID, n.ExpiresOn = ref(404), time.Now() }, core.ErrGrantExpiry},
			"on nobody":                   {func(n *core.NewGrant) { n.UserID = ref(404) }, errNobody},
			"on another global admin":     {func(n *core.NewGrant) { n.UserID = ref(other.UserID) }, core.ErrGrantOnAdmin},
			"on oneself":                  {func(n *core.NewGrant) { n.UserID = ref(boss.UserID) }, core.ErrGrantOnAdmin},
			"on an agent that isn't seen": {func(n *core.NewGrant) { *n = onAgent(*n); n.AgentID = ref(404) }, errHidden},
		} {
			s.agents.become(404, gone)
			n := s.onJo()
			c.change(&n)
			if _, err := s.CreateGrant(s.ctx, boss, n); !errors.Is(err, c.want) {
				t.Errorf("%s: got %v", name, err)
			}
		}
		s.same(0, len(s.since(before)))
		n := s.onJo()
		n.Reason, n.ExpiresOn = "  A complaint. ", time.Now().UTC().Add(7*24*time.Hour)
		g := s.grant(boss, n)
		s.same([]any{boss.UserID, "A complaint.", boss.Email, true}, []any{g.GrantedTo, g.Reason, g.CreatedBy, g.Live(time.Now())})
		it := s.grant(other, onAgent(s.onJo()))
		s.same([]event.Event{
			chat.ContentGrantCreated{GrantID: g.ID, OrganizationID: 1, GrantedTo: boss.UserID, UserID: jo.UserID, ExpiresOn: g.ExpiresOn},
			chat.ContentGrantCreated{GrantID: it.ID, OrganizationID: 1, GrantedTo: other.UserID, AgentID: 3, ExpiresOn: it.ExpiresOn},
		}, s.since(before))
	})
}

func TestAGrantIsEndedOnceByAnyGlobalAdmin(t *testing.T) {
	open(t, func(s *scene) {
		g := s.grant(boss, s.onJo())
		before := len(s.db.Published())
		for _, c := range []struct {
			who  actor.Actor
			id   int64
			want error
		}{{jo, g.ID, core.ErrGrantNotFound}, {actor.Actor{UserID: 1, OrganizationID: 2, Level: actor.GlobalAdmin}, g.ID, core.ErrGrantNotFound}, {boss, 999, core.ErrGrantNotFound}} {
			_, err := s.EndGrant(s.ctx, c.who, c.id)
			s.is(err, c.want)
		}
		ended, err := s.EndGrant(s.ctx, other, g.ID)
		s.must(err)
		s.same([]any{false, other.Email}, []any{ended.Live(time.Now()), ended.ModifiedBy})
		s.same([]event.Event{chat.ContentGrantEnded{GrantID: g.ID, OrganizationID: 1, GrantedTo: boss.UserID, UserID: jo.UserID, EndedBy: other.UserID}}, s.since(before))
		_, err = s.EndGrant(s.ctx, boss, g.ID)
		s.is(err, core.ErrGrantEnded)
		expired := s.grant(boss, s.onJo())
		time.Sleep(time.Hour)
		_, err = s.EndGrant(s.ctx, boss, expired.ID)
		s.is(err, core.ErrGrantEnded)
	})
}

func TestAGrantLetsItsMakerReadAndNobodyElse(t *testing.T) {
	for name, on := range map[string]func(core.NewGrant) core.NewGrant{"on the user": func(n core.NewGrant) core.NewGrant { return n }, "on the agent": onAgent} {
		t.Run(name, func(t *testing.T) {
			open(t, func(s *scene) {
				run := s.ended(s.ask("What is green?")).Run
				s.reads(boss, run, core.ErrNotFound)
				s.grant(boss, on(s.onJo()))
				s.reads(boss, run, nil)
				s.reads(other, run, core.ErrNotFound)
				s.reads(ann, run, core.ErrNotFound)
				s.reads(actor.Actor{UserID: boss.UserID, OrganizationID: 2, Level: actor.GlobalAdmin}, run, core.ErrNotFound)
				mine, err := s.Record(s.ctx, jo, run.ID)
				s.must(err)
				got, err := s.Record(s.ctx, boss, run.ID)
				s.must(err)
				s.same(mine, got)
				time.Sleep(time.Hour)
				s.reads(boss, run, core.ErrNotFound)
				g := s.grant(boss, on(s.onJo()))
				s.reads(boss, run, nil)
				_, err = s.EndGrant(s.ctx, boss, g.ID)
				s.must(err)
				s.reads(boss, run, core.ErrNotFound)
			})
		})
	}
}

func TestAGrantLetsNobodyWrite(t *testing.T) {
	open(t, func(s *scene) {
		run := s.ended(s.ask("What is green?")).Run
		for _, writes := range []struct{ want error }{{core.ErrNotFound}, {core.ErrReadOnly}} {
			_, err := s.Cancel(s.ctx, boss, run.ID)
			s.is(err, writes.want)
			_, err = s.Attach(s.ctx, boss, run.ThreadID, 5)
			s.is(err, writes.want)
			_, err = s.Ask(s.ctx, boss, core.Ask{AgentID: 3, UserQuery: "And blue?", ThreadID: &run.ThreadID})
			s.is(err, writes.want)
			_, err = s.Ask(s.ctx, boss, core.Ask{AgentID: 3, UserQuery: "And blue?", ThreadID: &run.ThreadID, Options: core.Options{CorpusIDs: []int64{5}}})
			s.is(err, writes.want)
			for _, do := range []access.Action{access.Run, access.Edit, access.Manage, access.Delete} {
				s.is(s.Deciders().Ask(s.ctx, actor.Answer, boss, run.ID, do), writes.want)
				s.is(s.Deciders().Ask(s.ctx, actor.Thread, boss, run.ThreadID, do), writes.want)
			}
			s.grant(boss, s.onJo())
		}
		_, list, err := s.Thread(s.ctx, jo, run.ThreadID, page.Request{})
		s.must(err)
		s.same(1, len(list.Items))
	})
}

func TestAGrantEndsWithWhatReaderAndUserAre(t *testing.T) {
	open(t, func(s *scene) {
		run := s.ended(s.ask("What is green?")).Run
		s.grant(boss, s.onJo())
		s.grant(boss, onAgent(s.onJo()))
		s.reads(boss, run, nil)

		s.agents.become(jo.UserID, actor.GlobalAdmin)
		s.reads(boss, run, core.ErrNotFound)
		s.agents.become(jo.UserID, gone)
		s.reads(boss, run, core.ErrNotFound)
		s.agents.become(jo.UserID, actor.ApplicationAdmin)
		s.reads(boss, run, nil)

		demoted := boss
		demoted.Level = actor.ApplicationAdmin
		s.reads(demoted, run, core.ErrNotFound)

		s.must(s.ForgetUser(s.ctx, boss.UserID)) // who is deleted
		s.reads(boss, run, core.ErrNotFound)
		s.grant(boss, onAgent(s.onJo()))
		s.reads(boss, run, nil)
		s.must(s.ForgetUser(s.ctx, jo.UserID))
		s.reads(boss, run, core.ErrNotFound)
	})
}

func TestWhatWasDeletedIsGoneForWhoHasAGrantToo(t *testing.T) {
	open(t, func(s *scene) {
		run := s.ended(s.ask("What is green?")).Run
		s.grant(boss, s.onJo())
		_, err := s.store.UpdateThread(s.ctx, jo.UserID, run.ThreadID, func(t *core.Thread) error { t.IsDeleted = true; return nil })
		s.must(err)
		s.reads(boss, run, core.ErrNotFound)
	})
}

func TestEachReadThroughAGrantIsToldBeforeItIsAnswered(t *testing.T) {
	open(t, func(s *scene) {
		run := s.ended(s.ask("What is green?")).Run
		g := s.grant(boss, s.onJo())
		read := chat.ContentRead{GrantID: g.ID, OrganizationID: 1, ReaderID: boss.UserID, UserID: jo.UserID, AgentID: 3, ThreadID: run.ThreadID, AgentResponseID: run.ID}
		thread := read
		thread.AgentResponseID = 0
		for name, way := range s.reading(boss, run) {
			before := len(s.db.Published())
			s.must(way())
			want := []event.Event{read}
			switch {
			case strings.HasPrefix(name, "decider"):
				want = []event.Event{}
			case name == "thread":
				want = []event.Event{thread}
			}
			s.same(want, s.since(before))
		}
		before := len(s.db.Published())
		s.reads(jo, run, nil)
		s.same(0, len(s.since(before)))

		s.Service = s.process("process-b", func(d *core.Deps) { d.Unit = failing{d.Unit} })
		for name, way := range s.reading(boss, run) {
			if err := way(); !strings.HasPrefix(name, "decider") && !errors.Is(err, errBroken) {
				t.Errorf("%s is answered although nobody can be told: %v", name, err)
			}
		}
	})
}

// failing is a unit of work that never commits.
type failing struct{ uow.Group }

// Do implements uow.Unit.
func (failing) Do(context.Context, func(context.Context, uow.Tx) error) error { return errBroken }

func TestSupportThroughAGrantIsWhatTheReaderMayRead(t *testing.T) {
	open(t, func(s *scene) {
		run := s.ended(s.ask("What is green?")).Run
		s.grant(boss, s.onJo())
		s.library.unreadable[11] = true
		got, err := s.Support(s.ctx, boss, run.ID)
		s.must(err)
		s.same([]core.Support{{Number: 2, Passage: s.library.passages[1]}}, got)
		s.same([]actor.Actor{boss}, s.library.readers)
	})
}

func TestThreadsAreListedThroughAGrant(t *testing.T) {
	open(t, func(s *scene) {
		run := s.ended(s.ask("What is green?")).Run
		for _, who := range []actor.Actor{ann, other} {
			_, err := s.CreateThread(s.ctx, who, 3, "of "+who.Email)
			s.must(err)
		}
		titles := func(grant int64, agent int64) []string {
			t.Helper()
			found, err := s.GrantedThreads(s.ctx, boss, agent, grant, "", page.Request{})
			s.must(err)
			out := []string{}
			for _, thread := range found.Items {
				out = append(out, thread.Title)
			}
			return out
		}
		g, it := s.grant(boss, s.onJo()), s.grant(boss, onAgent(s.onJo()))
		before := len(s.db.Published())
		s.same([]string{"What is green?"}, titles(g.ID, 3))
		read := func(grant, user int64) event.Event {
			return chat.ContentRead{GrantID: grant, OrganizationID: 1, ReaderID: boss.UserID, UserID: user, AgentID: 3}
		}
		s.same([]event.Event{read(g.ID, jo.UserID)}, s.since(before))
		before = len(s.db.Published())
		s.same([]string{"of " + ann.Email, "What is green?"}, titles(it.ID, 3)) // and no global admin's
		s.same([]event.Event{read(it.ID, ann.UserID), read(it.ID, jo.UserID)}, s.since(before))
		s.same([]string{}, titles(it.ID, 99)) // which the grant is not on
		s.agents.become(jo.UserID, actor.GlobalAdmin)
		s.same([]string{}, titles(g.ID, 3))

		for _, c := range []struct {
			who  actor.Actor
			id   int64
			want error
		}{{other, g.ID, core.ErrGrantUnusable}, {jo, g.ID, core.ErrGrantNotFound}, {boss, 999, core.ErrGrantNotFound}} {
			_, err := s.GrantedThreads(s.ctx, c.who, 3, c.id, "", page.Request{})
			s.is(err, c.want)
		}
		_, err := s.EndGrant(s.ctx, boss, g.ID)
		s.must(err)
		_, err = s.GrantedThreads(s.ctx, boss, 3, g.ID, "", page.Request{})
		s.is(err, core.ErrGrantUnusable)
		list, err := s.Threads(s.ctx, boss, 3, "", page.Request{})
		s.must(err)
		s.same(0, len(list.Items))
		s.same("What is green?", s.ended(run).ThreadTitle)
	})
}
