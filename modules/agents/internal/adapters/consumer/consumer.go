// Package consumer is what agents does when something happened elsewhere.
package consumer

import (
	"context"
	"time"

	"parley/modules/agents"
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
		{Name: "agents.people", Gather: 100 * time.Millisecond, Handlers: []bus.Handler{
			bus.OnMany(func(ctx context.Context, _ uow.Tx, facts []bus.Fact[chat.RunCompleted]) error {
				questions := make([]core.Question, 0, len(facts))
				for _, f := range facts {
					r := f.Event.Run
					if r.QuerySource == chat.SourceEvaluation { // a test asks, not its user
						continue
					}
					questions = append(questions, core.Question{OrganizationID: r.OrganizationID, UserID: r.UserID, AgentID: r.AgentID, AskedOn: r.AskedOn})
				}
				return s.Asked(ctx, questions...)
			}),
			bus.On(func(ctx context.Context, _ uow.Tx, e users.UserDeleted, _ event.Envelope) error {
				return s.ForgetUser(ctx, e.OrganizationID, e.UserID, e.DeletedBy)
			}),
		}},
		{Name: "agents.cache", PerProcess: true, Handlers: []bus.Handler{
			bus.On(func(_ context.Context, _ uow.Tx, e agents.AgentUpdated, _ event.Envelope) error {
				s.Forget(e.OrganizationID, e.AgentID)
				return nil
			}),
			bus.On(func(_ context.Context, _ uow.Tx, e agents.VersionCreated, _ event.Envelope) error {
				s.Forget(e.OrganizationID, e.AgentID)
				return nil
			}),
			bus.On(func(_ context.Context, _ uow.Tx, e agents.AgentDeleted, _ event.Envelope) error {
				s.Forget(e.OrganizationID, e.AgentID)
				return nil
			}),
			bus.On(func(_ context.Context, _ uow.Tx, e agents.OwnerChanged, _ event.Envelope) error {
				s.Forget(e.OrganizationID, 0)
				return nil
			}),
			bus.On(func(_ context.Context, _ uow.Tx, e agents.TypeUpdated, _ event.Envelope) error {
				s.Forget(e.OrganizationID, 0)
				return nil
			}),
		}},
		{Name: "agents.types", Handlers: []bus.Handler{
			bus.On(func(ctx context.Context, _ uow.Tx, e users.OrganizationCreated, _ event.Envelope) error {
				_, err := s.SeedTypes(ctx, e.OrganizationID)
				return err
			}),
		}},
		{Name: "agents.projects", Handlers: []bus.Handler{
			bus.On(func(ctx context.Context, tx uow.Tx, e projects.ProjectDeleted, _ event.Envelope) error {
				return s.DeleteAgentsOf(ctx, tx, e.OrganizationID, e.ProjectID, e.DeletedBy)
			}),
		}},
	}
}
