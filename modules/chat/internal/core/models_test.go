package core_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/money"
)

// named is a scripted model of another name.
type named struct {
	*script
	name string
}

func (n named) Name() string { return n.name }

// answers is a model that says this, under a name.
func answers(name string, pieces ...string) named {
	return named{&script{answer: says(0, pieces...)}, name}
}

var (
	errDown    = fmt.Errorf("%w (%w)", core.ErrModelFailed.WithMessage("The model server failed."), core.ErrNoAnswer)
	errTooLong = fmt.Errorf("%w (%w)", core.ErrModelFailed.WithMessage("Too long."), core.ErrPromptTooLong)
)

// refuses is a model whose server does not take the call.
func refuses(err error) func(context.Context, core.Prompt, func(string) error) (core.Completion, error) {
	return func(context.Context, core.Prompt, func(string) error) (core.Completion, error) {
		return core.Completion{Refused: true}, err
	}
}

// with is a process with these models.
func (s *scene) with(models ...core.Offer) *core.Service {
	return s.process("process-b", func(d *core.Deps) { d.Models = models })
}

// askOf asks a process and waits for the end.
func (s *scene) askOf(service *core.Service, change ...func(*core.Ask)) (core.Record, error) {
	s.t.Helper()
	a := core.Ask{AgentID: 3, UserQuery: "What is green?"}
	for _, c := range change {
		c(&a)
	}
	asked, err := service.Ask(s.ctx, jo, a)
	if err != nil {
		return core.Record{}, err
	}
	_, err = service.Await(s.ctx, jo, asked.ID)
	s.must(err)
	record, err := service.Record(s.ctx, jo, asked.ID)
	s.must(err)
	return record, nil
}

func by(name string) func(*core.Ask) { return func(a *core.Ask) { a.Options.Model = name } }

func TestTheQuestionThenTheAgentThenTheListChoosesTheModel(t *testing.T) {
	play(t, func(s *scene) {
		service := s.with(core.Offer{Model: answers("first", "One.")}, core.Offer{Model: answers("second", "Two.")}, core.Offer{Model: answers("third", "Three.")})
		for _, c := range []struct{ agent, question, says, ledger string }{
			{"", "", "One.", "first"}, {"second", "", "Two.", "second"}, {"second", "third", "Three.", "third"}, {"gone", "third", "Three.", "third"},
		} {
			s.agents.agent.Model = c.agent
			got, err := s.askOf(service, by(c.question))
			s.must(err)
			s.same([]any{c.says, c.ledger, c.ledger}, []any{got.Answer, got.Model, s.ledger(got.Run)[0].Model})
		}
	})
}

func TestAnUnknownModelIsRefusedWithTheNamesOfThoseThereAre(t *testing.T) {
	play(t, func(s *scene) {
		fields := func(service *core.Service, question, agent string) string {
			t.Helper()
			s.agents.agent.Model = agent
			_, err := s.askOf(service, by(question))
			var e *apperr.Error
			if !errors.As(err, &e) || !errors.Is(err, core.ErrUnknownModel) || len(e.Fields) != 1 {
				t.Fatalf("got %v", err)
			}
			return e.Fields[0].Field + ": " + e.Fields[0].Message
		}
		service := s.with(core.Offer{Model: answers("first")}, core.Offer{Model: answers("second")})
		s.same(`model: "huge" is none of first, second`, fields(service, "huge", ""))
		s.same(`llm_model: "gone" is none of first, second; an admin of the agent must choose another`, fields(service, "", "gone"))
		quotes := s.with(core.Offer{Model: answers("extractive"), Offline: true})
		s.same("model: no model is configured, so leave it out", fields(quotes, "huge", ""))
		s.same("model: no model is configured, so leave it out", fields(quotes, "extractive", ""))
		threads, _ := s.facts()
		s.same(0, len(threads))
	})
}

func TestWithoutModelsTheAgentsChoiceHasNoEffect(t *testing.T) {
	play(t, func(s *scene) {
		s.agents.agent.Model = "gone"
		got, err := s.askOf(s.with(core.Offer{Model: answers("extractive", "It is green [1]."), Offline: true}))
		s.must(err)
		row := s.ledger(got.Run)[0]
		s.same([]any{core.Completed, "0", "0", "free"}, []any{got.State, got.Cost, row.Cost, row.CostSource})
	})
}

func TestAModelThatFailsBeforeItsFirstPieceIsStoodInFor(t *testing.T) {
	play(t, func(s *scene) {
		large, small := answers("large"), answers("small", "It is green [1].")
		large.answer = refuses(errDown)
		price := &core.Prices{Input: 1_000_000, CachedInput: 500_000, Output: 2_000_000, Reasoning: 3_000_000}
		service := s.with(core.Offer{Model: large, Prices: price, Fallback: "small"}, core.Offer{Model: small, Prices: price})
		got, err := s.askOf(service)
		s.must(err)
		s.same([]any{core.Completed, "It is green [1].", "small", "[0]"}, []any{got.State, got.Answer, got.Model, got.Sources})

		rows := s.ledger(got.Run)
		s.same([]any{2, "large", int64(0), "0", "small", int64(100)},
			[]any{len(rows), rows[0].Model, rows[0].FreshInput + rows[0].Output, rows[0].Cost, rows[1].Model, rows[1].FreshInput})
		s.same("0.000145", rows[1].Cost) // 100 fresh, 20 cached at half, 10 out at double, 5 reasoned at triple
		s.same("0.000145", got.Cost)

		thoughts, err := service.Thoughts(s.ctx, jo, got.ID)
		s.must(err)
		var calls []string
		for _, th := range thoughts {
			if th.Step == "model_call" {
				calls = append(calls, th.Message)
			}
		}
		s.same([]string{"large did not answer. The model server failed.", "small answered with 16 characters."}, calls)
		events, err := s.store.Events(s.ctx, got.ID, 0, 100)
		s.must(err)
		var told bool
		for _, e := range events {
			told = told || e.Message == "large did not answer; small is asked in its place."
		}
		s.same(true, told)
	})
}

func TestWhatAFailedCallUsedIsMetered(t *testing.T) {
	play(t, func(s *scene) {
		large, small := answers("large"), answers("small", "Yes.")
		large.answer = func(context.Context, core.Prompt, func(string) error) (core.Completion, error) { // it thought, and then broke off
			return core.Completion{Reasoning: strings.Repeat("hm! ", 10)}, errDown
		}
		got, err := s.askOf(s.with(core.Offer{Model: large, Fallback: "small", Prices: &core.Prices{Reasoning: 1_000_000}}, core.Offer{Model: small}))
		s.must(err)
		rows := s.ledger(got.Run)
		s.same([]any{"estimated", int64(10), "0.00001", "prices", "0", "none"},
			[]any{rows[0].UsageSource, rows[0].Reasoning, rows[0].Cost, rows[0].CostSource, rows[1].Cost, rows[1].CostSource})
		if rows[0].FreshInput == 0 {
			t.Error("the prompt that was sent is not metered")
		}
		s.same(rows[0].FreshInput+120, got.PromptTokens)
	})
}

func TestNobodyStandsInForAModel(t *testing.T) {
	half := func(_ context.Context, _ core.Prompt, emit func(string) error) (core.Completion, error) {
		return core.Completion{Text: "Half"}, errors.Join(emit("Half"), errDown)
	}
	for name, answer := range map[string]func(context.Context, core.Prompt, func(string) error) (core.Completion, error){
		"that has begun to answer":      half,
		"whose request was bad":         refuses(core.ErrModelFailed.WithMessage("Bad request.")),
		"that failed for a bug of ours": refuses(errBroken),
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *scene) {
				large, small := answers("large"), answers("small", "Never.")
				large.answer = answer
				got, err := s.askOf(s.with(core.Offer{Model: large, Fallback: "small"}, core.Offer{Model: small}))
				s.must(err)
				s.same([]any{core.Failed, 0}, []any{got.State, len(small.asked())})
			})
		})
	}
}

func TestOneStandsInForAnotherToTheEndOfTheChain(t *testing.T) {
	play(t, func(s *scene) {
		a, b, c := answers("a"), answers("b"), answers("c")
		a.answer, b.answer, c.answer = refuses(errDown), refuses(errTooLong), refuses(errDown)
		got, err := s.askOf(s.with(core.Offer{Model: a, Fallback: "b"}, core.Offer{Model: b, Fallback: "c"}, core.Offer{Model: c}))
		s.must(err)
		s.same([]any{core.Failed, "chat.model_failed", 1, 3, 1}, []any{got.State, got.FailureCode, len(a.asked()), len(b.asked()), len(c.asked())}) // b with 2, 1 and 0 passages
		s.same(2, len(c.asked()[0].Passages))                                                                                                       // all that c may take
	})
}

func TestARunThatIsCancelledAsksNobodyElse(t *testing.T) {
	play(t, func(s *scene) {
		large, small := answers("large"), answers("small", "Never.")
		large.answer = hangs()
		service := s.with(core.Offer{Model: large, Fallback: "small"}, core.Offer{Model: small})
		asked, err := service.Ask(s.ctx, jo, core.Ask{AgentID: 3, UserQuery: "What is green?"})
		s.must(err)
		time.Sleep(time.Second)
		_, err = service.Cancel(s.ctx, jo, asked.ID)
		s.must(err)
		s.same([]any{core.Cancelled, 0}, []any{s.stored(asked.Run).State, len(small.asked())})
	})
}

func TestTheClientIsToldOnceThatTheModelLoads(t *testing.T) {
	play(t, func(s *scene) {
		s.model.answer = func(_ context.Context, p core.Prompt, emit func(string) error) (core.Completion, error) {
			p.Loading()
			p.Loading()
			err := emit("Green.")
			p.Loading() // too late
			return core.Completion{Text: "Green."}, err
		}
		events := s.all(s.watch(s.Service, s.ask("What is green?"), 0))
		var told []int
		for i, e := range events {
			if e.Message == "The model is loading …" {
				told = append(told, i)
			}
		}
		if len(told) != 1 || events[told[0]+1].Step != core.StepStream {
			t.Errorf("told %v of %v", told, steps(events))
		}
	})
}

func TestARunThatADeadProcessLeftCostsWhatItIsEstimatedToHaveUsed(t *testing.T) {
	for name, fails := range map[string]bool{"of the first model": false, "of the one that stood in": true} {
		t.Run(name, func(t *testing.T) {
			play(t, func(s *scene) {
				large, small := answers("large"), answers("small")
				large.answer, small.answer = hangs("Half an"), hangs("Half an")
				asked, price := "large", money.PerMillion(2_000_000)
				if fails {
					large.answer, asked, price = refuses(errDown), "small", 3_000_000
				}
				models := core.Models{{Model: large, Fallback: "small", Prices: &core.Prices{Input: 2_000_000}}, {Model: small, Prices: &core.Prices{Input: 3_000_000}}}
				a, err := s.with(models...).Ask(s.ctx, jo, core.Ask{AgentID: 3, UserQuery: "What is green?"})
				s.must(err)
				time.Sleep(time.Minute) // nobody renews its lease
				s.must(s.process("process-c", func(d *core.Deps) { d.Models = models }).Recover(s.ctx))
				run := s.stored(a.Run)
				row := s.ledger(run)[0]
				want := price.Of(run.EstimatedPrompt).String()
				s.same([]any{core.Interrupted, asked, asked, want, want, "prices"}, []any{run.State, run.Model, row.Model, run.Cost, row.Cost, row.CostSource})
			})
		})
	}
}

func TestTheCostOfARunIsTheSumOfItsLedgerInTheEventToo(t *testing.T) {
	play(t, func(s *scene) {
		large, small := answers("large"), answers("small", "Yes.")
		large.answer = func(context.Context, core.Prompt, func(string) error) (core.Completion, error) {
			return core.Completion{Usage: core.Usage{FreshInput: 7, Output: 3, Reported: true}}, errDown
		}
		service := s.with(core.Offer{Model: large, Fallback: "small", Prices: &core.Prices{Input: 37_501, Output: 1}}, core.Offer{Model: small, Prices: &core.Prices{Input: 999_999}})
		got, err := s.askOf(service)
		s.must(err)
		var sum money.Amount
		completed, _ := s.facts()
		for _, u := range completed[0].Usage {
			cost, err := money.Parse(u.Cost)
			s.must(err)
			sum = sum.Plus(cost)
		}
		s.same([]string{"0.00010026241", "0.00010026241"}, []string{sum.String(), got.Cost})
	})
}
