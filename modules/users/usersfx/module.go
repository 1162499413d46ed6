// Package usersfx wires the users module.
package usersfx

import (
	"context"
	"log/slog"
	"time"

	"go.uber.org/fx"

	"parley/modules/users"
	"parley/modules/users/internal/adapters/auditor"
	"parley/modules/users/internal/adapters/consumer"
	"parley/modules/users/internal/adapters/history"
	"parley/modules/users/internal/adapters/httpv1"
	"parley/modules/users/internal/adapters/password"
	"parley/modules/users/internal/adapters/sqlstore"
	"parley/modules/users/internal/adapters/token"
	"parley/modules/users/internal/core"
	"parley/platform/auditlog"
	"parley/platform/background"
	"parley/platform/bus"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/mail"
	"parley/platform/kernel/page"
	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
	"parley/platform/migrate"
	"parley/platform/observe"
	"parley/platform/sqldb"
	"parley/platform/web"
)

// Migrations are the module's tables.
func Migrations() migrate.Set { return sqlstore.Migrations() }

// SecretKey signs tokens; 32 bytes or more. Several are separated by commas:
// the first signs, and what any of them signed is still read.
type SecretKey []byte

// AuditRetention is how long entries of the audit log are kept.
type AuditRetention time.Duration

// SignUpDomains are the domains of organizations whose people may sign up.
type SignUpDomains []string

// In is what the module needs from the house.
type In struct {
	fx.In

	Lifecycle fx.Lifecycle
	DB        *sqldb.DB
	Unit      uow.Unit
	Clock     clock.Clock
	Outbox    *bus.Outbox
	Log       *slog.Logger
	Key       SecretKey
	Metrics   *observe.Metrics
	Retention AuditRetention
	Mail      mail.Sender
	Queue     work.Queue
	SignUp    SignUpDomains
}

// Out is what it gives.
type Out struct {
	fx.Out

	Routes        []web.Route    `group:"routes,flatten"`
	Pages         []web.Page     `group:"pages,flatten"`
	Consumers     []bus.Consumer `group:"consumers,flatten"`
	Authenticator web.Authenticator
	Auditor       auditlog.Auditor
	Actors        users.Actors
	Directory     users.Directory
	Permissions   users.Permissions
	Roles         users.Roles
	Addresses     users.Addresses
	Setup         Setup
	Decided       func(access.Deciders) `group:"decided"`
	Deciders      []access.Decider      `group:"deciders,flatten"`
	Kinds         []work.Kind           `group:"kinds,flatten"`
}

// Module is the users module.
var Module = fx.Module("users", fx.Provide(build), fx.Provide(fx.Annotate(users.Events, fx.ResultTags(`group:"events,flatten"`))))

func build(in In) (Out, error) {
	tokens, err := token.New(token.Split(in.Key)...)
	if err != nil {
		return Out{}, err
	}
	signIns := in.Metrics.Counter("parley_users_sign_ins_total", "Attempts to sign in, by outcome.", "outcome")
	for _, o := range []core.SignInOutcome{core.SignInRight, core.SignInWrong, core.SignInLimited, core.SignInError} { // shown from the start
		signIns(0, string(o))
	}
	store := sqlstore.New(in.DB)
	service := core.New(core.Deps{
		Unit: in.Unit, Store: store, Hasher: password.New(), Tokens: tokens, History: history.New(in.Outbox), Clock: in.Clock,
		Mail: in.Mail, Queue: in.Queue, SignUpDomains: in.SignUp,
		SignedIn: func(o core.SignInOutcome) { signIns(1, string(o)) },
	})
	api := httpv1.New(service)
	flushing(in.Lifecycle, service, in.Log)
	pruning(in.Lifecycle, service, time.Duration(in.Retention), in.Log)
	in.Lifecycle.Append(background.Hook(func(ctx context.Context) {
		if err := service.TellOld(ctx, store); err != nil && ctx.Err() == nil {
			in.Log.ErrorContext(ctx, "publishing the names of older users failed; the next start goes on with it", "error", err)
		}
	}))
	return Out{
		Routes: api.Routes(), Pages: api.Pages(), Consumers: consumer.Consumers(service), Authenticator: api, Auditor: auditor.New(service),
		Actors: service, Directory: service, Permissions: service, Roles: service, Addresses: service,
		Setup: Setup{service}, Decided: service.Decided, Deciders: service.Deciders(), Kinds: service.Kinds(),
	}, nil
}

// flushEvery is how long what nobody waits for is kept in memory.
const flushEvery = 5 * time.Second

// flushing writes what waits every few seconds, and at the end.
func flushing(life fx.Lifecycle, s *core.Service, log *slog.Logger) {
	stop, ended := make(chan struct{}), make(chan struct{})
	flush := func(ctx context.Context) {
		ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
		defer cancel()
		dropped, err := s.Flush(ctx)
		if err != nil {
			log.ErrorContext(ctx, "writing refused sign-ins and the last use of API keys failed", "error", err)
		}
		if dropped > 0 {
			log.WarnContext(ctx, "dropped audit entries of refused sign-ins", "dropped", dropped)
		}
	}
	life.Append(fx.Hook{
		OnStart: func(ctx context.Context) error {
			ctx = context.WithoutCancel(ctx)
			go func() {
				defer close(ended)
				respell(ctx, s, log)
				tick := time.NewTicker(flushEvery)
				defer tick.Stop()
				for {
					select {
					case <-stop:
						return
					case <-tick.C:
						flush(ctx)
					}
				}
			}()
			return nil
		},
		OnStop: func(ctx context.Context) error {
			close(stop)
			<-ended
			flush(ctx)
			return nil
		},
	})
}

// respell sees to addresses of an older version.
func respell(ctx context.Context, s *core.Service, log *slog.Logger) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	twins, err := s.Respell(ctx)
	if err != nil {
		log.ErrorContext(ctx, "looking through the spellings of addresses", "error", err)
	}
	for _, t := range twins {
		log.WarnContext(ctx, "nobody can sign in as this user; give the user another address", "user", t.UserID, "organization", t.OrganizationID, "reason", t.Reason)
	}
}

// Setup is what the command line may do that no route can.
type Setup struct{ service *core.Service }

// NewUser is what a user that the command line makes starts with.
type NewUser struct {
	Email, Password      string
	FirstName, LastName  *string
	IsStaff, IsSuperuser bool
}

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
	created := core.NewUser{Email: n.Email, Password: n.Password, FirstName: n.FirstName, LastName: n.LastName, IsSuperuser: n.IsSuperuser}
	if n.IsStaff {
		created.IsStaff = &n.IsStaff
	}
	return s.service.CreateUser(ctx, actor.System(organizationID), created)
}

// User is a user as the command line names one.
type User = users.User

// ListUsers answers one part of an organization's users, ordered by id.
func (s Setup) ListUsers(ctx context.Context, organizationID int64, p page.Request) (page.Of[users.User], error) {
	if _, err := s.service.Organization(ctx, organizationID); err != nil {
		return page.Of[users.User]{}, err
	}
	return s.service.List(ctx, actor.System(organizationID), core.Filter{}, p)
}

// ResetPassword gives the user with the address another password, and ends all
// their sessions.
func (s Setup) ResetPassword(ctx context.Context, email, password string) (users.User, error) {
	return s.service.ResetPassword(ctx, email, password)
}

// Demote lowers the user with the address to a level, unless they are not
// above it.
func (s Setup) Demote(ctx context.Context, email string, to actor.Level) (before, after users.User, err error) {
	return s.service.Demote(ctx, email, to)
}
