package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/fx"

	"parley/modules/users/usersfx"
	"parley/platform/auditlog"
	"parley/platform/bus"
	"parley/platform/config"
	"parley/platform/kernel/access"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/id"
	"parley/platform/kernel/uow"
	workport "parley/platform/kernel/work"
	"parley/platform/observe"
	"parley/platform/sqldb"
	"parley/platform/sqldb/idempotency"
	"parley/platform/sqldb/installation"
	"parley/platform/web"
	"parley/platform/work"
	workstore "parley/platform/work/sqlstore"
)

type serveCmd struct {
	Profile profile `enum:"all,api,worker" default:"all" help:"What this process does: ${enum}."`
}

// Run serves until the context ends.
func (s serveCmd) Run(ctx context.Context) error {
	c, err := settings()
	if err != nil {
		return err
	}
	return serve(ctx, c, s.Profile, nil)
}

// serve runs the server until ctx ends. then, when given, runs beside it once
// it answers.
func serve(ctx context.Context, c config.Config, p profile, then func(ctx context.Context, admin credentials) error) error {
	if c.DatabaseURL == "" && p != profileAll {
		return fmt.Errorf("--profile %s needs PostgreSQL: with SQLite one process does everything", p)
	}
	collectLess()
	b, err := open(ctx, c, true)
	if err != nil {
		return err
	}
	return errors.Join(b.serve(ctx, p, then), b.close())
}

// serve runs the server over an open base, which stays open.
func (b *base) serve(ctx context.Context, p profile, then func(ctx context.Context, admin credentials) error) error {
	c := b.config
	if err := b.ready(ctx); err != nil {
		return err
	}
	if err := b.enter(ctx); err != nil {
		return err
	}
	var setup usersfx.Setup
	app, err := b.app(p, fx.Populate(&setup), fx.Invoke(func(*bus.Bus, *work.Runner, *http.Server) {}))
	if err != nil {
		return err
	}
	if err := app.Err(); err != nil {
		return fmt.Errorf("putting the server together: %w", err)
	}
	// The port is bound first: of a start that a taken port ends, nobody would
	// learn the password that is shown once.
	if p != profileWorker {
		if b.listener, err = bind(ctx, c.Addr); err != nil {
			return err
		}
		defer func() { _ = b.listener.Close() }() // closed by then, unless the start failed
	}
	admin, err := firstStart(ctx, c, setup)
	if err != nil {
		return err
	}
	err = app.Start(ctx)
	admin.tell()
	if err != nil {
		return fmt.Errorf("starting: %w", err)
	}
	go giveBackMemory(ctx)
	if p == profileWorker {
		b.log.Info("worker started", "profile", string(p), "operations", c.MetricsAddr)
	} else {
		b.log.Info("server started", "address", "http://"+c.Addr, "docs", "http://"+c.Addr+"/docs", "profile", string(p))
	}
	if c.SMTPURL == "" {
		b.log.Info("no e-mail is sent: no invitations, no resets of passwords, no notifications by mail", "setting", "PARLEY_SMTP_URL")
	}
	if then != nil {
		if err := then(ctx, admin); err != nil && ctx.Err() == nil {
			stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
			defer cancel()
			return errors.Join(err, app.Stop(stop))
		}
	}
	select {
	case <-ctx.Done():
	case signal := <-app.Wait(): // a signal, or a part of the server that ended
		if signal.ExitCode != 0 {
			err = errors.New("a part of the server stopped unexpectedly; the log has the reason")
		}
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	defer cancel()
	return errors.Join(err, app.Stop(stop))
}

// credentials are an admin's, as far as they are known at this start.
type credentials struct {
	Email, Password string
	Generated       bool // nobody has seen the password yet
}

// firstStart creates the first organization when there is none. When no
// password is configured, it generates one.
func firstStart(ctx context.Context, c config.Config, setup usersfx.Setup) (credentials, error) {
	known, err := setup.HasOrganizations(ctx)
	if err != nil || known {
		return credentials{Email: c.AdminEmail, Password: c.AdminPassword}, err
	}
	admin := credentials{Email: c.AdminEmail, Password: c.AdminPassword}
	if admin.Password == "" {
		admin.Password, admin.Generated = rand.Text(), true
	}
	if _, _, err := setup.CreateOrganization(ctx, "My Organization", admin.Email, admin.Password); err != nil {
		// Another process that started on the same database may have been faster.
		if known, again := setup.HasOrganizations(ctx); again == nil && known {
			return credentials{Email: c.AdminEmail, Password: c.AdminPassword}, nil
		}
		return admin, fmt.Errorf("creating the first organization: %w", err)
	}
	return admin, nil
}

// tell prints a password that was made, once the server answers: who reads it
// can use it.
func (c credentials) tell() {
	if c.Generated {
		fmt.Fprintf(os.Stderr, `
Parley created the first organization. Sign in as its global admin:
  email:    %s
  password: %s
The password is shown only once. To choose your own, set PARLEY_ADMIN_EMAIL and PARLEY_ADMIN_PASSWORD before the first start.

`, c.Email, c.Password)
	}
}

// busIn is what the bus is made of.
type busIn struct {
	fx.In

	Lifecycle fx.Lifecycle
	Profile   profile
	DB        *sqldb.DB
	Unit      uow.Unit
	Outbox    *bus.Outbox
	Clock     clock.Clock
	Log       *slog.Logger
	Registry  *prometheus.Registry
	Consumers []bus.Consumer `group:"consumers"`
}

func newBus(in busIn) (*bus.Bus, error) {
	consumers := in.Consumers
	if in.Profile == profileAPI {
		// It only publishes, but for what every process keeps in memory.
		consumers = slices.DeleteFunc(slices.Clone(consumers), func(c bus.Consumer) bool { return !c.PerProcess })
	}
	b, err := bus.New(bus.Config{DB: in.DB, Unit: in.Unit, Outbox: in.Outbox, Consumers: consumers, Clock: in.Clock, Log: in.Log, Registerer: in.Registry})
	if err != nil {
		return nil, err
	}
	in.Lifecycle.Append(fx.Hook{OnStart: b.Start, OnStop: b.Stop})
	return b, nil
}

// newQueue is where modules put durable work.
func newQueue(db *sqldb.DB, p *sqldb.Presence, c clock.Clock, log *slog.Logger) *work.Queue {
	return work.NewQueue(workstore.New(db), workstore.NewSignals(db, p.ID(), log), c)
}

// runnerIn is what the runner of durable work is made of.
type runnerIn struct {
	fx.In

	Lifecycle fx.Lifecycle
	Profile   profile
	Queue     *work.Queue
	Presence  *sqldb.Presence
	Log       *slog.Logger
	Registry  *prometheus.Registry
	Kinds     []workport.Kind `group:"kinds"`
}

func newRunner(in runnerIn) (*work.Runner, error) {
	if in.Profile == profileAPI {
		in.Kinds = nil // it only puts
	}
	r, err := work.NewRunner(work.Config{Queue: in.Queue, Kinds: in.Kinds, Owner: in.Presence.ID(), Peers: in.Presence, Log: in.Log, Registerer: in.Registry})
	if err != nil {
		return nil, err
	}
	in.Lifecycle.Append(fx.Hook{OnStart: r.Start, OnStop: r.Stop})
	return r, nil
}

// newPresence shows this process to the others on the database.
func newPresence(life fx.Lifecycle, db *sqldb.DB, log *slog.Logger) *sqldb.Presence {
	p := sqldb.NewPresence(db, id.New(), log)
	life.Append(fx.Hook{OnStart: p.Start, OnStop: p.Stop})
	return p
}

// newIdempotency remembers requests, and tends what it remembers.
func newIdempotency(life fx.Lifecycle, db *sqldb.DB, c clock.Clock, p *sqldb.Presence, log *slog.Logger) web.Idempotency {
	store := idempotency.New(db, c, p)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan struct{})
	life.Append(fx.Hook{
		OnStart: func(start context.Context) error {
			if err := store.Recover(start); err != nil {
				return err
			}
			go func() {
				defer close(ended)
				store.Run(ctx, log)
			}()
			return nil
		},
		OnStop: func(context.Context) error {
			cancel()
			<-ended
			return nil
		},
	})
	return store
}

// serverIn is what the HTTP server is made of.
type serverIn struct {
	fx.In

	Lifecycle     fx.Lifecycle
	Shutdowner    fx.Shutdowner
	Profile       profile
	DB            *sqldb.DB
	Bus           *bus.Bus // constructed before, so stopped after
	Log           *slog.Logger
	Registry      *prometheus.Registry
	Authenticator web.Authenticator
	Idempotency   web.Idempotency
	Auditor       auditlog.Auditor
	Routes        []web.Route      `group:"routes"`
	Pages         []web.Page       `group:"pages"`
	Deciders      []access.Decider `group:"deciders"`
	Checks        []observe.Check  `group:"checks"`
}

func (b *base) newServer(in serverIn) (*http.Server, error) {
	checks := append(slices.Clone(in.Checks),
		observe.Check{Name: "database", Run: func(ctx context.Context) error { return installation.Healthy(ctx, in.DB) }},
		observe.Check{Name: "events", Run: in.Bus.Healthy})
	proxies, err := b.config.TrustedProxies()
	if err != nil {
		return nil, err
	}
	secret, err := b.config.Key()
	if err != nil {
		return nil, err
	}
	words, err := apiWords()
	if err != nil {
		return nil, err
	}
	api, err := web.New(web.Config{
		Routes: in.Routes, Pages: append(slices.Clone(in.Pages), web.OpenPage()), Authenticator: in.Authenticator,
		Idempotency: in.Idempotency, Secret: secret, Auditor: in.Auditor, Log: in.Log, Registry: in.Registry,
		Deciders: in.Deciders, TrustedProxies: proxies, Checks: checks, MaxUpload: int64(b.config.MaxUpload), Version: version,
		Unavailable: sqldb.Unavailable, AsyncAPI: asyncAPI, Origins: b.config.Origins, Words: words,
	})
	if err != nil {
		return nil, err
	}
	server := &http.Server{Addr: b.config.Addr, Handler: api, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10}
	limits := web.ConnLimits{Most: b.config.MaxConnections, OfOneAddress: b.config.MaxConnectionsOfOne, WritePause: 30 * time.Second, Proxies: proxies}
	if in.Profile != profileWorker {
		listen(in.Lifecycle, in.Shutdowner, in.Log, server, func() net.Listener {
			if b.listener == nil {
				return nil
			}
			return limits.Limit(b.listener, in.Log)
		}, api.Drain)
	}
	if b.config.MetricsAddr != "" {
		listen(in.Lifecycle, in.Shutdowner, in.Log, &http.Server{Addr: b.config.MetricsAddr, Handler: api.Operations(), ReadHeaderTimeout: 10 * time.Second},
			nil, nil)
	}
	return server, nil
}

// bind takes a port.
func bind(ctx context.Context, address string) (net.Listener, error) {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listening on %s: %w", address, err)
	}
	return l, nil
}

// listen serves between start and stop: at what was bound before, or else at
// the server's address. A taken port fails the start.
func listen(life fx.Lifecycle, down fx.Shutdowner, log *slog.Logger, server *http.Server, bound func() net.Listener, drain func()) {
	life.Append(fx.Hook{
		OnStart: func(ctx context.Context) error {
			var listener net.Listener
			if bound != nil {
				listener = bound()
			}
			if listener == nil {
				var err error
				if listener, err = bind(ctx, server.Addr); err != nil {
					return err
				}
			}
			go func() {
				if err := server.Serve(listener); err != nil && !errors.Is(err, http.ErrServerClosed) {
					log.Error("the HTTP server stopped", "error", err)
					if err := down.Shutdown(fx.ExitCode(1)); err != nil {
						log.Error("shutting down failed", "error", err)
					}
				}
			}()
			return nil
		},
		OnStop: func(ctx context.Context) error {
			if drain != nil {
				drain()
			}
			// Shorter than fx's own: what hangs must not keep the rest from stopping.
			ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
			defer cancel()
			if err := server.Shutdown(ctx); err != nil {
				return errors.Join(err, server.Close())
			}
			return nil
		},
	})
}
