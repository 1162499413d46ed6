// Package consumer is what SharePoint items do when something happened.
package consumer

import (
	"context"
	"maps"
	"slices"

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
				return s.DocumentIndexed(ctx, e.OrganizationID, e.DocumentID, e.Step == corpora.StepFailed)
			}),
			bus.OnMany(func(ctx context.Context, _ uow.Tx, facts []bus.Fact[corpora.DocumentDeleted]) error {
				gone := map[int64][]int64{}
				for _, f := range facts {
					gone[f.Event.OrganizationID] = append(gone[f.Event.OrganizationID], f.Event.DocumentID)
				}
				for _, org := range slices.Sorted(maps.Keys(gone)) {
					if err := s.DocumentsDeleted(ctx, org, gone[org]); err != nil {
						return err
					}
				}
				return nil
			}),
			bus.On(func(ctx context.Context, _ uow.Tx, e users.UserDeleted, _ event.Envelope) error {
				return s.PassLinks(ctx, e.OrganizationID, e.UserID, e.DeletedBy)
			}),
		}},
	}
}
