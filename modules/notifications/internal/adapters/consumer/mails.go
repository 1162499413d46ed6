package consumer

import (
	"context"

	"parley/modules/notifications"
	"parley/modules/notifications/internal/core"
	"parley/platform/bus"
	"parley/platform/kernel/uow"
)

// mails has notifications sent by e-mail.
func mails(s *core.Service) bus.Consumer {
	return bus.Consumer{Name: "notifications.mail", Handlers: []bus.Handler{
		bus.OnMany(func(ctx context.Context, _ uow.Tx, facts []bus.Fact[notifications.NotificationCreated]) error {
			all := make([]core.Arrival, len(facts))
			for i, f := range facts {
				e := f.Event
				all[i] = core.Arrival{OrganizationID: e.OrganizationID, UserID: e.UserID, Sequence: e.SequenceNumber, Kind: e.Kind, EventID: f.Envelope.ID}
			}
			return s.MailArrivals(ctx, all...)
		}),
	}}
}
