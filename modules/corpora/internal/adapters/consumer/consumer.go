// Package consumer is what corpora does when something happened.
package consumer

import (
	"context"

	"parley/modules/agents"
	"parley/modules/corpora/internal/core"
	"parley/modules/projects"
	"parley/modules/users"
	"parley/platform/bus"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
)

// Consumers are the module's consumers.
func Consumers(s *core.Service) []bus.Consumer {
	return []bus.Consumer{
		{Name: "corpora.ownership", Handlers: []bus.Handler{
			bus.On(func(ctx context.Context, _ uow.Tx, e users.UserDeleted, _ event.Envelope) error {
				return s.PassOn(ctx, e.OrganizationID, e.UserID, e.DeletedBy)
			}),
		}},
		{Name: "corpora.cleanup", Handlers: []bus.Handler{
			bus.On(func(ctx context.Context, _ uow.Tx, e projects.TeamDeleted, _ event.Envelope) error {
				return s.TeamGone(ctx, e.OrganizationID, e.TeamID)
			}),
			bus.On(func(ctx context.Context, _ uow.Tx, e agents.AgentDeleted, _ event.Envelope) error {
				return s.AgentGone(ctx, e.OrganizationID, e.AgentID)
			}),
		}},
	}
}
