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
		// PerProcess: each process ends those of the runs that it answers itself, and
		// of the streams that are read through a grant in it.
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
			bus.On(func(_ context.Context, _ uow.Tx, _ chat.ContentGrantEnded, _ event.Envelope) error {
				s.GrantsChanged()
				return nil
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
