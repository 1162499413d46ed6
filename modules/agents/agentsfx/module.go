// Package agentsfx wires the agents module.
package agentsfx

import (
	"context"
	"log/slog"

	"go.uber.org/fx"

	"parley/modules/agents"
	"parley/modules/agents/internal/adapters/consumer"
	"parley/modules/agents/internal/adapters/httpv1"
	"parley/modules/agents/internal/adapters/sqlstore"
	"parley/modules/agents/internal/core"
	"parley/modules/projects"
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

// Models are the names that an agent may choose its model from.
type Models []string

// In is what the module needs from the house.
type In struct {
	fx.In

	Lifecycle   fx.Lifecycle
	Log         *slog.Logger
	DB          *sqldb.DB
	Unit        uow.Unit
	Projects    projects.Catalog
	Actors      users.Actors
	Directory   users.Directory
	Permissions users.Permissions
	Roles       users.Roles
	Addresses   users.Addresses
	Clock       clock.Clock
	Models      Models
}

// Out is what it gives.
type Out struct {
	fx.Out

	Routes    []web.Route    `group:"routes,flatten"`
	Consumers []bus.Consumer `group:"consumers,flatten"`
	Catalog   agents.Catalog
	Versions  agents.Versions
	Deciders  []access.Decider `group:"deciders,flatten"`
}

// Module is the agents module.
var Module = fx.Module("agents", fx.Provide(build), fx.Provide(fx.Annotate(agents.Events, fx.ResultTags(`group:"events,flatten"`))))

func build(in In) Out {
	store := sqlstore.New(in.DB)
	service := core.New(core.Deps{
		Unit: in.Unit, Store: store, Projects: in.Projects, Actors: in.Actors, Directory: in.Directory, Permissions: in.Permissions,
		Roles: in.Roles, Addresses: in.Addresses, Clock: in.Clock,
		Models: in.Models,
	})
	in.Lifecycle.Append(background.Hook(func(ctx context.Context) {
		if err := service.TellOld(ctx, store); err != nil && ctx.Err() == nil {
			in.Log.ErrorContext(ctx, "publishing the names of older agents failed; the next start goes on with it", "error", err)
		}
	}))
	return Out{
		Routes: httpv1.New(service, in.Directory).Routes(), Consumers: consumer.Consumers(service),
		Catalog: service, Versions: service.AgentVersions(), Deciders: service.Deciders(),
	}
}
