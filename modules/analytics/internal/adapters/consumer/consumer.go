// Package consumer is what analytics learns from the events of the others,
// its only source.
package consumer

import (
	"context"
	"fmt"
	"slices"
	"time"

	"parley/modules/agents"
	"parley/modules/analytics/internal/core"
	"parley/modules/chat"
	"parley/modules/corpora"
	"parley/modules/projects"
	"parley/modules/users"
	"parley/platform/bus"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
)

// gather is the longest that facts gather under load: each run has some.
const gather = 100 * time.Millisecond

// Consumers are the module's consumers.
func Consumers(s *core.Service) []bus.Consumer {
	return []bus.Consumer{
		{Name: "analytics.usage", Gather: gather, Handlers: []bus.Handler{
			bus.OnMany(func(ctx context.Context, tx uow.Tx, list []bus.Fact[chat.RunCompleted]) error {
				return record(ctx, tx, s, list, func(e chat.RunCompleted) []core.Fact { return factsOf(e.Run) })
			}),
			bus.OnMany(func(ctx context.Context, tx uow.Tx, list []bus.Fact[chat.RunFailed]) error {
				return record(ctx, tx, s, list, func(e chat.RunFailed) []core.Fact { return factsOf(e.Run) })
			}),
			bus.OnMany(func(ctx context.Context, tx uow.Tx, list []bus.Fact[chat.ResponseRated]) error {
				return record(ctx, tx, s, list, func(e chat.ResponseRated) []core.Fact { return []core.Fact{voteOf(e)} })
			}),
			budgetSet(s),
		}},
		{Name: "analytics.threads", Gather: gather, Handlers: []bus.Handler{
			bus.OnMany(func(ctx context.Context, tx uow.Tx, list []bus.Fact[chat.ThreadCreated]) error {
				return record(ctx, tx, s, list, func(e chat.ThreadCreated) []core.Fact {
					return []core.Fact{{
						Origin: fmt.Sprintf("thread/%d", e.ThreadID), OrganizationID: e.OrganizationID, TeamID: e.TeamID, ProjectID: e.ProjectID,
						AgentID: e.AgentID, UserID: e.UserID, ThreadID: e.ThreadID, OccurredOn: e.CreatedOn, Measures: core.Measures{Threads: 1},
					}}
				})
			}),
		}},
		{Name: "analytics.inventory", Handlers: inventory(s)},
		names(s),
		budgets(s),
	}
}

// record stores the facts of all events in one step, and counts them against
// budgets.
func record[E event.Event](ctx context.Context, tx uow.Tx, s *core.Service, list []bus.Fact[E], of func(E) []core.Fact) error {
	facts := make([]core.Fact, 0, len(list)) // most events have one
	for _, f := range list {
		facts = append(facts, of(f.Event)...)
	}
	if err := s.Record(ctx, facts...); err != nil {
		return err
	}
	return s.Spent(ctx, tx, facts)
}

// factsOf are the facts of a run: the question with what the model that answered
// used, then one for each row of its ledger of another model. Together they have
// the tokens and the cost of all rows.
func factsOf(r chat.Run) []core.Fact {
	run := core.Fact{
		Origin: fmt.Sprintf("run/%d", r.AgentResponseID), OrganizationID: r.OrganizationID, TeamID: r.TeamID, ProjectID: r.ProjectID,
		AgentID: r.AgentID, UserID: r.UserID, ThreadID: r.ThreadID, AgentType: r.AgentType, QuerySource: r.QuerySource, State: r.State, OccurredOn: r.AskedOn,
	}
	question := run
	question.Runs = 1
	question.Model = answeredBy(r.Usage)
	facts := []core.Fact{question}
	for i, u := range r.Usage {
		of := &facts[0]
		if u.Model != question.Model {
			row := run
			row.Origin = fmt.Sprintf("%s/%d", run.Origin, i+1)
			row.Model = u.Model
			facts = append(facts, row)
			of = &facts[len(facts)-1]
		}
		of.PromptTokens += u.FreshInput + u.CachedInput
		of.CompletionTokens += u.Output + u.Reasoning
		of.Cost = of.Cost.Plus(u.Amount())
	}
	return facts
}

// answeredBy is the model that was called last to answer: it stands in for those
// that failed before. It is "" when none was called for that.
func answeredBy(usage []chat.Usage) string {
	for _, u := range slices.Backward(usage) {
		if u.Purpose == "answer" {
			return u.Model
		}
	}
	return ""
}

// voteOf is the difference that a vote makes. It counts under the moment of the
// question, as the one that it takes the place of does: no period has fewer
// than no votes.
func voteOf(e chat.ResponseRated) core.Fact {
	count := func(vote string) int64 {
		switch vote {
		case e.After:
			return 1
		case e.Before:
			return -1
		}
		return 0
	}
	return core.Fact{
		Origin: fmt.Sprintf("feedback/%d/%d", e.FeedbackID, e.Change), OrganizationID: e.OrganizationID, TeamID: e.TeamID, ProjectID: e.ProjectID,
		AgentID: e.AgentID, UserID: e.UserID, ThreadID: e.ThreadID, AgentType: e.AgentType, QuerySource: e.QuerySource, Model: e.Model,
		OccurredOn: e.AskedOn, Measures: core.Measures{Upvotes: count(chat.Upvote), Downvotes: count(chat.Downvote)},
	}
}

func inventory(s *core.Service) []bus.Handler {
	return []bus.Handler{
		bus.On(func(ctx context.Context, _ uow.Tx, e users.UserCreated, _ event.Envelope) error {
			return s.AddItem(ctx, core.Item{Kind: core.User, EntityID: e.UserID, OrganizationID: e.OrganizationID})
		}),
		bus.On(func(ctx context.Context, _ uow.Tx, e users.UserDeleted, _ event.Envelope) error {
			return s.RemoveItem(ctx, e.OrganizationID, core.User, e.UserID)
		}),
		bus.On(func(ctx context.Context, _ uow.Tx, e projects.TeamCreated, _ event.Envelope) error {
			return s.AddItem(ctx, core.Item{Kind: core.Team, EntityID: e.TeamID, OrganizationID: e.OrganizationID})
		}),
		bus.On(func(ctx context.Context, _ uow.Tx, e projects.TeamDeleted, _ event.Envelope) error {
			return s.RemoveItem(ctx, e.OrganizationID, core.Team, e.TeamID)
		}),
		bus.On(func(ctx context.Context, _ uow.Tx, e projects.ProjectCreated, _ event.Envelope) error {
			return s.AddItem(ctx, core.Item{Kind: core.Project, EntityID: e.ProjectID, OrganizationID: e.OrganizationID, TeamID: e.TeamID})
		}),
		bus.On(func(ctx context.Context, _ uow.Tx, e projects.ProjectMoved, _ event.Envelope) error {
			return s.Move(ctx, core.Item{Kind: core.Project, EntityID: e.ProjectID, OrganizationID: e.OrganizationID, TeamID: e.TeamID})
		}),
		bus.On(func(ctx context.Context, _ uow.Tx, e projects.ProjectDeleted, _ event.Envelope) error {
			return s.RemoveItem(ctx, e.OrganizationID, core.Project, e.ProjectID)
		}),
		bus.On(func(ctx context.Context, _ uow.Tx, e agents.AgentCreated, _ event.Envelope) error {
			return s.AddItem(ctx, core.Item{Kind: core.Agent, EntityID: e.AgentID, OrganizationID: e.OrganizationID, ProjectID: e.ProjectID})
		}),
		bus.On(func(ctx context.Context, _ uow.Tx, e agents.AgentUpdated, _ event.Envelope) error {
			if e.ProjectID == e.FromProjectID {
				return nil
			}
			return s.Move(ctx, core.Item{Kind: core.Agent, EntityID: e.AgentID, OrganizationID: e.OrganizationID, ProjectID: e.ProjectID})
		}),
		bus.On(func(ctx context.Context, _ uow.Tx, e agents.AgentDeleted, _ event.Envelope) error {
			return s.RemoveItem(ctx, e.OrganizationID, core.Agent, e.AgentID)
		}),
		bus.On(func(ctx context.Context, _ uow.Tx, e corpora.CorpusCreated, _ event.Envelope) error {
			return s.AddItem(ctx, core.Item{Kind: core.Corpus, EntityID: e.CorpusID, OrganizationID: e.OrganizationID})
		}),
		bus.On(func(ctx context.Context, _ uow.Tx, e corpora.DocumentAdded, _ event.Envelope) error {
			return s.AddItem(ctx, core.Item{Kind: core.Document, EntityID: e.DocumentID, OrganizationID: e.OrganizationID})
		}),
		bus.On(func(ctx context.Context, _ uow.Tx, e corpora.CorpusDeleted, _ event.Envelope) error {
			return s.RemoveItem(ctx, e.OrganizationID, core.Corpus, e.CorpusID)
		}),
		bus.On(func(ctx context.Context, _ uow.Tx, e corpora.DocumentDeleted, _ event.Envelope) error {
			return s.RemoveItem(ctx, e.OrganizationID, core.Document, e.DocumentID)
		}),
	}
}
