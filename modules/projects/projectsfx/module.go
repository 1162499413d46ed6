// Package projectsfx wires the projects module.
package projectsfx

import (
	"context"
	"log/slog"

	"go.uber.org/fx"

	"parley/modules/projects"
	"parley/modules/projects/internal/adapters/consumer"
	"parley/modules/projects/internal/adapters/httpv1"
	"parley/modules/projects/internal/adapters/sqlstore"
	"parley/modules/projects/internal/core"
	"parley/modules/users"
	"parley/platform/background"
	"parley/platform/bus"
	"parley/platform/kernel/access"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/web"
)

// Migrations are the module's tables.
func Migrations() migrate.Set { return sqlstore.Migrations() }

// In is what the module needs from the house.
type In struct {
	fx.In

	Lifecycle   fx.Lifecycle
	Log         *slog.Logger
	DB          *sqldb.DB
	Unit        uow.Unit
	Actors      users.Actors
	Directory   users.Directory
	Permissions users.Permissions
	Roles       users.Roles
	Clock       clock.Clock
}

// Out is what it gives.
type Out struct {
	fx.Out

	Routes    []web.Route    `group:"routes,flatten"`
	Consumers []bus.Consumer `group:"consumers,flatten"`
	Catalog   projects.Catalog
	Deciders  []access.Decider `group:"deciders,flatten"`
}

// Module is the projects module.
var Module = fx.Module("projects", fx.Provide(build), fx.Provide(fx.Annotate(projects.Events, fx.ResultTags(`group:"events,flatten"`))))

func build(in In) Out {
	store := sqlstore.New(in.DB)
	service := core.New(core.Deps{
		Unit: in.Unit, Store: store, Actors: in.Actors, Directory: in.Directory, Permissions: in.Permissions, Roles: in.Roles, Clock: in.Clock,
	})
	in.Lifecycle.Append(background.Hook(func(ctx context.Context) {
		if err := service.TellOld(ctx, store); err != nil && ctx.Err() == nil {
			in.Log.ErrorContext(ctx, "publishing the names of older teams and projects failed; the next start goes on with it", "error", err)
		}
	}))
	return Out{Routes: httpv1.New(service, in.Directory).Routes(), Consumers: consumer.Consumers(service), Catalog: service, Deciders: service.Deciders()}
}
