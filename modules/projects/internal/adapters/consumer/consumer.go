// Package consumer is what projects does when something happened elsewhere.
package consumer

import (
	"context"

	"parley/modules/agents"
	"parley/modules/projects"
	"parley/modules/projects/internal/core"
	"parley/modules/users"
	"parley/platform/bus"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
)

// Consumers are the module's consumers.
func Consumers(s *core.Service) []bus.Consumer {
	return []bus.Consumer{
		{Name: "projects.agents", Handlers: []bus.Handler{
			bus.On(func(ctx context.Context, tx uow.Tx, e agents.AgentCreated, _ event.Envelope) error {
				return s.CountAgents(ctx, tx, e.OrganizationID, e.ProjectID, 1)
			}),
			bus.On(func(ctx context.Context, tx uow.Tx, e agents.AgentUpdated, _ event.Envelope) error {
				if e.ProjectID == e.FromProjectID {
					return nil
				}
				if err := s.CountAgents(ctx, tx, e.OrganizationID, e.FromProjectID, -1); err != nil {
					return err
				}
				return s.CountAgents(ctx, tx, e.OrganizationID, e.ProjectID, 1)
			}),
			bus.On(func(ctx context.Context, tx uow.Tx, e agents.AgentDeleted, _ event.Envelope) error {
				return s.CountAgents(ctx, tx, e.OrganizationID, e.ProjectID, -1)
			}),
		}},
		{Name: "projects.cache", PerProcess: true, Handlers: []bus.Handler{
			bus.On(func(_ context.Context, _ uow.Tx, e projects.ProjectMoved, _ event.Envelope) error {
				s.Forget(e.OrganizationID, e.ProjectID)
				return nil
			}),
			bus.On(func(_ context.Context, _ uow.Tx, e projects.ProjectDeleted, _ event.Envelope) error {
				s.Forget(e.OrganizationID, e.ProjectID)
				return nil
			}),
		}},
		{Name: "projects.people", Handlers: []bus.Handler{
			bus.On(func(ctx context.Context, _ uow.Tx, e users.UserDeleted, _ event.Envelope) error {
				return s.ForgetUser(ctx, e.UserID)
			}),
		}},
	}
}
