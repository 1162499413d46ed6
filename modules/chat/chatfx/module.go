// Package chatfx wires the chat module.
package chatfx

import (
	"context"
	"log/slog"

	"go.uber.org/fx"

	"parley/modules/agents"
	"parley/modules/chat/internal/adapters/answerer"
	"parley/modules/chat/internal/adapters/consumer"
	"parley/modules/chat/internal/adapters/httpv1"
	"parley/modules/chat/internal/adapters/openai"
	"parley/modules/chat/internal/adapters/sqlstore"
	"parley/modules/chat/internal/core"
	"parley/modules/corpora"
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

// Settings is what the operator decides.
type Settings struct {
	URL    string // of an OpenAI-compatible server; "" for the extractive answerer
	APIKey string
	Model  string
	// Life is the context of runs, which outlive the requests they began with.
	Life context.Context
}

// In is what the module needs from the house.
type In struct {
	fx.In

	Lifecycle fx.Lifecycle
	Settings  Settings
	DB        *sqldb.DB
	Presence  *sqldb.Presence
	Unit      uow.Group
	Agents    agents.Catalog
	Actors    users.Actors
	Corpora   corpora.Retriever
	Clock     clock.Clock
	Log       *slog.Logger
}

// Out is what it gives.
type Out struct {
	fx.Out

	Routes    []web.Route      `group:"routes,flatten"`
	Consumers []bus.Consumer   `group:"consumers,flatten"`
	Deciders  []access.Decider `group:"deciders,flatten"`
}

// Module is the chat module.
var Module = fx.Module("chat", fx.Provide(build))

func build(in In) (Out, error) {
	model, err := in.Settings.model()
	if err != nil {
		return Out{}, err
	}
	service := core.New(in.Settings.Life, core.Deps{
		Unit: in.Unit, Store: sqlstore.New(in.DB), Agents: in.Agents, Askers: in.Actors, Corpora: in.Corpora, Model: model,
		Clock: in.Clock, Log: in.Log, Owner: in.Presence.ID(), Peers: in.Presence,
	})
	tending, stop := context.WithCancel(in.Settings.Life)
	tended := make(chan struct{})
	in.Lifecycle.Append(fx.Hook{
		OnStart: func(ctx context.Context) error {
			// Before the first request, so that nobody meets a run that a dead
			// process left open.
			if err := service.Recover(ctx); err != nil {
				return err
			}
			go func() {
				defer close(tended)
				service.Tend(tending)
			}()
			return nil
		},
		OnStop: func(ctx context.Context) error {
			err := service.Close(ctx) // runs end while their leases are still renewed
			stop()
			<-tended
			return err
		},
	})
	return Out{Routes: httpv1.New(service).Routes(), Consumers: consumer.Consumers(service), Deciders: []access.Decider{service.Decider(), service.ThreadDecider()}}, nil
}

func (s Settings) model() (core.Model, error) {
	if s.URL == "" {
		return answerer.NewExtractive(), nil
	}
	client, err := openai.New(openai.Config{BaseURL: s.URL, APIKey: s.APIKey, Model: s.Model})
	if err != nil {
		return nil, err
	}
	return answerer.NewOpenAI(client, s.Model), nil
}
