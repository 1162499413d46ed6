// Package analyticsfx wires the analytics module.
package analyticsfx

import (
	"context"
	"time"

	"go.uber.org/fx"

	"parley/modules/analytics"
	"parley/modules/analytics/internal/adapters/consumer"
	"parley/modules/analytics/internal/adapters/httpv1"
	"parley/modules/analytics/internal/adapters/sqlstore"
	"parley/modules/analytics/internal/core"
	"parley/platform/bus"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
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
	Unit  uow.Unit
	Clock clock.Clock
	Queue work.Queue
}

// Out is what it gives.
type Out struct {
	fx.Out

	Routes    []web.Route    `group:"routes,flatten"`
	Consumers []bus.Consumer `group:"consumers,flatten"`
	Kinds     []work.Kind    `group:"kinds,flatten"`
	Books     Books
}

// Difference is a stretch of time whose stored sums are not those of its facts.
type Difference = core.Difference

// Quarter is what the facts of a quarter of an hour add up to.
type Quarter = core.Quarter

// Books are for operators, who check what is stored.
type Books interface {
	// Organizations answers those that have facts, ascending.
	Organizations(ctx context.Context) ([]int64, error)
	// Check recounts every sealed segment of an organization from facts, and
	// calls each for those that differ. It changes nothing.
	Check(ctx context.Context, organizationID int64, each func(Difference)) (segments int, err error)
	// Rebuild is Check, and makes anew what differs.
	Rebuild(ctx context.Context, organizationID int64, each func(Difference)) (segments int, err error)
	// Quarters answers the quarters of an hour with runs or use, in order.
	Quarters(ctx context.Context, organizationID int64, from, until time.Time) ([]Quarter, error)
}

// Module is the analytics module.
var Module = fx.Module("analytics", fx.Provide(build), fx.Provide(fx.Annotate(analytics.Events, fx.ResultTags(`group:"events,flatten"`))))

func build(in In) Out {
	service := core.New(sqlstore.New(in.DB), in.Clock).SealBy(in.Queue).ChangeBy(in.Unit)
	return Out{Routes: httpv1.New(service).Routes(), Consumers: consumer.Consumers(service), Kinds: service.Kinds(), Books: service}
}
