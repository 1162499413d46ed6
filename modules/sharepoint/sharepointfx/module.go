// Package sharepointfx wires the sharepoint module.
package sharepointfx

import (
	"context"
	"log/slog"
	"net/url"
	"strings"

	"go.uber.org/fx"

	"parley/modules/corpora"
	"parley/modules/sharepoint"
	"parley/modules/sharepoint/internal/adapters/consumer"
	"parley/modules/sharepoint/internal/adapters/directory"
	"parley/modules/sharepoint/internal/adapters/graphapi"
	"parley/modules/sharepoint/internal/adapters/httpv1"
	"parley/modules/sharepoint/internal/adapters/sqlstore"
	"parley/modules/sharepoint/internal/core"
	"parley/platform/bus"
	"parley/platform/kernel/access"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
	"parley/platform/migrate"
	"parley/platform/sqldb"
	"parley/platform/web"
)

// Migrations are the module's tables.
func Migrations() migrate.Set { return sqlstore.Migrations() }

// Settings is what the operator decides.
type Settings struct {
	// URL is file:///path for a directory, else that of Microsoft Graph.
	URL string
	// LoginURL, Tenant, ClientID and ClientSecret are for Graph, whose items
	// belong to OrganizationID. In a directory each organization has its own.
	LoginURL       string
	Tenant         string
	ClientID       string
	ClientSecret   string
	OrganizationID int64
	// MaxBytes is the largest file that is kept in a corpus.
	MaxBytes int64
	// Works is whether this process follows drives.
	Works bool
}

// In is what the module needs from the house.
type In struct {
	fx.In

	Lifecycle fx.Lifecycle
	Settings  Settings
	DB        *sqldb.DB
	Unit      uow.Unit
	Corpora   corpora.Keeper
	Queue     work.Queue
	Clock     clock.Clock
	Log       *slog.Logger
}

// Out is what it gives.
type Out struct {
	fx.Out

	Routes    []web.Route    `group:"routes,flatten"`
	Consumers []bus.Consumer `group:"consumers,flatten"`
	Kinds     []work.Kind    `group:"kinds,flatten"`
	Decider   access.Decider `group:"deciders"`
}

// Module is the sharepoint module.
var Module = fx.Module("sharepoint", fx.Provide(build), fx.Provide(fx.Annotate(sharepoint.Events, fx.ResultTags(`group:"events,flatten"`))))

func build(in In) (Out, error) {
	backends, err := open(in)
	if err != nil {
		return Out{}, err
	}
	service := core.New(core.Deps{
		Unit: in.Unit, Store: sqlstore.New(in.DB), Backends: backends, Corpora: in.Corpora, Queue: in.Queue, Clock: in.Clock, Log: in.Log,
		MaxBytes: in.Settings.MaxBytes,
	})
	if in.Settings.Works {
		in.Lifecycle.Append(fx.StartHook(service.Adopt))
	}
	return Out{Routes: httpv1.New(service).Routes(), Consumers: consumer.Consumers(service), Kinds: service.Kinds(), Decider: service.Decider()}, nil
}

// open makes the backends of the setting.
func open(in In) (core.Backends, error) {
	s := in.Settings
	if strings.HasPrefix(s.URL, "file:") {
		u, err := url.Parse(s.URL)
		if err != nil {
			return nil, err
		}
		all := directory.New(u.Path)
		in.Lifecycle.Append(fx.StopHook(func(context.Context) error { return all.Close() }))
		return all, nil
	}
	return graphapi.New(graphapi.Config{
		URL: s.URL, LoginURL: s.LoginURL, Tenant: s.Tenant, ClientID: s.ClientID, ClientSecret: s.ClientSecret, OrganizationID: s.OrganizationID, Clock: in.Clock,
	})
}
