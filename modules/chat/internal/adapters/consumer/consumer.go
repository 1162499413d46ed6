// Package consumer is what chat does when something happened elsewhere.
package consumer

import (
	"context"

	"parley/modules/chat/internal/core"
	"parley/modules/users"
	"parley/platform/bus"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
)

// Consumers are the module's consumers.
func Consumers(s *core.Service) []bus.Consumer {
	return []bus.Consumer{{Name: "chat.cleanup", Handlers: []bus.Handler{
		bus.On(func(ctx context.Context, _ uow.Tx, e users.UserDeleted, _ event.Envelope) error {
			return s.ForgetUser(ctx, e.UserID)
		}),
	}}}
}
