// Package consumer makes every process let go of what it keeps of users when
// another one changes them.
package consumer

import (
	"context"

	"parley/modules/users"
	"parley/modules/users/internal/core"
	"parley/platform/bus"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
)

// Consumers are the module's consumers.
func Consumers(s *core.Service) []bus.Consumer {
	return []bus.Consumer{{Name: "users.sessions", PerProcess: true, Handlers: []bus.Handler{
		bus.On(func(_ context.Context, _ uow.Tx, e users.AccessChanged, _ event.Envelope) error {
			s.AccessChanged(e.UserID, e.Change)
			return nil
		}),
		bus.On(func(_ context.Context, _ uow.Tx, e users.UserChanged, _ event.Envelope) error {
			s.AccessChanged(e.UserID, "")
			return nil
		}),
		bus.On(func(_ context.Context, _ uow.Tx, e users.UserDeleted, _ event.Envelope) error {
			s.AccessChanged(e.UserID, "")
			return nil
		}),
		bus.On(func(_ context.Context, _ uow.Tx, e users.OrganizationChanged, _ event.Envelope) error {
			s.OrganizationChanged(e.OrganizationID)
			return nil
		}),
	}}}
}
