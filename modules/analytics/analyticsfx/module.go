// Package analyticsfx wires the analytics module.
package analyticsfx

import (
	"go.uber.org/fx"

	"parley/modules/analytics/internal/adapters/consumer"
	"parley/modules/analytics/internal/adapters/httpv1"
	"parley/modules/analytics/internal/adapters/sqlstore"
	"parley/modules/analytics/internal/core"
	"parley/platform/bus"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/work"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/web"
)

// Migrations are the module's tables.
func Migrations() migrate.Set { return sqlstore.Migrations() }

// In is what the module needs from the house.
type In struct {
	fx.In

	DB    *sqldb.DB
	Clock clock.Clock
	Queue work.Queue
}

// Out is what it gives.
type Out struct {
	fx.Out

	Routes    []web.Route    `group:"routes,flatten"`
	Consumers []bus.Consumer `group:"consumers,flatten"`
	Kinds     []work.Kind    `group:"kinds,flatten"`
}

// Module is the analytics module.
var Module = fx.Module("analytics", fx.Provide(build))

func build(in In) Out {
	service := core.New(sqlstore.New(in.DB), in.Clock).SealBy(in.Queue)
	return Out{Routes: httpv1.New(service).Routes(), Consumers: consumer.Consumers(service), Kinds: service.Kinds()}
}
