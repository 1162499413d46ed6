// Package consumer is what chat does when something happened elsewhere.
package consumer

import (
	"context"

	"parley/modules/agents"
	"parley/modules/chat"
	"parley/modules/chat/internal/core"
	"parley/modules/projects"
	"parley/modules/users"
	"parley/platform/bus"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
)

// Consumers are the module's consumers.
func Consumers(s *core.Service) []bus.Consumer {
	return []bus.Consumer{
		{Name: "chat.cleanup", Handlers: []bus.Handler{
			bus.On(func(ctx context.Context, _ uow.Tx, e users.UserDeleted, _ event.Envelope) error {
				return s.ForgetUser(ctx, e.UserID)
			}),
		}},
		{Name: "chat.words", Handlers: []bus.Handler{
			bus.OnMany(func(ctx context.Context, _ uow.Tx, facts []bus.Fact[chat.RunCompleted]) error {
				var runs []int64
				for _, f := range facts {
					if f.Event.QuerySource != chat.SourceEvaluation {
						runs = append(runs, f.Event.AgentResponseID)
					}
				}
				return s.IndexAnswers(ctx, runs)
			}),
		}},
		// PerProcess: each process ends those of the runs that it answers itself.
		{Name: "chat.access", PerProcess: true, Handlers: []bus.Handler{
			bus.On(func(ctx context.Context, _ uow.Tx, e agents.AgentUpdated, _ event.Envelope) error {
				if !e.Narrowed {
					return nil
				}
				return s.AgentChanged(ctx, e.OrganizationID, e.AgentID)
			}),
			bus.On(func(ctx context.Context, _ uow.Tx, e agents.AgentDeleted, _ event.Envelope) error {
				return s.AgentChanged(ctx, e.OrganizationID, e.AgentID)
			}),
			bus.On(func(ctx context.Context, _ uow.Tx, e users.AccessChanged, _ event.Envelope) error {
				if e.What == "session" || e.What == "api_key" { // what was asked with them goes on
					return nil
				}
				return s.AskerChanged(ctx, e.UserID)
			}),
			bus.On(func(ctx context.Context, _ uow.Tx, e users.UserDeleted, _ event.Envelope) error {
				return s.AskerChanged(ctx, e.UserID)
			}),
			// Of other facts of projects nobody loses an agent that is not told
			// of here: roles go with AccessChanged, agents with AgentDeleted.
			bus.On(func(ctx context.Context, _ uow.Tx, e projects.ProjectMoved, _ event.Envelope) error {
				if e.FromTeamID == 0 {
					return nil
				}
				return s.ProjectMoved(ctx, e.OrganizationID)
			}),
		}},
		// PerProcess: an answer that was deleted elsewhere ends here.
		{Name: "chat.deletions", PerProcess: true, Handlers: []bus.Handler{
			bus.On(func(_ context.Context, _ uow.Tx, e chat.ThreadDeleted, _ event.Envelope) error {
				s.ThreadDeleted(e.ThreadID)
				return nil
			}),
			bus.On(func(_ context.Context, _ uow.Tx, e chat.ResponseDeleted, _ event.Envelope) error {
				s.ResponseDeleted(e.AgentResponseID)
				return nil
			}),
		}},
	}
}
