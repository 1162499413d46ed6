// Package consumer is what projects does when something happened elsewhere.
package consumer

import (
	"context"

	"parley/modules/agents"
	"parley/modules/projects/internal/core"
	"parley/platform/bus"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
)

// Consumers are the module's consumers.
func Consumers(s *core.Service) []bus.Consumer {
	return []bus.Consumer{{Name: "projects.agents", Handlers: []bus.Handler{
		bus.On(func(ctx context.Context, _ uow.Tx, e agents.AgentCreated, _ event.Envelope) error {
			return s.CountAgent(ctx, e.OrganizationID, e.ProjectID)
		}),
	}}}
}
