// Package usersfx wires the users module.
package usersfx

import (
	"context"

	"go.uber.org/fx"

	"parley/modules/users"
	"parley/modules/users/internal/adapters/history"
	"parley/modules/users/internal/adapters/httpv1"
	"parley/modules/users/internal/adapters/password"
	"parley/modules/users/internal/adapters/sqlstore"
	"parley/modules/users/internal/adapters/token"
	"parley/modules/users/internal/core"
	"parley/platform/bus"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/web"
)

// Migrations are the module's tables.
func Migrations() migrate.Set { return sqlstore.Migrations() }

// SecretKey signs tokens; 32 bytes or more.
type SecretKey []byte

// In is what the module needs from the house.
type In struct {
	fx.In

	DB     *sqldb.DB
	Unit   uow.Unit
	Clock  clock.Clock
	Outbox *bus.Outbox
	Key    SecretKey
}

// Out is what it gives.
type Out struct {
	fx.Out

	Routes        []web.Route `group:"routes,flatten"`
	Authenticator web.Authenticator
	Directory     users.Directory
	Permissions   users.Permissions
	Setup         Setup
}

// Module is the users module.
var Module = fx.Module("users", fx.Provide(build))

func build(in In) (Out, error) {
	tokens, err := token.New(in.Key)
	if err != nil {
		return Out{}, err
	}
	service := core.New(core.Parts{
		Unit: in.Unit, Store: sqlstore.New(in.DB), Hasher: password.New(), Tokens: tokens, History: history.New(in.Outbox), Clock: in.Clock,
	})
	api := httpv1.New(service)
	return Out{Routes: api.Routes(), Authenticator: api, Directory: service, Permissions: service, Setup: Setup{service}}, nil
}

// Setup is what the command line may do that no route can.
type Setup struct{ service *core.Service }

// NewUser is what a user that the command line makes starts with.
type NewUser = core.NewUser

// HasOrganizations reports whether the installation was set up already.
func (s Setup) HasOrganizations(ctx context.Context) (bool, error) {
	return s.service.HasOrganizations(ctx)
}

// CreateOrganization makes a tenant with its first global admin.
func (s Setup) CreateOrganization(ctx context.Context, name, adminEmail, password string) (users.Organization, users.User, error) {
	return s.service.CreateOrganization(ctx, name, adminEmail, password)
}

// CreateUser adds a user to an organization, as the server itself.
func (s Setup) CreateUser(ctx context.Context, organizationID int64, n NewUser) (users.User, error) {
	if _, err := s.service.Organization(ctx, organizationID); err != nil {
		return users.User{}, err
	}
	return s.service.CreateUser(ctx, actor.System(organizationID), n)
}
