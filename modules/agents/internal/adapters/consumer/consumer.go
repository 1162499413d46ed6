// Package consumer is what agents does when something happened elsewhere.
package consumer

import (
	"context"

	"parley/modules/agents/internal/core"
	"parley/modules/chat"
	"parley/modules/projects"
	"parley/modules/users"
	"parley/platform/bus"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
)

// Consumers are the module's consumers.
func Consumers(s *core.Service) []bus.Consumer {
	return []bus.Consumer{
		{Name: "agents.people", Handlers: []bus.Handler{
			bus.On(func(ctx context.Context, _ uow.Tx, e chat.RunCompleted, _ event.Envelope) error {
				return s.Asked(ctx, e.OrganizationID, e.UserID, e.AgentID, e.AskedOn)
			}),
			bus.On(func(ctx context.Context, _ uow.Tx, e users.UserDeleted, _ event.Envelope) error {
				return s.Forget(ctx, e.OrganizationID, e.UserID, e.DeletedBy)
			}),
		}},
		{Name: "agents.projects", Handlers: []bus.Handler{
			bus.On(func(ctx context.Context, tx uow.Tx, e projects.ProjectDeleted, _ event.Envelope) error {
				return s.DeleteAgentsOf(ctx, tx, e.OrganizationID, e.ProjectID, e.DeletedBy)
			}),
		}},
	}
}
