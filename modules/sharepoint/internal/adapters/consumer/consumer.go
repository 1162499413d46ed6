// Package consumer is what SharePoint items do when something happened.
package consumer

import (
	"context"

	"parley/modules/corpora"
	"parley/modules/sharepoint/internal/core"
	"parley/modules/users"
	"parley/platform/bus"
	"parley/platform/kernel/event"
	"parley/platform/kernel/uow"
)

// Consumers are the module's consumers.
func Consumers(s *core.Service) []bus.Consumer {
	return []bus.Consumer{
		{Name: "sharepoint.documents", Handlers: []bus.Handler{
			bus.On(func(ctx context.Context, _ uow.Tx, e corpora.DocumentIndexed, _ event.Envelope) error {
				return s.DocumentIndexed(ctx, e.OrganizationID, e.DocumentID, e.Step == "failed")
			}),
			bus.On(func(ctx context.Context, _ uow.Tx, e users.UserDeleted, _ event.Envelope) error {
				return s.PassLinks(ctx, e.OrganizationID, e.UserID, e.DeletedBy)
			}),
		}},
	}
}
