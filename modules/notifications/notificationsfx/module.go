// Package notificationsfx wires the notifications module.
package notificationsfx

import (
	"time"

	"go.uber.org/fx"

	"parley/modules/notifications/internal/adapters/consumer"
	"parley/modules/notifications/internal/adapters/httpv1"
	"parley/modules/notifications/internal/adapters/sqlstore"
	"parley/modules/notifications/internal/core"
	"parley/modules/users"
	"parley/platform/bus"
	"parley/platform/kernel/access"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/mail"
	"parley/platform/kernel/seal"
	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/web"
)

// Migrations are the module's tables.
func Migrations() migrate.Set { return sqlstore.Migrations() }

// InboxLimit is how many notifications of a user are kept.
type InboxLimit int64

// DigestAt is the time of the day at which digests are sent.
type DigestAt struct {
	Hour, Minute int
	Zone         *time.Location
}

// In is what the module needs from the house.
type In struct {
	fx.In

	DB     *sqldb.DB
	Unit   uow.Unit
	Users  users.Directory
	Actors users.Actors
	Roles  users.Roles
	Clock  clock.Clock
	Limit  InboxLimit
	Sender mail.Sender
	Queue  work.Queue
	Digest DigestAt
	Keys   WebhookSettings // of which the secret key seals the links in mails
}

// Out is what it gives.
type Out struct {
	fx.Out

	Routes    []web.Route           `group:"routes,flatten"`
	Pages     []web.Page            `group:"pages,flatten"`
	Consumers []bus.Consumer        `group:"consumers,flatten"`
	Decider   access.Decider        `group:"deciders"`
	Decided   func(access.Deciders) `group:"decided"`
	Kinds     []work.Kind           `group:"kinds,flatten"`
	Teller    core.Teller
}

// Module is the notifications module.
var Module = fx.Module("notifications", fx.Provide(build), webhooks)

func build(in In) (Out, error) {
	sealer, err := seal.New("unsubscribe", seal.Split(in.Keys.SecretKey)...)
	if err != nil {
		return Out{}, err
	}
	service := core.New(core.Deps{
		Unit: in.Unit, Store: sqlstore.New(in.DB), Users: in.Users, Actors: in.Actors, Roles: in.Roles, Clock: in.Clock, InboxLimit: int64(in.Limit),
		Sender: in.Sender, Queue: in.Queue, DigestAt: core.Daily(in.Digest), Sealer: sealer,
	})
	api := httpv1.New(service)
	return Out{
		Routes:    api.Routes(),
		Pages:     api.Pages(),
		Consumers: consumer.Consumers(service),
		Decider:   service.Decider(),
		Decided:   service.Decided,
		Kinds:     service.Kinds(),
		Teller:    service,
	}, nil
}
