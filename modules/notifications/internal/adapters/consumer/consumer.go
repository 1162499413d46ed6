// Package consumer is what notifications does when something happened
// elsewhere.
package consumer

import (
	"context"

	"parley/modules/chat"
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
		}},
		{Name: "notifications.content", Handlers: []bus.Handler{
			bus.On(func(ctx context.Context, tx uow.Tx, e chat.ContentGrantCreated, _ event.Envelope) error {
				if e.UserID == 0 { // whose content it opens is told when it is read
					return nil
				}
				return s.ContentOpened(ctx, tx, core.Opened{OrganizationID: e.OrganizationID, GrantID: e.GrantID, UserID: e.UserID, ReaderID: e.GrantedTo, Until: e.ExpiresOn})
			}),
			bus.On(func(ctx context.Context, tx uow.Tx, e chat.ContentRead, _ event.Envelope) error {
				return s.ContentOpened(ctx, tx, core.Opened{
					OrganizationID: e.OrganizationID, GrantID: e.GrantID, UserID: e.UserID, ReaderID: e.ReaderID, AgentID: e.AgentID, ThreadID: e.ThreadID,
				})
			}),
		}},
	}
}
