// Package consumer is what notifications does when something happened
// elsewhere.
package consumer

import (
	"context"

	"parley/modules/agents"
	"parley/modules/analytics"
	"parley/modules/chat"
	"parley/modules/corpora"
	"parley/modules/evaluations"
	"parley/modules/notifications"
	"parley/modules/notifications/internal/core"
	"parley/modules/users"
	"parley/platform/bus"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
)

// Consumers are the module's consumers.
func Consumers(s *core.Service) []bus.Consumer {
	return []bus.Consumer{
		{Name: "notifications.users", Handlers: []bus.Handler{
			bus.On(func(ctx context.Context, tx uow.Tx, fact users.UserDeleted, e event.Envelope) error {
				return s.UserDeleted(ctx, tx, e.ID, fact)
			}),
			bus.OnMany(func(ctx context.Context, tx uow.Tx, facts []bus.Fact[users.RoleChanged]) error {
				roles := make([]core.Role, len(facts))
				for i, f := range facts {
					roles[i] = core.Role{Cause: f.Envelope.ID, RoleChanged: f.Event}
				}
				return s.RolesChanged(ctx, tx, roles...)
			}),
			bus.On(func(ctx context.Context, tx uow.Tx, fact agents.AgentShared, e event.Envelope) error {
				return s.AgentShared(ctx, tx, e.ID, core.Shared{
					OrganizationID: fact.OrganizationID, AgentID: fact.AgentID, ProjectID: fact.ProjectID, TeamID: fact.TeamID, Access: fact.Access, SharedBy: fact.SharedBy,
				})
			}),
			bus.On(func(ctx context.Context, tx uow.Tx, fact corpora.DocumentIndexed, e event.Envelope) error {
				if fact.Step != corpora.StepFailed {
					return nil
				}
				return s.DocumentFailed(ctx, tx, e.ID, fact.OrganizationID, fact.UserID, fact.DocumentID)
			}),
			bus.On(func(ctx context.Context, tx uow.Tx, fact chat.RunFailed, e event.Envelope) error {
				if fact.State != chat.StateInterrupted || fact.QuerySource == chat.SourceEvaluation { // of an evaluation its end is told
					return nil
				}
				return s.RunInterrupted(ctx, tx, e.ID, fact.OrganizationID, fact.UserID, fact.AgentID, fact.AgentResponseID)
			}),
			bus.On(func(ctx context.Context, tx uow.Tx, fact evaluations.EvaluationEnded, e event.Envelope) error {
				return s.EvaluationEnded(ctx, tx, e.ID, fact.OrganizationID, fact.UserID, fact.AgentID, fact.EvaluationID, fact.Status)
			}),
			bus.On(func(ctx context.Context, tx uow.Tx, fact analytics.BudgetNearlyUsed, e event.Envelope) error {
				return s.BudgetReached(ctx, tx, e.ID, core.Spent{
					OrganizationID: fact.OrganizationID, Period: fact.Period, Tokens: fact.Tokens, Used: fact.Used, WarnAtPercent: fact.WarnAtPercent,
				})
			}),
			bus.On(func(ctx context.Context, tx uow.Tx, fact analytics.BudgetUsedUp, e event.Envelope) error {
				return s.BudgetReached(ctx, tx, e.ID, core.Spent{OrganizationID: fact.OrganizationID, Period: fact.Period, Tokens: fact.Tokens, Used: fact.Used})
			}),
		}},
		{Name: "notifications.content", Handlers: []bus.Handler{
			bus.On(func(ctx context.Context, tx uow.Tx, e chat.ContentGrantCreated, _ event.Envelope) error {
				if e.UserID == 0 { // whose content it opens is told when it is read
					return nil
				}
				return s.ContentOpened(
					ctx,
					tx,
					core.Opened{OrganizationID: e.OrganizationID, GrantID: e.GrantID, UserID: e.UserID, ReaderID: e.GrantedTo, Until: e.ExpiresOn},
				)
			}),
			bus.On(func(ctx context.Context, tx uow.Tx, e chat.ContentRead, _ event.Envelope) error {
				return s.ContentOpened(ctx, tx, core.Opened{
					OrganizationID: e.OrganizationID, GrantID: e.GrantID, UserID: e.UserID, ReaderID: e.ReaderID, AgentID: e.AgentID, ThreadID: e.ThreadID,
				})
			}),
		}},
		mails(s),
		// PerProcess: each process wakes those who follow there.
		{Name: "notifications.stream", PerProcess: true, Handlers: []bus.Handler{
			bus.On(func(_ context.Context, _ uow.Tx, e notifications.NotificationCreated, _ event.Envelope) error {
				s.Arrived(e.UserID, e.SequenceNumber)
				return nil
			}),
		}},
	}
}
