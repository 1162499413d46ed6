package core_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"parley/modules/chat/internal/core"
	"parley/modules/corpora"
)

// turns are exchanges of about so many tokens each.
func turns(n int, tokens int) []core.Turn {
	out := make([]core.Turn, n)
	for i := range out {
		out[i] = core.Turn{User: fmt.Sprintf("Question %d", i), Bot: strings.Repeat("abc ", tokens-4)}
	}
	return out
}

func TestThePromptFitsTheContextOfItsModel(t *testing.T) {
	for _, c := range []struct {
		context, output  int64
		history, sources int // what is left of 10 exchanges of 100 tokens and 5 passages of 200
	}{
		{0, 0, 10, 5}, {8000, 0, 10, 5}, {3000, 0, 8, 5}, {3000, 100, 10, 5}, {2100, 0, 3, 5}, {1700, 0, 0, 5}, {1200, 0, 0, 3}, {800, 0, 0, 2}, {600, 0, 0, 1}, {256, 200, 0, 0},
	} {
		t.Run(fmt.Sprint(c), func(t *testing.T) {
			play(t, func(s *scene) {
				s.library.passages = nil
				for i := range 5 {
					s.library.passages = append(s.library.passages, corpora.Passage{DocumentID: int64(i), Title: "T", Text: strings.Repeat("abc ", 170)})
				}
				service := s.with(core.Offer{Model: s.model, ContextSize: c.context, MaxOutput: c.output})
				history := turns(10, 100)
				got, err := s.askOf(service, func(a *core.Ask) { a.History = history })
				s.must(err)
				s.same(core.Completed, got.State)
				p := s.model.asked()[0]
				s.same([]int{c.history, c.sources}, []int{len(p.History), len(p.Passages)})
				if c.history > 0 {
					s.same(history[10-c.history:], p.History) // the newest
				}
				s.same(c.sources, strings.Count(p.Rendered, "number=\""))
				if c.context > 0 && c.history+c.sources > 0 && got.EstimatedPrompt+c.output >= c.context {
					t.Errorf("a prompt of %d tokens", got.EstimatedPrompt)
				}
				support, err := service.Support(s.ctx, jo, got.ID)
				s.must(err)
				s.same(c.sources, len(support)) // what was used, and no more

				thoughts, err := service.Thoughts(s.ctx, jo, got.ID)
				s.must(err)
				i := slices.IndexFunc(thoughts, func(th core.Thought) bool { return th.Step == "prompt_assembly" })
				for said, dropped := range map[string]bool{
					fmt.Sprintf("the oldest %d of 10 exchanges", 10-c.history):     c.history < 10,
					fmt.Sprintf("the lowest-ranked %d of 5 passages", 5-c.sources): c.sources < 5,
				} {
					if strings.Contains(thoughts[i].Message, said) != dropped {
						t.Errorf("it is said: %q", thoughts[i].Message)
					}
				}
			})
		})
	}
}

func TestAThreadThatGrowsStaysUsable(t *testing.T) {
	play(t, func(s *scene) {
		// The model counts twice as many tokens as are estimated here.
		const size = 2000
		refused := 0
		s.model.answer = func(ctx context.Context, p core.Prompt, emit func(string) error) (core.Completion, error) {
			sent := len(p.System) + len(p.Rendered)
			for _, turn := range p.History {
				sent += len(turn.User) + len(turn.Bot)
			}
			if sent/2 > size {
				refused++
				return core.Completion{Refused: true}, errTooLong
			}
			return says(0, strings.Repeat("word ", 250))(ctx, p, emit)
		}
		service := s.with(core.Offer{Model: s.model, ContextSize: size})
		var thread *int64
		for i := range 60 {
			got, err := s.askOf(service, func(a *core.Ask) {
				a.ThreadID, a.UserQuery = thread, fmt.Sprintf("%d: %s?", i, strings.Repeat("why ", 100))
			})
			s.must(err)
			if got.State != core.Completed {
				t.Fatalf("turn %d: %s, %s", i, got.State, got.FailureDetails)
			}
			thread = &got.ThreadID
		}
		if refused == 0 {
			t.Error("the second line was never needed")
		}
		if last := s.model.asked(); len(last[len(last)-1].History) == 0 {
			t.Error("nothing of the conversation is left")
		}
	})
}

func TestWhatAModelRefusedIsRemembered(t *testing.T) {
	play(t, func(s *scene) {
		refused := 0
		s.model.answer = func(ctx context.Context, p core.Prompt, emit func(string) error) (core.Completion, error) {
			if len(p.History) > 2 {
				refused++
				return core.Completion{Refused: true}, errTooLong
			}
			return says(0, "Yes.")(ctx, p, emit)
		}
		ask := func() core.Record {
			got, err := s.askOf(s.Service, func(a *core.Ask) { a.History = turns(10, 100) })
			s.must(err)
			s.same(core.Completed, got.State)
			return got
		}
		ask()
		after := refused
		thoughts, err := s.Thoughts(s.ctx, jo, ask().ID)
		s.must(err)
		i := slices.IndexFunc(thoughts, func(th core.Thought) bool { return th.Step == "prompt_assembly" })
		if !strings.Contains(thoughts[i].Message, "room for about") {
			t.Errorf("it is said: %q", thoughts[i].Message)
		}
		for range 20 {
			ask()
		}
		if again := refused - after; again > 10 { // 42 when nothing is remembered
			t.Errorf("21 more questions were refused %d times", again)
		}
	})
}

func TestAKnownContextCarriesMoreOfTheThread(t *testing.T) {
	play(t, func(s *scene) {
		large := s.with(core.Offer{Model: s.model, ContextSize: 100_000})
		first, err := s.askOf(large)
		s.must(err)
		for range 14 {
			_, err := s.askOf(large, in(first.ThreadID))
			s.must(err)
		}
		for _, c := range []struct {
			service *core.Service
			history int
		}{{large, 15}, {s.with(core.Offer{Model: s.model}), core.MaxHistory}} {
			_, err := s.askOf(c.service, in(first.ThreadID))
			s.must(err)
			asked := s.model.asked()
			s.same(c.history, len(asked[len(asked)-1].History))
		}
	})
}
