// Package consumer is what datasets and tests do when something happened.
package consumer

import (
	"context"

	"parley/modules/agents"
	"parley/modules/evaluations/internal/core"
	"parley/modules/users"
	"parley/platform/bus"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
)

// Consumers are the module's consumers.
func Consumers(s *core.Service) []bus.Consumer {
	return []bus.Consumer{
		{Name: "evaluations.cleanup", Handlers: []bus.Handler{
			bus.On(func(ctx context.Context, tx uow.Tx, e agents.AgentDeleted, _ event.Envelope) error {
				return s.AgentDeleted(ctx, tx, e.OrganizationID, e.AgentID)
			}),
			bus.On(func(ctx context.Context, tx uow.Tx, e users.UserDeleted, _ event.Envelope) error {
				return s.UserDeleted(ctx, tx, e.UserID)
			}),
		}},
	}
}
