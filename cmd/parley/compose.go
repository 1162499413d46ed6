package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
	"go.uber.org/fx"
	"go.uber.org/fx/fxevent"

	"parley/modules/agents/agentsfx"
	"parley/modules/analytics/analyticsfx"
	"parley/modules/chat/chatfx"
	"parley/modules/corpora/corporafx"
	"parley/modules/evaluations/evaluationsfx"
	"parley/modules/notifications/notificationsfx"
	"parley/modules/projects/projectsfx"
	"parley/modules/sharepoint/sharepointfx"
	"parley/modules/users/usersfx"
	"parley/platform/auditlog"
	"parley/platform/blob"
	"parley/platform/bus"
	"parley/platform/config"
	"parley/platform/kernel/access"
	blobport "parley/platform/kernel/blob"
	"parley/platform/kernel/clock"
	idempotencyport "parley/platform/kernel/idempotency"
	"parley/platform/kernel/uow"
	workport "parley/platform/kernel/work"
	"parley/platform/migrate"
	"parley/platform/observe"
	"parley/platform/sqldb"
	"parley/platform/sqldb/idempotency"
	"parley/platform/sqldb/installation"
	"parley/platform/work"
	workstore "parley/platform/work/sqlstore"
)

// modules is THE list of modules.
func modules() fx.Option {
	return fx.Options(
		usersfx.Module,
		projectsfx.Module,
		agentsfx.Module,
		corporafx.Module,
		sharepointfx.Module,
		chatfx.Module,
		analyticsfx.Module,
		notificationsfx.Module,
		evaluationsfx.Module,
		fx.Invoke(decide),
	)
}

// decidedIn is who decides about resources, and who is to know it.
type decidedIn struct {
	fx.In

	Deciders []access.Decider        `group:"deciders"`
	Decided  []func(access.Deciders) `group:"decided"`
}

// decide tells modules who decides, once all are made: as an ordinary parameter
// that would be a cycle, as those who decide are made of them.
func decide(in decidedIn) {
	for _, tell := range in.Decided {
		tell(in.Deciders)
	}
}

// migrations are the tables of the platform and of every module, in the order
// in which they are made.
func migrations() []migrate.Set {
	return []migrate.Set{
		installation.Migrations(), bus.Migrations(), workstore.Migrations(), idempotency.Migrations(),
		usersfx.Migrations(), projectsfx.Migrations(), agentsfx.Migrations(),
		corporafx.Migrations(), chatfx.Migrations(), analyticsfx.Migrations(), notificationsfx.Migrations(), sharepointfx.Migrations(),
		evaluationsfx.Migrations(),
	}
}

// profile is what a process does.
type profile string

const (
	profileAll    profile = "all"
	profileAPI    profile = "api"
	profileWorker profile = "worker"
)

// base is what every command needs: settings, log and an open database.
type base struct {
	config config.Config
	log    *slog.Logger
	db     *sqldb.DB
	lock   *flock.Flock // SQLite: this process has the data directory to itself
	// listener has the port of the API, once it is bound.
	listener net.Listener
}

// databaseFile is the SQLite database in the data directory.
const databaseFile = "parley.db"

// filesDir is the folder of documents' files in the data directory.
const filesDir = "files"

// errLocked answers a data directory that a running server uses.
var errLocked = errors.New("another parley runs on this data directory")

// open opens the database. exclusive keeps a second server, and whatever else
// must not run beside one, away from a SQLite data directory.
func open(ctx context.Context, c config.Config, exclusive bool) (*base, error) {
	b := &base{config: c, log: observe.NewLog(os.Stderr, slog.Level(c.LogLevel))}
	if err := os.MkdirAll(c.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("making the data directory: %w", err)
	}
	if c.DatabaseURL == "" {
		if err := databaseThere(c); err != nil {
			return nil, err
		}
	}
	if c.DatabaseURL == "" && exclusive {
		b.lock = flock.New(filepath.Join(c.DataDir, "lock"))
		locked, err := b.lock.TryLock()
		if err != nil {
			return nil, fmt.Errorf("locking %s: %w", c.DataDir, err)
		}
		if !locked {
			return nil, fmt.Errorf("%s: %w", c.DataDir, errLocked)
		}
	}
	var err error
	b.db, err = sqldb.Open(ctx, sqldb.Config{URL: c.DatabaseURL, File: filepath.Join(c.DataDir, databaseFile), FullSync: c.FullSync, Log: b.log})
	if err != nil {
		return nil, errors.Join(err, b.unlock())
	}
	return b, nil
}

func (b *base) unlock() error {
	if b.lock == nil {
		return nil
	}
	return b.lock.Unlock()
}

func (b *base) close() error { return errors.Join(b.db.Close(), b.unlock()) }

func (b *base) runner() *migrate.Runner { return migrate.New(b.db, migrations(), b.log) }

// ready brings a SQLite database to this version, and refuses any other
// schema than this version's.
func (b *base) ready(ctx context.Context) error {
	runner := b.runner()
	if !b.db.Postgres() {
		if err := runner.Up(ctx); err != nil {
			return err
		}
	}
	return runner.Check(ctx)
}

// app wires the house over an open base.
func (b *base) app(p profile, more ...fx.Option) (*fx.App, error) {
	key, err := b.config.Key()
	if err != nil {
		return nil, err
	}
	files, err := blob.NewDir(filepath.Join(b.config.DataDir, filesDir))
	if err != nil {
		return nil, err
	}
	sharepoint, err := b.config.SharePoint()
	if err != nil {
		return nil, err
	}
	receivers, err := b.config.PrivateReceivers()
	if err != nil {
		return nil, err
	}
	hour, minute, zone, err := b.config.Digest()
	if err != nil {
		return nil, err
	}
	executable, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("finding this program: %w", err)
	}
	options := []fx.Option{
		fx.WithLogger(func() fxevent.Logger { return fxevent.NopLogger }),
		fx.StartTimeout(time.Minute), fx.StopTimeout(time.Minute),
		fx.Supply(b.log, b.db, usersfx.SecretKey(key), usersfx.AuditRetention(config.Days(b.config.AuditRetentionDays)), b.registry(), p),
		fx.Supply(usersfx.SignUpDomains(b.config.SignupDomains), notificationsfx.DigestAt{Hour: hour, Minute: minute, Zone: zone}),
		fx.Supply(notificationsfx.InboxLimit(b.config.InboxLimit)),
		fx.Supply(chatfx.Settings{Models: b.config.Models(), AnswerLinkHosts: b.config.LinkHosts, StreamRetention: b.config.StreamRetention},
			agentsfx.Models(b.config.ModelNames())),
		fx.Supply(corporafx.Settings{
			MaxBytes: int64(b.config.MaxUpload), Child: []string{executable, childCommand}, CacheDir: cacheDir(b.config.DataDir), Works: p != profileAPI,
			EmbeddingURL: b.config.EmbeddingURL, EmbeddingModel: b.config.EmbeddingModel, EmbeddingAPIKey: b.config.EmbeddingAPIKey,
		}),
		fx.Supply(sharepointfx.Settings{
			URL: sharepoint, LoginURL: b.config.SharePointLoginURL, Tenant: b.config.SharePointTenant, ClientID: b.config.SharePointClientID,
			ClientSecret: b.config.SharePointClientSecret, OrganizationID: b.config.SharePointOrganization, MaxBytes: int64(b.config.MaxUpload), Works: p != profileAPI,
		}),
		fx.Supply(notificationsfx.WebhookSettings{
			SecretKey: key, Networks: receivers, Retention: config.Days(b.config.WebhookRetentionDays), Works: p != profileAPI,
		}),
		fx.Supply(evaluationsfx.Settings{Parallel: b.config.EvaluationParallel, Works: p != profileAPI}),
		fx.Provide(
			fx.Annotate(func() clock.System { return clock.System{} }, fx.As(new(clock.Clock))),
			func() blobport.Store { return files },
			bus.NewOutbox,
			observe.NewMetrics,
			newPresence,
			newQueue,
			func(q *work.Queue) workport.Queue { return q },
			newRunner,
			func(db *sqldb.DB, o *bus.Outbox, c clock.Clock) (uow.Unit, uow.Group) {
				group := idempotencyport.Group(auditlog.Group(sqldb.NewUnit(db, o, c)))
				return group, group
			},
			b.newSender,
			newIdempotency,
			newBus,
			b.newServer,
		),
		modules(),
	}
	return fx.New(append(options, more...)...), nil
}
