// Package chatfx wires the chat module.
package chatfx

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"go.uber.org/fx"

	"parley/modules/agents"
	"parley/modules/chat"
	"parley/modules/chat/internal/adapters/answerer"
	"parley/modules/chat/internal/adapters/consumer"
	"parley/modules/chat/internal/adapters/httpv1"
	"parley/modules/chat/internal/adapters/openai"
	"parley/modules/chat/internal/adapters/sqlstore"
	"parley/modules/chat/internal/core"
	"parley/modules/corpora"
	"parley/modules/users"
	"parley/platform/bus"
	"parley/platform/config"
	"parley/platform/kernel/access"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/migrate"
	"parley/platform/observe"
	"parley/platform/sqldb"
	"parley/platform/web"
)

// Migrations are the module's tables.
func Migrations() migrate.Set { return sqlstore.Migrations() }

// Ledger is what models used, for commands.
type Ledger = chat.Ledger

// Settings is what the operator decides.
type Settings struct {
	// Models are those that answer, the default one first; none for the extractive
	// answerer.
	Models []config.Model
	// AnswerLinkHosts are the hosts that answers may link.
	AnswerLinkHosts []string
	// StreamRetention is how long stored streams are kept after the end of their
	// runs; 0 is for ever.
	StreamRetention time.Duration
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
	Metrics   *observe.Metrics
}

// Out is what it gives.
type Out struct {
	fx.Out

	Routes    []web.Route      `group:"routes,flatten"`
	Consumers []bus.Consumer   `group:"consumers,flatten"`
	Deciders  []access.Decider `group:"deciders,flatten"`
	Ledger    chat.Ledger

	// For modules that measure answers.
	Runner   chat.Runner
	Judge    chat.Judge
	Answered chat.Answered
}

// Module is the chat module.
var Module = fx.Module("chat", fx.Provide(build), fx.Provide(fx.Annotate(chat.Events, fx.ResultTags(`group:"events,flatten"`))))

func build(in In) (Out, error) {
	models, err := in.Settings.models()
	if err != nil {
		return Out{}, err
	}
	service := core.New(core.Deps{
		Unit: in.Unit, Store: sqlstore.New(in.DB), Agents: in.Agents, Askers: in.Actors, Corpora: in.Corpora, Models: models,
		Clock: in.Clock, Log: in.Log, Owner: in.Presence.ID(), Peers: in.Presence,
		AnswerLinkHosts: in.Settings.AnswerLinkHosts, StreamRetention: in.Settings.StreamRetention, Meter: newMeter(in.Metrics),
	})
	shown(in.Metrics, service)
	if err := in.Metrics.Err(); err != nil {
		return Out{}, err
	}
	var stop context.CancelFunc
	tended := make(chan struct{})
	in.Lifecycle.Append(fx.Hook{
		OnStart: func(ctx context.Context) error {
			in.Settings.announce(in.Log)
			service.Open(ctx)
			// Before the first request, so that nobody meets a run that a dead
			// process left open.
			if err := service.Recover(ctx); err != nil {
				return err
			}
			var tending context.Context
			tending, stop = context.WithCancel(context.WithoutCancel(ctx))
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
	evaluations := service.Evaluations()
	return Out{
		Routes: httpv1.New(service).Routes(), Consumers: consumer.Consumers(service), Deciders: service.Deciders(),
		Runner: evaluations, Judge: evaluations, Answered: evaluations, Ledger: sqlstore.NewLedger(in.DB),
	}, nil
}

func (s Settings) models() (core.Models, error) {
	if len(s.Models) == 0 {
		return core.Models{{Model: answerer.NewExtractive(), Offline: true}}, nil
	}
	var out core.Models
	for _, m := range s.Models {
		client, err := openai.New(openai.Config{
			BaseURL: m.BaseURL, APIKey: string(m.APIKey), Model: m.Model, MaxTokens: m.MaxOutput, FirstByte: m.FirstByte,
			NoStreaming: m.NoStreaming, NoTemperature: m.NoTemperature, NoSystemRole: m.NoSystemRole, Alternates: m.Alternates,
		})
		if err != nil {
			return nil, fmt.Errorf("model %s: %w", m.Name, err)
		}
		o := core.Offer{Model: answerer.NewOpenAI(client, m.Name), ContextSize: m.ContextSize, MaxOutput: m.MaxOutput, Fallback: m.Fallback}
		if m.Prices != nil {
			prices := core.Prices(*m.Prices)
			o.Prices = &prices
		}
		out = append(out, o)
	}
	return out, nil
}

// announce says which models there are. Keys are not among what it says.
func (s Settings) announce(log *slog.Logger) {
	if len(s.Models) == 0 {
		log.Info("no model is configured: answers are quotes from the documents")
	}
	for _, m := range s.Models {
		log.Info("model", "name", m.Name, "model", m.Model, "server", m.Host(), "default", m.Default, "context_size", m.ContextSize, "priced", m.Prices != nil,
			"fallback", m.Fallback, "first_byte", m.FirstByte.String())
	}
}
