package consumer_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/modules/agents"
	"parley/modules/analytics/internal/adapters/consumer"
	"parley/modules/analytics/internal/adapters/memstore"
	"parley/modules/analytics/internal/core"
	"parley/modules/chat"
	"parley/modules/corpora"
	"parley/modules/projects"
	"parley/modules/users"
	"parley/platform/bus"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/kernel/money"
	"parley/platform/kernel/uow"
	"parley/platform/memory"
)

var now = time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)

// house is analytics on memory, fed by what others publish.
type house struct {
	t       *testing.T
	db      *memory.DB
	service *core.Service
}

func open(t *testing.T) house {
	c := clock.NewFixed(now)
	db := memory.New(c)
	service := core.New(memstore.New(db), c)
	db.Deliver(bus.Inline(db, consumer.Consumers(service)...))
	return house{t, db, service}
}

func (h house) publish(facts ...event.Event) {
	h.t.Helper()
	err := h.db.Do(context.Background(), func(_ context.Context, tx uow.Tx) error { tx.Publish(facts...); return nil })
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h house) overview(f core.Filter) core.Overview {
	h.t.Helper()
	o, err := h.service.TotalCount(context.Background(), actor.System(1), core.Period{}, f)
	if err != nil {
		h.t.Fatal(err)
	}
	return o
}

func (h house) same(want, got any) {
	h.t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		h.t.Error(diff)
	}
}

func run(id int64, usage ...chat.Usage) chat.Run {
	return chat.Run{
		RunID: "r", AgentResponseID: id, OrganizationID: 1, ThreadID: 8, AgentID: 4, AgentType: "rag", ProjectID: 3, TeamID: 2, UserID: 5,
		QuerySource: "api", State: "completed", AskedOn: now.Add(-time.Hour), EndedOn: now, Usage: usage,
	}
}

var (
	rewriting = chat.Usage{Purpose: "rewrite", Model: "small", FreshInput: 1, CachedInput: 2, Output: 3, CostNano: 10}
	answer    = chat.Usage{Purpose: "answer", Model: "large", FreshInput: 10, CachedInput: 20, Output: 30, Reasoning: 40, CostNano: 99, Cost: "0.0000001"}
)

func TestARunAddsItsQuestionAndEveryRowOfItsLedger(t *testing.T) {
	h := open(t)
	h.publish(chat.RunCompleted{Run: run(1, rewriting, answer)})
	h.same(core.Totals{ActiveUsers: 1, Queries: 1, TotalTokens: 106, Cost: money.Amount{Nano: 110}}, h.overview(core.Filter{}).Totals)
	h.same(core.Totals{TotalTokens: 6, Cost: money.Amount{Nano: 10}}, h.overview(core.Filter{Model: "small"}).Totals)
	h.same(core.Totals{ActiveUsers: 1, Queries: 1, TotalTokens: 100, Cost: money.Amount{Nano: 100}}, h.overview(core.Filter{Model: "large"}).Totals)
	for _, f := range []core.Filter{{AgentID: 4}, {ProjectID: 3}, {TeamID: 2}, {UserID: 5}, {QuerySource: "api"}} {
		h.same(int64(1), h.overview(f).Queries)
	}
	days, err := h.service.ByPeriod(context.Background(), actor.System(1), core.Period{Days: 1}, core.Filter{}, core.Daily, false)
	if err != nil {
		t.Fatal(err)
	}
	h.same(1, len(days))
	h.same([]any{now.Truncate(24 * time.Hour), int64(33), int64(73), money.Amount{Nano: 110}}, []any{days[0].Start, days[0].PromptTokens, days[0].CompletionTokens, days[0].Cost})
}

func TestARunThatFailedIsAQueryAndCostsWhatItUsed(t *testing.T) {
	h := open(t)
	h.publish(chat.RunFailed{Run: run(1, answer)}, chat.RunFailed{Run: run(2)})
	h.same(core.Totals{ActiveUsers: 1, Queries: 2, TotalTokens: 100, Cost: money.Amount{Nano: 100}}, h.overview(core.Filter{}).Totals)
}

func TestAThreadIsCounted(t *testing.T) {
	h := open(t)
	h.publish(chat.ThreadCreated{ThreadID: 8, OrganizationID: 1, AgentID: 4, ProjectID: 3, TeamID: 2, UserID: 5, CreatedOn: now})
	h.same(core.Totals{Threads: 1}, h.overview(core.Filter{AgentID: 4, ProjectID: 3, TeamID: 2, UserID: 5}).Totals)
}

func TestWhatAppearsIsCountedUntilItIsGone(t *testing.T) {
	h := open(t)
	h.publish(users.UserCreated{UserID: 5, OrganizationID: 1, Email: "jo@example.com"}, users.UserCreated{UserID: 6, OrganizationID: 1},
		projects.TeamCreated{TeamID: 2, OrganizationID: 1}, projects.ProjectCreated{ProjectID: 3, OrganizationID: 1, TeamID: 2},
		agents.AgentCreated{AgentID: 4, OrganizationID: 1, ProjectID: 3}, corpora.CorpusCreated{CorpusID: 7, OrganizationID: 1},
		corpora.DocumentAdded{DocumentID: 9, CorpusID: 7, OrganizationID: 1}, chat.RunCompleted{Run: run(1, answer)})
	h.same(map[core.Kind]int64{core.User: 2, core.Team: 1, core.Project: 1, core.Agent: 1, core.Corpus: 1, core.Document: 1}, h.overview(core.Filter{}).Existing)

	h.publish(corpora.CorpusDeleted{CorpusID: 7, OrganizationID: 2}, corpora.DocumentDeleted{DocumentID: 9, CorpusID: 7, OrganizationID: 2})
	h.same(int64(1), h.overview(core.Filter{}).Existing[core.Document])
	h.publish(users.UserDeleted{UserID: 5, OrganizationID: 1, DeletedBy: 6},
		corpora.CorpusDeleted{CorpusID: 7, OrganizationID: 1, DeletedBy: 6}, corpora.DocumentDeleted{DocumentID: 9, CorpusID: 7, OrganizationID: 1, DeletedBy: 6})
	after := h.overview(core.Filter{})
	h.same(int64(0), after.Existing[core.Corpus]+after.Existing[core.Document])
	h.same(int64(1), after.Existing[core.User])
	h.same(core.Totals{ActiveUsers: 1, Queries: 1, TotalTokens: 100, Cost: money.Amount{Nano: 100}}, after.Totals)
}

func TestAVoteCountsAsItStandsUnderTheMomentOfItsQuestion(t *testing.T) {
	h := open(t)
	vote := func(id, change int64, before, after string) chat.ResponseRated {
		return chat.ResponseRated{
			FeedbackID: id, Change: change, Before: before, After: after, AgentResponseID: id, OrganizationID: 1, ThreadID: 8, AgentID: 4, AgentType: "rag",
			ProjectID: 3, TeamID: 2, UserID: 5, QuerySource: "api", Model: "large", AskedOn: now.Add(-50 * time.Hour), RatedOn: now,
		}
	}
	h.publish(vote(1, 1, "", "upvote"), vote(2, 1, "", "downvote"), vote(3, 1, "", "upvote"))
	h.same(core.Totals{Upvotes: 2, Downvotes: 1}, h.overview(core.Filter{}).Totals)
	h.publish(vote(1, 2, "upvote", "downvote"), vote(2, 2, "downvote", "upvote"), vote(1, 3, "downvote", "upvote"))
	h.same(core.Totals{Upvotes: 3}, h.overview(core.Filter{AgentID: 4, ProjectID: 3, TeamID: 2, UserID: 5, QuerySource: "api", Model: "large"}).Totals)
	today, err := h.service.TotalCount(context.Background(), actor.System(1), core.Period{Days: 1}, core.Filter{})
	if err != nil {
		t.Fatal(err)
	}
	h.same(core.Totals{}, today.Totals)
}

func TestTheSameEventTwiceCountsOnce(t *testing.T) {
	facts := []event.Event{
		chat.RunCompleted{Run: run(1, rewriting, answer)}, chat.RunFailed{Run: run(2, answer)},
		chat.ThreadCreated{ThreadID: 8, OrganizationID: 1, CreatedOn: now}, users.UserCreated{UserID: 5, OrganizationID: 1},
		chat.ResponseRated{FeedbackID: 1, Change: 1, After: "upvote", OrganizationID: 1, AskedOn: now},
		users.UserCreated{UserID: 6, OrganizationID: 1}, users.UserDeleted{UserID: 6, OrganizationID: 1}, corpora.DocumentAdded{DocumentID: 9, OrganizationID: 1},
	}
	sealed, err := event.Seal(now, facts)
	if err != nil {
		t.Fatal(err)
	}
	h := open(t)
	var first core.Overview
	for round := range 3 {
		// A bus of its own each round has forgotten what it delivered, as one
		// that replays.
		deliver := bus.Inline(h.db, consumer.Consumers(h.service)...)
		for _, e := range append(sealed, sealed...) {
			if err := deliver(context.Background(), e); err != nil {
				t.Fatal(err)
			}
		}
		if round == 0 {
			first = h.overview(core.Filter{})
			h.same(core.Totals{ActiveUsers: 1, Queries: 2, Threads: 1, Upvotes: 1, TotalTokens: 206, Cost: money.Amount{Nano: 210}}, first.Totals)
		}
		h.same(first, h.overview(core.Filter{}))
	}
}
