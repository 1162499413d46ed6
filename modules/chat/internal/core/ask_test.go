package core_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"parley/modules/chat"
	"parley/modules/chat/internal/core"
	"parley/platform/kernel/page"
)

func withKey(key, fingerprint string) func(*core.Ask) {
	return func(a *core.Ask) { a.Key, a.Fingerprint = key, fingerprint }
}

func TestARepeatedRequestIsAnsweredOnce(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = says(time.Second, "It is green [1].")
		ask := core.Ask{AgentID: 3, UserQuery: "What is green?", Key: "k", Fingerprint: "f"}
		run := s.ask("What is green?", withKey("k", "f"))
		_, err := s.Ask(s.ctx, jo, ask)
		s.is(err, core.ErrInProgress)
		first := s.ended(run)

		again, err := s.Ask(s.ctx, jo, ask)
		s.must(err)
		s.same([]any{true, first.Run}, []any{again.Replayed, again.Run})
		s.same(1, len(s.model.asked()))

		other := ask
		other.Fingerprint = "g"
		_, err = s.Ask(s.ctx, jo, other)
		s.is(err, core.ErrKeyReused)
		anns, err := s.Ask(s.ctx, ann, other) // her key is her own
		s.must(err)
		s.same(false, anns.Replayed)
		if anns.ID == run.ID {
			t.Error("ann got jo's run")
		}
	})
}

func TestARepeatedRequestNeedsTheRightStill(t *testing.T) {
	play(t, func(s *scene) {
		s.ended(s.ask("What is green?", withKey("k", "f")))
		s.agents.hidden[jo.UserID] = true
		_, err := s.Ask(s.ctx, jo, core.Ask{AgentID: 3, UserQuery: "What is green?", Key: "k", Fingerprint: "f"})
		s.is(err, errHidden)
	})
}

func TestAPanicKeepsNoPlaceAtTheGate(t *testing.T) {
	play(t, func(s *scene) {
		service := s.process("process-b", func(d *core.Deps) { d.Places.Working = 1 })
		ask := core.Ask{AgentID: 3, UserQuery: "What is green?"}
		s.agents.decided = func() { panic("a fault") }
		func() {
			defer func() {
				if recover() == nil {
					t.Error("there was no fault")
				}
			}()
			_, _ = service.Ask(s.ctx, jo, ask)
		}()
		s.agents.decided = nil
		_, err := service.Ask(s.ctx, jo, ask)
		s.must(err)
	})
}

func TestAKeyIsForgottenAfterADay(t *testing.T) {
	play(t, func(s *scene) {
		s.tend(s.Service)
		first := s.ended(s.ask("What is green?", withKey("k", "f")))
		time.Sleep(23 * time.Hour)
		again, err := s.Ask(s.ctx, jo, core.Ask{AgentID: 3, UserQuery: "What is green?", Key: "k", Fingerprint: "f"})
		s.must(err)
		s.same(true, again.Replayed)
		time.Sleep(2 * time.Hour)
		if second := s.ask("What is green?", withKey("k", "f")); second.ID == first.Run.ID {
			t.Error("the key still stands for its run")
		}
	})
}

func TestOfManyWithOneKeyAtOnceOneIsAnswered(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = says(time.Second, "It is green.")
		const many = 30
		errs := make(chan error, many)
		for range many {
			go func() {
				_, err := s.Ask(s.ctx, jo, core.Ask{AgentID: 3, UserQuery: "What is green?", Key: "k", Fingerprint: "f"})
				errs <- err
			}()
		}
		accepted := 0
		for range many {
			if err := <-errs; err == nil {
				accepted++
			} else {
				s.is(err, core.ErrInProgress)
			}
		}
		time.Sleep(2 * time.Second)
		s.same([]int{1, 1}, []int{accepted, len(s.model.asked())})
	})
}

func TestWhatIsAskedComesFromTheQueryOrTheHistory(t *testing.T) {
	said, open := core.Turn{User: "Who?", Bot: "Ada."}, core.Turn{User: "And when?"}
	cases := map[string]struct {
		query    string
		history  []core.Turn
		question string
		before   []core.Turn
		err      error
	}{
		"a query":                               {query: "When?", question: "When?"},
		"a query after a history":               {query: "When?", history: []core.Turn{said}, question: "When?", before: []core.Turn{said}},
		"a history that ends open":              {history: []core.Turn{said, open}, question: "And when?", before: []core.Turn{said}},
		"an open history alone":                 {history: []core.Turn{open}, question: "And when?", before: []core.Turn{}},
		"an empty history":                      {query: "When?", history: []core.Turn{}, question: "When?", before: []core.Turn{}},
		"both a query and an open history":      {query: "When?", history: []core.Turn{said, open}, err: core.ErrTwoQuestions},
		"nothing":                               {err: core.ErrNoQuestion},
		"blank":                                 {query: " \n\t", err: core.ErrNoQuestion},
		"a history without an open question":    {history: []core.Turn{said}, err: core.ErrNoQuestion},
		"a blank open question":                 {history: []core.Turn{{User: " "}}, err: core.ErrNoQuestion},
		"an open question in the middle":        {history: []core.Turn{open, said}, query: "When?", err: core.ErrHistory},
		"blank query beside an open history":    {query: "  ", history: []core.Turn{open}, question: "And when?", before: []core.Turn{}},
		"an open question before the last open": {history: []core.Turn{open, open}, err: core.ErrHistory},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *scene) {
				run, err := s.Ask(s.ctx, jo, core.Ask{AgentID: 3, UserQuery: c.query, History: c.history})
				if c.err != nil {
					s.is(err, c.err)
					s.same(0, len(s.db.Published()))
					return
				}
				s.must(err)
				s.same(c.question, s.ended(run.Run).Question)
				prompt := s.model.asked()[0]
				s.same(c.question, prompt.Original)
				s.same(len(c.before), len(prompt.History))
			})
		})
	}
}

func TestAThreadRemembersWhatWasSaid(t *testing.T) {
	play(t, func(s *scene) {
		first := s.ended(s.ask("What is the warp coil?"))
		s.model.answer = fails
		s.ended(s.ask("This one fails.", in(first.ThreadID)))
		s.model.answer = says(0, "Yearly [2].")
		second := s.ended(s.ask("And when is it changed?", in(first.ThreadID)))
		before := []core.Turn{{User: "What is the warp coil?", Bot: "It is green [1]."}}
		s.same(before, s.model.asked()[2].History)
		s.same(before, second.History)
		if !strings.Contains(second.SearchQuery, "warp") || second.SearchQuery != s.library.queries[2] {
			t.Errorf("searched %q, kept %q", s.library.queries[2], second.SearchQuery)
		}
		// A history that is sent stands in place of the thread's.
		s.ended(s.ask("What is a hull?", in(first.ThreadID), func(a *core.Ask) { a.History = []core.Turn{} }))
		s.same(0, len(s.model.asked()[3].History))
	})
}

func TestAPromptHasTheLastExchangesOnly(t *testing.T) {
	play(t, func(s *scene) {
		thread := s.ended(s.ask("What is green?")).ThreadID
		for range core.MaxHistory + 3 {
			s.ended(s.ask("What is the warp coil made of?", in(thread)))
		}
		asked := s.model.asked()
		s.same(core.MaxHistory, len(asked[len(asked)-1].History))
	})
}

func TestAThreadGetsItsTitleFromItsFirstQuestion(t *testing.T) {
	long := strings.Repeat("warp coil ", 20)
	cases := map[string]struct{ title, question, want string }{
		"a short question":       {"", "  What\n is  green? ", "What is green?"},
		"a long question":        {"", long, strings.TrimSpace(strings.Repeat("warp coil ", 7)) + " warp…"},
		"a word without an end":  {"", strings.Repeat("漢", 100), strings.Repeat("漢", 79) + "…"},
		"a title that was given": {"My thread", "What is green?", "My thread"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *scene) {
				thread, err := s.CreateThread(s.ctx, jo, 3, " "+c.title+" ")
				s.must(err)
				if c.title == "" {
					s.same("New Chat", thread.Title)
				}
				s.same(c.want, s.ended(s.ask(c.question, in(thread.ID))).ThreadTitle)
				s.same(c.want, s.ended(s.ask("Another question?", in(thread.ID))).ThreadTitle)
			})
		})
	}
}

func TestAThreadIsMadeOnceAndTold(t *testing.T) {
	play(t, func(s *scene) {
		made, err := s.CreateThread(s.ctx, jo, 3, "")
		s.must(err)
		own := s.ask("What is green?", func(a *core.Ask) { a.QuerySource = "teams" })
		s.ended(s.ask("And blue?", in(own.ThreadID)))
		var told []chat.ThreadCreated
		for _, e := range s.db.Published() {
			if e, ok := e.(chat.ThreadCreated); ok {
				told = append(told, e)
			}
		}
		s.same([]chat.ThreadCreated{
			{ThreadID: made.ID, OrganizationID: 1, AgentID: 3, ProjectID: 4, TeamID: 5, UserID: 7, CreatedOn: made.CreatedOn},
			{ThreadID: own.ThreadID, OrganizationID: 1, AgentID: 3, ProjectID: 4, TeamID: 5, UserID: 7, CreatedOn: own.CreatedOn},
		}, told)
		list, err := s.Threads(s.ctx, jo, 3, "teams", page.Request{})
		s.must(err)
		s.same([]int64{own.ThreadID, made.ID}, []int64{list.Items[0].ID, list.Items[1].ID})
		s.same([]bool{true, false}, []bool{list.Items[0].IsSystemCreated, list.Items[1].IsSystemCreated})
	})
}

func TestCorporaOutOfReachAreRefusedBeforeTheQuestionIsStored(t *testing.T) {
	play(t, func(s *scene) {
		s.library.outside = errHidden
		_, err := s.Ask(s.ctx, jo, core.Ask{AgentID: 3, UserQuery: "?", Options: core.Options{CorpusIDs: []int64{66}}})
		s.is(err, errHidden)
		s.same(0, len(s.db.Published()))
		s.ended(s.ask("Nobody narrowed this one."))
	})
}

func TestAQuestionIsRefusedWhereTheAskerHasNoPlace(t *testing.T) {
	play(t, func(s *scene) {
		thread := s.ended(s.ask("What is green?")).ThreadID
		absent := int64(999)
		cases := map[string]struct {
			ask  core.Ask
			want error
		}{
			"an agent that is not there":   {core.Ask{AgentID: 4, UserQuery: "?"}, errHidden},
			"a thread that is not there":   {core.Ask{AgentID: 3, UserQuery: "?", ThreadID: &absent}, core.ErrNotFound},
			"a thread with another agent":  {core.Ask{AgentID: 99, UserQuery: "?", ThreadID: &thread}, core.ErrOtherAgent},
			"the shape is looked at first": {core.Ask{AgentID: 4}, core.ErrNoQuestion},
		}
		for name, c := range cases {
			if _, err := s.Ask(s.ctx, jo, c.ask); !errors.Is(err, c.want) {
				t.Errorf("%s: got %v, want %v", name, err, c.want)
			}
		}
		_, err := s.Ask(s.ctx, ann, core.Ask{AgentID: 3, UserQuery: "?", ThreadID: &thread})
		s.is(err, core.ErrNotFound)
		s.same(1, len(s.model.asked()))
	})
}
