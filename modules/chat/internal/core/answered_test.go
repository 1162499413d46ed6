package core_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"parley/modules/agents"
	"parley/modules/chat"
	"parley/modules/chat/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
)

// keeper administers the agent and is nothing else to anybody.
var keeper = actor.Actor{UserID: 9, OrganizationID: 1, Email: "keeper@example.com"}

// answers lists what the reader finds.
func (s *scene) answers(f core.AnsweredFilter, p page.Request) page.Of[core.AnsweredQuestion] {
	s.t.Helper()
	s.agents.admins[keeper.UserID] = true
	f.AgentID = 3
	list, err := s.AnsweredQuestions(s.ctx, keeper, f, 0, p)
	s.must(err)
	return list
}

func asksOf(list page.Of[core.AnsweredQuestion]) []string {
	out := []string{}
	for _, q := range list.Items {
		out = append(out, q.Question)
	}
	return out
}

func TestAnAgentsAdminReadsWhatItAnsweredWithoutTheAsker(t *testing.T) {
	play(t, func(s *scene) {
		run := s.ended(s.ask("What is green?")).Run
		time.Sleep(time.Minute)
		s.model.answer = fails
		s.ended(s.ask("What is broken?"))
		s.model.answer = says(0, "Yes [2].")
		s.measured(question(s.testThread(), "q"))
		_, err := s.Vote(s.ctx, jo, run.ID, false)
		s.must(err)

		list := s.answers(core.AnsweredFilter{}, page.Request{})
		s.same([]string{"What is green?"}, asksOf(list))
		got := list.Items[0]
		s.same([]any{run.ID, "It is green [1].", core.Downvote, []int64{11}, false, int64(-1)}, []any{got.ID, got.Answer, got.Vote, got.Cited, got.ShowUser, list.Count})

		_, err = s.AnsweredQuestions(s.ctx, ann, core.AnsweredFilter{AgentID: 3}, 0, page.Request{})
		s.is(err, core.ErrNotAgentAdmin)
		s.agents.hidden[ann.UserID] = true
		_, err = s.AnsweredQuestions(s.ctx, ann, core.AnsweredFilter{AgentID: 3}, 0, page.Request{})
		s.is(err, errHidden)
	})
}

func TestAnswersWithASourceThatTheReaderMayNotReadAreLeftOut(t *testing.T) {
	play(t, func(s *scene) {
		first := s.ended(s.ask("What is green?"))
		s.library.passages = s.library.passages[1:]
		later := s.ended(s.ask("Is it?", in(first.ThreadID))) // has the first as its history
		alone := s.ended(s.ask("When?"))
		s.same([]string{"When?", "Is it?", "What is green?"}, asksOf(s.answers(core.AnsweredFilter{}, page.Request{})))
		s.library.unreadable[11] = true // of the first alone
		s.same([]string{"When?"}, asksOf(s.answers(core.AnsweredFilter{}, page.Request{})))
		found, missing, err := s.Evaluations().Answered(s.ctx, keeper, 3, []int64{99999, alone.Run.ID, later.Run.ID, first.Run.ID, alone.Run.ID})
		s.must(err)
		s.same([]any{1, alone.Run.ID, "When?", []int64{first.Run.ID, later.Run.ID, 99999}}, []any{len(found), found[0].AgentResponseID, found[0].Query, missing})
		_, _, err = s.Evaluations().Answered(s.ctx, ann, 3, []int64{alone.Run.ID})
		s.is(err, core.ErrNotAgentAdmin)
	})
}

func TestAnsweredQuestionsAreWalkedWholeHoweverFewMayBeRead(t *testing.T) {
	play(t, func(s *scene) {
		passages := s.library.passages
		for i := range 30 {
			s.library.passages = passages[i%2:][:1]
			s.ended(s.ask(fmt.Sprint("Question ", i)))
			time.Sleep(time.Second)
		}
		s.library.unreadable[11] = true
		var want []string
		for i := 29; i > 0; i -= 2 {
			want = append(want, fmt.Sprint("Question ", i))
		}
		for _, size := range []int{1, 4, 7, 15, 100} {
			var got []string
			for p := (page.Request{Size: size, ByCursor: true}); ; {
				part := s.answers(core.AnsweredFilter{}, p)
				got = append(got, asksOf(part)...)
				if p.Cursor = part.NextCursor; p.Cursor == "" {
					break
				}
			}
			s.same(want, got)
		}
		s.same(want[4:6], asksOf(s.answers(core.AnsweredFilter{}, page.Request{Number: 3, Size: 2})))
		_, err := s.AnsweredQuestions(s.ctx, keeper, core.AnsweredFilter{AgentID: 3}, 0, page.Request{Number: 1000, Size: 500})
		s.is(err, core.ErrFarPage)
	})
}

func TestAnsweredQuestionsAreFilteredByWords(t *testing.T) {
	play(t, func(s *scene) {
		s.ended(s.ask("Which coils are changed?"))
		time.Sleep(time.Second)
		s.ended(s.ask("What is red?"))
		s.same([]string{"Which coils are changed?"}, asksOf(s.answers(core.AnsweredFilter{Text: "COIL"}, page.Request{})))
		s.same([]string{"What is red?", "Which coils are changed?"}, asksOf(s.answers(core.AnsweredFilter{Text: "green"}, page.Request{}))) // both answers
		s.same([]string{}, asksOf(s.answers(core.AnsweredFilter{Text: "coil red"}, page.Request{})))
		for _, text := range []string{"?!", "a b c d e f g h i j k"} {
			_, err := s.AnsweredQuestions(s.ctx, keeper, core.AnsweredFilter{AgentID: 3, Text: text}, 0, page.Request{})
			s.is(err, core.ErrTextFilter)
		}
	})
}

func TestOnlyAContentGrantSaysWhoAsked(t *testing.T) {
	open(t, func(s *scene) {
		s.agents.admins[boss.UserID] = true
		s.ended(s.ask("What is green?"))
		anns := s.askAs(ann, "And mine?")
		_, err := s.Await(s.ctx, ann, anns.ID)
		s.must(err)
		g := s.grant(boss, s.onJo())
		before := len(s.db.Published())
		list, err := s.AnsweredQuestions(s.ctx, boss, core.AnsweredFilter{AgentID: 3}, g.ID, page.Request{})
		s.must(err)
		shown := map[int64]bool{}
		for _, q := range list.Items {
			shown[q.UserID] = q.ShowUser
		}
		s.same(map[int64]bool{jo.UserID: true, ann.UserID: false}, shown)
		var read []int64
		for _, e := range s.since(before) {
			if r, is := e.(chat.ContentRead); is {
				read = append(read, r.UserID)
			}
		}
		s.same([]int64{jo.UserID}, read)

		s.agents.become(jo.UserID, actor.GlobalAdmin) // whom nobody reads
		list, err = s.AnsweredQuestions(s.ctx, boss, core.AnsweredFilter{AgentID: 3}, g.ID, page.Request{})
		s.must(err)
		s.same(false, slices.ContainsFunc(list.Items, func(q core.AnsweredQuestion) bool { return q.ShowUser }))
		s.agents.admins[keeper.UserID] = true
		_, err = s.AnsweredQuestions(s.ctx, keeper, core.AnsweredFilter{AgentID: 3}, g.ID, page.Request{})
		s.is(err, core.ErrGrantNotFound)
	})
}

func TestWhatTheAgentSharedIsHiddenFromWhoLostTheAgent(t *testing.T) {
	play(t, func(s *scene) {
		s.library.shared = map[int64]bool{11: true}
		run := s.ended(s.ask("What is green?")).Run
		support := func() int {
			list, err := s.Support(s.ctx, jo, run.ID)
			s.must(err)
			return len(list)
		}
		s.same(2, support())
		s.agents.hide(jo.UserID) // narrowed, or deleted
		s.same(1, support())
	})
}

func TestAnErrorWhileARightIsLookedUpIsAnError(t *testing.T) {
	play(t, func(s *scene) {
		run := s.ended(s.ask("What is green?")).Run
		s.Service = s.process("process-b", func(d *core.Deps) { d.Agents = broke{s.agents} })
		_, err := s.Record(s.ctx, jo, run.ID)
		s.is(err, errBroken)
		_, err = s.Support(s.ctx, jo, run.ID)
		s.is(err, errBroken)
		_, err = s.AnsweredQuestions(s.ctx, keeper, core.AnsweredFilter{AgentID: 3}, 0, page.Request{})
		s.is(err, errBroken)
	})
}

// broke is a catalog that can't look anything up.
type broke struct{ *catalog }

func (broke) Run(context.Context, actor.Actor, int64) (agents.Runnable, error) {
	return agents.Runnable{}, errBroken
}

func (broke) Administers(context.Context, actor.Actor, int64) (bool, error) { return false, errBroken }

func TestOnlyCompletedRunsThatNoEvaluationAskedAnswerUsers(t *testing.T) {
	for state, want := range map[core.State]bool{
		core.Queued: false, core.InProgress: false, core.Completed: true, core.Failed: false, core.Cancelled: false, core.Interrupted: false,
	} {
		if got := state.AnswersUser("api"); got != want {
			t.Errorf("%s of a client: %v", state, got)
		}
		if state.AnswersUser(core.SourceEvaluation) {
			t.Errorf("%s of an evaluation answers a user", state)
		}
	}
	if !core.Completed.AnswersUser("") {
		t.Error("an answer of no named source is none")
	}
}
