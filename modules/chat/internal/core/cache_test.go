package core_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"parley/modules/chat"
	"parley/modules/chat/internal/core"
	"parley/modules/corpora"
	"parley/platform/kernel/actor"
)

// shelves is a library in which each asker may read other corpora, each with at
// most one document of one passage.
type shelves struct {
	*library
	readable map[int64][]int64 // by user
	versions map[int64]int64   // by corpus
	texts    map[int64]string
}

func newShelves(l *library) *shelves {
	return &shelves{library: l, readable: map[int64][]int64{jo.UserID: {5}, ann.UserID: {5}}, versions: map[int64]int64{5: 1}, texts: map[int64]string{5: "The warp coil is green."}}
}

// Retrieve implements corpora.Retriever.
func (l *shelves) Retrieve(_ context.Context, who actor.Actor, scope corpora.Scope, _ string, top int) (corpora.Retrieval, error) {
	found := corpora.Retrieval{Versions: map[int64]int64{}}
	for _, id := range slices.Sorted(slices.Values(slices.Concat(l.readable[who.UserID], scope.Attached))) {
		if scope.Only != nil && !slices.Contains(scope.Only, id) {
			continue
		}
		found.CorpusIDs, found.Versions[id] = append(found.CorpusIDs, id), l.versions[id]
		if len(found.Passages) < top && l.texts[id] != "" {
			found.Passages = append(found.Passages, corpora.Passage{
				ChunkID: id * 100, DocumentID: id * 10, CorpusID: id, Title: fmt.Sprint("Document ", id), URL: fmt.Sprintf("/api/document/%d/content", id*10), Text: l.texts[id],
			})
		}
	}
	return found, nil
}

// caching plays a scene with an agent that caches and a library of shelves. The
// model says which corpora it was shown.
func caching(t *testing.T, test func(s *scene, l *shelves)) {
	play(t, func(s *scene) {
		l := newShelves(s.library)
		s.agents.agent.CachingEnabled, s.agents.agent.Version = true, 4
		s.model.answer = whole(core.FinishStop)
		s.Service = s.process("process-c", func(d *core.Deps) {
			d.Corpora, d.Models = l, append(d.Models, core.Offer{Model: renamed{s.model}})
		})
		test(s, l)
	})
}

// renamed is a model under another name.
type renamed struct{ core.Model }

// Name implements core.Model.
func (renamed) Name() string { return "m-2" }

// whole answers from all passages, and finishes for a reason.
func whole(reason string) func(context.Context, core.Prompt, func(string) error) (core.Completion, error) {
	return func(_ context.Context, p core.Prompt, emit func(string) error) (core.Completion, error) {
		var answer strings.Builder
		for i, passage := range p.Passages {
			fmt.Fprintf(&answer, "From %d [%d]. ", passage.CorpusID, i+1)
		}
		text := strings.TrimSpace(answer.String())
		return core.Completion{Text: text, Model: "m-1", FinishReason: reason, Usage: reported, FollowUps: []string{"And why?"}}, emit(text)
	}
}

func TestAnAnswerIsUsedAgainForTheSameQuestion(t *testing.T) {
	caching(t, func(s *scene, _ *shelves) {
		began := time.Now()
		first := s.ended(s.ask("What is green?"))
		s.same([]any{false, int64(4), int64(120)}, []any{first.CacheHit, first.AgentVersion, first.PromptTokens})
		time.Sleep(time.Hour)
		run := s.askAs(ann, " What is green?\n")
		events := s.all(mustWatch(s, ann, run))
		s.same([]string{"start", "retrieval", "generation", "assistant_stream", "end"}, steps(events))
		s.same("From 5 [1].", textOf(events))
		s.same("The answer to the same question is used again.", events[2].Message)
		again, err := s.Record(s.ctx, ann, run.ID)
		s.must(err)
		s.same(1, len(s.model.asked()))
		s.same([]any{core.Completed, true, "From 5 [1].", "m-1", "stop", int64(0), int64(0), "0", int64(0), "[0]", first.References, first.FollowUps, first.CorpusIDs, int64(4)},
			[]any{again.State, again.CacheHit, again.Answer, again.Model, again.FinishReason, again.PromptTokens, again.CompletionTokens, again.Cost, again.EstimatedPrompt, again.Sources, again.References, again.FollowUps, again.CorpusIDs, again.AgentVersion})
		s.same(0, len(s.ledger(run)))
		of := func(who actor.Actor, run int64) []core.Support {
			support, err := s.Support(s.ctx, who, run)
			s.must(err)
			return support
		}
		s.same(of(jo, first.ID), of(ann, again.ID))
		thoughts, err := s.Thoughts(s.ctx, ann, run.ID)
		s.must(err)
		var names []string
		for _, th := range thoughts {
			names = append(names, th.Step)
		}
		s.same([]string{"query_rewriting", "retrieval", "prompt_assembly", "answer_cache", "citations"}, names)
		s.same(fmt.Sprintf("The answer to the same question of %s is used again; no model is asked.", began.UTC().Format(time.RFC3339)), thoughts[3].Message)
		if strings.Contains(fmt.Sprint(thoughts, string(thoughts[3].Detail)), first.Run.RunID) {
			t.Error("the thoughts name somebody else's run")
		}
		completed, _ := s.facts()
		s.same([]any{false, int64(4), true, int64(4), []chat.Usage{}}, []any{completed[0].CacheHit, completed[0].AgentVersion, completed[1].CacheHit, completed[1].AgentVersion, completed[1].Usage})
	})
}

func mustWatch(s *scene, who actor.Actor, run core.Run) *core.Watch {
	s.t.Helper()
	w, _, err := s.Watch(s.ctx, who, run.ID, 0)
	s.must(err)
	return w
}

// Each case changes one thing between two questions of the same words.
func TestAnAnswerIsUsedAgainOnlyWhenAllThatItDependsOnIsTheSame(t *testing.T) {
	const question = "What is green?"
	option := func(change func(o *core.Options)) func(*core.Ask) {
		return func(a *core.Ask) { change(&a.Options) }
	}
	yes, no, warm := true, false, 0.5
	for name, c := range map[string]struct {
		between func(s *scene, l *shelves, first core.Record)
		second  string
		ask     func(a *core.Ask)
		hit     bool
	}{
		"nothing":                               {hit: true},
		"the form of its characters":            {second: "What is gree\u0301n?", between: asked("What is gre\u00e9n?"), hit: true},
		"its spaces at the ends":                {second: " " + question + "\t", hit: true},
		"its spaces in between":                 {second: "What  is green?"},
		"its case":                              {second: "what is green?"},
		"its punctuation":                       {second: "What is green"},
		"a wish for a cached answer":            {ask: option(func(o *core.Options) { o.Caching = &yes }), hit: true},
		"a wish against it":                     {ask: option(func(o *core.Options) { o.Caching = &no })},
		"a wish for a new answer":               {ask: option(func(o *core.Options) { o.CacheSkip = true })},
		"references that are hidden":            {ask: option(func(o *core.Options) { o.HideSources = true }), hit: true},
		"the corpora, by name":                  {ask: option(func(o *core.Options) { o.CorpusIDs = []int64{5} }), hit: true}, // they are the same
		"the model":                             {ask: option(func(o *core.Options) { o.Model = "m-2" })},
		"the temperature":                       {ask: option(func(o *core.Options) { o.Temperature = &warm })},
		"how many passages":                     {ask: option(func(o *core.Options) { o.Top = 3 })},
		"follow-up questions":                   {ask: option(func(o *core.Options) { o.SuggestFollowUps = true })},
		"a history":                             {ask: func(a *core.Ask) { a.History = []core.Turn{{User: "Hello", Bot: "Hi"}} }},
		"no history, by name":                   {ask: func(a *core.Ask) { a.History = []core.Turn{} }, hit: true},
		"an agent that caches no more":          {between: func(s *scene, _ *shelves, _ core.Record) { s.agents.agent.CachingEnabled = false }},
		"the agent's version":                   {between: func(s *scene, _ *shelves, _ core.Record) { s.agents.agent.Version++ }},
		"the agent":                             {ask: func(a *core.Ask) { a.AgentID = 99 }},
		"a corpus's version":                    {between: func(_ *scene, l *shelves, _ core.Record) { l.versions[5]++ }},
		"a passage":                             {between: func(_ *scene, l *shelves, _ core.Record) { l.texts[5] = "It is blue." }},
		"one corpus more, without a word of it": {between: func(_ *scene, l *shelves, _ core.Record) { l.readable[jo.UserID] = []int64{5, 6} }},
		"no corpus any more":                    {between: func(_ *scene, l *shelves, _ core.Record) { l.readable[jo.UserID] = nil }},
		"less than a day":                       {between: func(*scene, *shelves, core.Record) { time.Sleep(24*time.Hour - time.Minute) }, hit: true},
		"a day":                                 {between: func(*scene, *shelves, core.Record) { time.Sleep(24 * time.Hour) }},
		"the user of the first":                 {between: func(s *scene, _ *shelves, _ core.Record) { s.must(s.ForgetUser(s.ctx, jo.UserID)) }},
		"the thread of the first": {between: func(s *scene, _ *shelves, first core.Record) {
			_, err := s.store.UpdateThread(s.ctx, jo.UserID, first.ThreadID, func(t *core.Thread) error { t.IsDeleted = true; return nil })
			s.must(err)
		}},
	} {
		t.Run(name, func(t *testing.T) {
			caching(t, func(s *scene, l *shelves) {
				first := s.ended(s.ask(question))
				if c.between != nil {
					c.between(s, l, first)
				}
				calls := len(s.model.asked())
				a := core.Ask{AgentID: 3, UserQuery: question}
				if c.second != "" {
					a.UserQuery = c.second
				}
				if c.ask != nil {
					c.ask(&a)
				}
				asked, err := s.Ask(s.ctx, jo, a)
				s.must(err)
				second := s.ended(asked.Run)
				s.same([]any{core.Completed, c.hit, c.hit}, []any{second.State, second.CacheHit, len(s.model.asked()) == calls})
			})
		})
	}
}

// asked asks another question first.
func asked(question string) func(*scene, *shelves, core.Record) {
	return func(s *scene, _ *shelves, _ core.Record) { s.ended(s.ask(question)) }
}

func TestAQuestionInAConversationOrWithAnAttachmentIsAnsweredAnew(t *testing.T) {
	caching(t, func(s *scene, l *shelves) {
		first := s.ended(s.ask("What is green?"))
		s.same(false, s.ended(s.ask("What is green?", in(first.ThreadID))).CacheHit)
		thread, err := s.CreateThread(s.ctx, jo, 3, "")
		s.must(err)
		s.same(true, s.ended(s.ask("What is green?", in(thread.ID))).CacheHit) // the first of its thread
		thread, err = s.CreateThread(s.ctx, jo, 3, "")
		s.must(err)
		l.versions[9], l.texts[9] = 1, "attached"
		_, err = s.store.UpdateThread(s.ctx, jo.UserID, thread.ID, func(t *core.Thread) error { id := int64(9); t.CorpusID = &id; return nil })
		s.must(err)
		for range 2 {
			s.same(false, s.ended(s.ask("What is green?", in(thread.ID), func(a *core.Ask) { a.History = []core.Turn{} })).CacheHit)
		}
	})
}

func TestAnAnswerThatIsNotWholeIsNotUsedAgain(t *testing.T) {
	for _, reason := range []string{"", core.FinishLength, core.FinishFiltered} {
		caching(t, func(s *scene, _ *shelves) {
			s.model.answer = whole(reason)
			s.ended(s.ask("What is green?"))
			s.same(false, s.ended(s.ask("What is green?")).CacheHit)
		})
	}
	caching(t, func(s *scene, _ *shelves) { // a failed one
		s.model.answer = func(_ context.Context, _ core.Prompt, emit func(string) error) (core.Completion, error) {
			return core.Completion{Text: "It", FinishReason: core.FinishStop}, fmt.Errorf("%w: %w", errBroken, emit("It"))
		}
		s.same(core.Failed, s.ended(s.ask("What is green?")).State)
		s.model.answer = whole(core.FinishStop)
		s.same(false, s.ended(s.ask("What is green?")).CacheHit)
	})
}

func TestAnAnswerThatIsUsedAgainDoesNotLiveForEver(t *testing.T) {
	caching(t, func(s *scene, _ *shelves) {
		s.ended(s.ask("What is green?"))
		time.Sleep(16 * time.Hour)
		s.same(true, s.ended(s.ask("What is green?")).CacheHit)
		time.Sleep(16 * time.Hour)
		s.same(false, s.ended(s.ask("What is green?")).CacheHit) // it is as old as its original
		s.same(true, s.ended(s.ask("What is green?")).CacheHit)
	})
}

func TestANewAnswerThatWasWishedForTakesThePlaceOfTheOldOne(t *testing.T) {
	caching(t, func(s *scene, _ *shelves) {
		s.ended(s.ask("What is green?"))
		s.model.answer = func(_ context.Context, _ core.Prompt, emit func(string) error) (core.Completion, error) {
			return core.Completion{Text: "New [1].", FinishReason: core.FinishStop}, emit("New [1].")
		}
		got := s.ended(s.ask("What is green?", func(a *core.Ask) { a.Options.CacheSkip = true }))
		s.same([]any{false, "New [1]."}, []any{got.CacheHit, got.Answer})
		got = s.ended(s.ask("What is green?"))
		s.same([]any{true, "New [1]."}, []any{got.CacheHit, got.Answer})
	})
}

func TestARunThatHadToWaitForItsTurnUsesAnAnswerAgain(t *testing.T) {
	caching(t, func(s *scene, _ *shelves) {
		s.ended(s.ask("What is green?"))
		free := s.Busy()
		waiting := s.ask("What is green?")
		s.same(core.Queued, waiting.State)
		free()
		got := s.ended(waiting)
		s.same([]any{core.Completed, true, int64(0)}, []any{got.State, got.CacheHit, got.EstimatedPrompt})
	})
}

// forgetful is a store in which no earlier answer can be looked for.
type forgetful struct{ core.Store }

// CachedAnswer implements core.Runs.
func (forgetful) CachedAnswer(context.Context, int64, string, time.Time) (core.CachedAnswer, error) {
	return core.CachedAnswer{}, errBroken
}

func TestTroubleWithTheCacheCostsNoRunAnything(t *testing.T) {
	caching(t, func(s *scene, l *shelves) {
		s.Service = s.process("process-d", func(d *core.Deps) { d.Corpora, d.Store = l, forgetful{d.Store} })
		for range 2 {
			got := s.ended(s.ask("What is green?"))
			s.same([]any{core.Completed, false}, []any{got.State, got.CacheHit})
		}
	})
}

// TestNoTwoAskersWhoMayReadOtherCorporaShareAnAnswer asks the same few questions
// as many askers, whose rights and whose corpora change all the time.
func TestNoTwoAskersWhoMayReadOtherCorporaShareAnAnswer(t *testing.T) {
	caching(t, func(s *scene, l *shelves) {
		rng := rand.New(rand.NewPCG(36, 1))
		for id := range int64(4) {
			l.versions[id+1], l.texts[id+1] = 1, fmt.Sprint("The secret of corpus ", id+1)
		}
		hits, misses := 0, 0
		for range 600 {
			who := actor.Actor{UserID: 20 + rng.Int64N(6), OrganizationID: 1}
			switch rng.IntN(6) {
			case 0: // other rights
				l.readable[who.UserID] = nil
				for id := range int64(4) {
					if rng.IntN(2) == 0 {
						l.readable[who.UserID] = append(l.readable[who.UserID], id+1)
					}
				}
			case 1: // another text, or only another version
				id := 1 + rng.Int64N(4)
				if l.versions[id]++; rng.IntN(2) == 0 {
					l.texts[id] += "."
				}
			case 2:
				s.agents.agent.Version += rng.Int64N(2)
			}
			a := core.Ask{AgentID: 3, UserQuery: []string{"What is green?", "Who was first?"}[rng.IntN(2)]}
			if readable := l.readable[who.UserID]; len(readable) > 1 && rng.IntN(3) == 0 {
				a.Options.CorpusIDs = readable[:1]
			}
			asked, err := s.Ask(s.ctx, who, a)
			s.must(err)
			_, err = s.Await(s.ctx, who, asked.ID)
			s.must(err)
			got, err := s.Record(s.ctx, who, asked.ID)
			s.must(err)
			// What the model says of these passages is the only right answer.
			may := l.readable[who.UserID]
			if a.Options.CorpusIDs != nil {
				may = a.Options.CorpusIDs
			}
			var want []string
			for i, id := range may {
				want = append(want, fmt.Sprintf("From %d [%d].", id, i+1))
			}
			if got.Answer != strings.Join(want, " ") || !slices.Equal(got.CorpusIDs, may) {
				t.Fatalf("user %d may read %v and is answered %q from %v", who.UserID, may, got.Answer, got.CorpusIDs)
			}
			support, err := s.Store.Support(s.ctx, got.ID)
			s.must(err)
			for i, p := range support {
				if p.CorpusID != may[i] || p.Text != l.texts[may[i]] {
					t.Fatalf("user %d is shown %+v, corpora are %v", who.UserID, p, may)
				}
			}
			if got.CacheHit {
				hits++
			} else {
				misses++
			}
		}
		if hits < 50 || misses < 50 {
			t.Errorf("%d hits and %d misses prove little", hits, misses)
		}
	})
}
