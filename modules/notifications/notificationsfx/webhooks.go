package notificationsfx

import (
	"log/slog"
	"net/netip"
	"time"

	"go.uber.org/fx"

	"parley/modules/notifications"
	"parley/modules/notifications/internal/adapters/consumer"
	"parley/modules/notifications/internal/adapters/httpv1"
	"parley/modules/notifications/internal/adapters/sqlstore"
	"parley/modules/notifications/internal/adapters/webhook"
	"parley/modules/notifications/internal/core"
	"parley/platform/bus"
	"parley/platform/kernel/access"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/event"
	"parley/platform/kernel/seal"
	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
	"parley/platform/sqldb"
	"parley/platform/web"
)

// WebhookSettings is what the operator decides about webhooks.
type WebhookSettings struct {
	// SecretKey seals the secrets of webhooks; several are separated by commas.
	SecretKey []byte
	// Networks are reached beside public addresses, and by http as well.
	Networks []netip.Prefix
	// Retention is how long deliveries that are over are kept.
	Retention time.Duration
	// Works is whether this process sends.
	Works bool
}

// WebhooksIn is what webhooks need from the house.
type WebhooksIn struct {
	fx.In

	Lifecycle fx.Lifecycle
	Settings  WebhookSettings
	DB        *sqldb.DB
	Unit      uow.Unit
	Inbox     core.Teller
	Queue     work.Queue
	Clock     clock.Clock
	Log       *slog.Logger
	Events    []event.Event `group:"events"`
}

// WebhooksOut is what they give.
type WebhooksOut struct {
	fx.Out

	Routes   []web.Route    `group:"routes,flatten"`
	Consumer bus.Consumer   `group:"consumers"`
	Kinds    []work.Kind    `group:"kinds,flatten"`
	Decider  access.Decider `group:"deciders"`
}

// webhooks are a part of the module. The events are given on their own, as
// those of all modules are needed to make it.
var webhooks = fx.Options(
	fx.Provide(buildWebhooks),
	fx.Provide(fx.Annotate(notifications.Events, fx.ResultTags(`group:"events,flatten"`))),
)

func buildWebhooks(in WebhooksIn) (WebhooksOut, error) {
	sealer, err := seal.New("webhooks", seal.Split(in.Settings.SecretKey)...)
	if err != nil {
		return WebhooksOut{}, err
	}
	service := core.NewWebhooks(core.WebhookDeps{
		Unit: in.Unit, Store: sqlstore.NewWebhooks(in.DB), Inbox: in.Inbox, Queue: in.Queue,
		Sender: webhook.New(in.Clock, in.Settings.Networks...), Sealer: sealer, Clock: in.Clock, Log: in.Log, Events: in.Events, Retention: in.Settings.Retention,
	})
	if in.Settings.Works {
		in.Lifecycle.Append(fx.StartHook(service.Adopt))
	}
	return WebhooksOut{
		Routes: httpv1.NewWebhooks(service).Routes(), Consumer: consumer.Webhooks(service), Kinds: service.WorkKinds(), Decider: service.Decider(),
	}, nil
}
