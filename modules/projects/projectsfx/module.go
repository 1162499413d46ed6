// Package projectsfx wires the projects module.
package projectsfx

import (
	"go.uber.org/fx"

	"parley/modules/projects"
	"parley/modules/projects/internal/adapters/consumer"
	"parley/modules/projects/internal/adapters/httpv1"
	"parley/modules/projects/internal/adapters/sqlstore"
	"parley/modules/projects/internal/core"
	"parley/modules/users"
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
	service := core.New(core.Deps{Unit: in.Unit, Store: sqlstore.New(in.DB), Actors: in.Actors, Directory: in.Directory, Permissions: in.Permissions, Roles: in.Roles, Clock: in.Clock})
	return Out{Routes: httpv1.New(service, in.Directory).Routes(), Consumers: consumer.Consumers(service), Catalog: service, Deciders: service.Deciders()}
}
