// Package consumer is what notifications does when something happened
// elsewhere.
package consumer

import (
	"context"

	"parley/modules/notifications/internal/core"
	"parley/modules/users"
	"parley/platform/bus"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
)

// Consumers are the module's consumers.
func Consumers(s *core.Service) []bus.Consumer {
	return []bus.Consumer{{Name: "notifications.users", Handlers: []bus.Handler{
		bus.On(func(ctx context.Context, _ uow.Tx, fact users.UserDeleted, e event.Envelope) error {
			return s.UserDeleted(ctx, e.ID, fact)
		}),
	}}}
}
