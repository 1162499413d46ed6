// Package evaluationsfx wires the evaluations module.
package evaluationsfx

import (
	"log/slog"

	"go.uber.org/fx"

	"parley/modules/agents"
	"parley/modules/chat"
	"parley/modules/corpora"
	"parley/modules/evaluations"
	"parley/modules/evaluations/internal/adapters/consumer"
	"parley/modules/evaluations/internal/adapters/httpv1"
	"parley/modules/evaluations/internal/adapters/queryfile"
	"parley/modules/evaluations/internal/adapters/sqlstore"
	"parley/modules/evaluations/internal/core"
	"parley/modules/evaluations/internal/core/metrics"
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
	// Parallel is how many queries of one organization a process puts at a time.
	Parallel int
	// Works is whether this process runs tests.
	Works bool
}

// In is what the module needs from the house.
type In struct {
	fx.In

	Lifecycle fx.Lifecycle
	Settings  Settings
	DB        *sqldb.DB
	Unit      uow.Unit
	Agents    agents.Catalog
	Documents corpora.Retriever
	Runner    chat.Runner
	Judge     chat.Judge
	Answered  chat.Answered
	Queue     work.Queue
	Clock     clock.Clock
	Log       *slog.Logger
}

// Out is what it gives.
type Out struct {
	fx.Out

	Routes    []web.Route      `group:"routes,flatten"`
	Consumers []bus.Consumer   `group:"consumers,flatten"`
	Kinds     []work.Kind      `group:"kinds,flatten"`
	Deciders  []access.Decider `group:"deciders,flatten"`
}

// Module is the evaluations module.
var Module = fx.Module("evaluations", fx.Provide(build), fx.Provide(fx.Annotate(evaluations.Events, fx.ResultTags(`group:"events,flatten"`))))

func build(in In) Out {
	service := core.New(core.Deps{
		Unit: in.Unit, Store: sqlstore.New(in.DB), Agents: in.Agents, Documents: in.Documents, Runner: in.Runner, Judge: in.Judge, Answered: in.Answered,
		Metrics: metrics.Offline(), Queue: in.Queue, Clock: in.Clock, Log: in.Log, Parallel: in.Settings.Parallel,
	})
	if in.Settings.Works {
		in.Lifecycle.Append(fx.StartHook(service.Adopt))
	}
	return Out{Routes: httpv1.New(service, queryfile.Read).Routes(), Consumers: consumer.Consumers(service), Kinds: service.Kinds(), Deciders: service.Deciders()}
}
