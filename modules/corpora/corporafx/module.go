// Package corporafx wires the corpora module.
package corporafx

import (
	"context"
	"io"
	"log/slog"

	"go.uber.org/fx"

	"parley/modules/agents"
	"parley/modules/corpora"
	"parley/modules/corpora/internal/adapters/consumer"
	"parley/modules/corpora/internal/adapters/embedding"
	"parley/modules/corpora/internal/adapters/extract"
	"parley/modules/corpora/internal/adapters/httpv1"
	"parley/modules/corpora/internal/adapters/sqlstore"
	"parley/modules/corpora/internal/adapters/weblink"
	"parley/modules/corpora/internal/core"
	"parley/modules/projects"
	"parley/modules/users"
	"parley/platform/background"
	"parley/platform/bus"
	"parley/platform/kernel/access"
	"parley/platform/kernel/blob"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/lexicon"
	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
	"parley/platform/migrate"
	"parley/platform/observe"
	"parley/platform/safehttp"
	"parley/platform/sqldb"
	"parley/platform/web"
)

// Migrations are the module's tables.
func Migrations() migrate.Set { return sqlstore.Migrations() }

// ServeChild reads one file from stdin for a server that runs this program as
// Settings.Child, and is all that the process does.
func ServeChild(ctx context.Context, stdin io.Reader, stdout io.Writer) error {
	return extract.ServeChild(ctx, stdin, stdout)
}

// Report writes what the index would see of the size bytes of src, a file
// called name, as JSON lines. The error says in a sentence why a file can't be
// read.
func Report(ctx context.Context, s Settings, src io.ReaderAt, size int64, name string, w io.Writer) error {
	return extract.New(s.limits()).Report(ctx, clock.System{}, src, size, name, w)
}

// Settings is what the operator decides.
type Settings struct {
	// Child is the command line that makes this program call ServeChild.
	Child []string
	// MaxBytes is the largest file that is read.
	MaxBytes int64
	// CacheDir is where readers keep what takes long to make; empty: nowhere.
	CacheDir string
	// EmbeddingURL is the base URL of a server with an embedding model; "" for
	// none.
	EmbeddingURL, EmbeddingModel, EmbeddingAPIKey string
	// Works is whether this process indexes documents.
	Works bool
}

func (s Settings) limits() extract.Limits {
	limits := extract.DefaultLimits()
	limits.Child, limits.MaxBytes, limits.CacheDir = s.Child, s.MaxBytes, s.CacheDir
	return limits
}

// In is what the module needs from the house.
type In struct {
	fx.In

	Lifecycle fx.Lifecycle
	Settings  Settings
	DB        *sqldb.DB
	Unit      uow.Unit
	Files     blob.Store
	Queue     work.Queue
	Agents    agents.Catalog
	Versions  agents.Versions
	Projects  projects.Catalog
	Directory users.Directory
	Actors    users.Actors
	Clock     clock.Clock
	Log       *slog.Logger
	Metrics   *observe.Metrics
}

// Out is what it gives.
type Out struct {
	fx.Out

	Routes    []web.Route      `group:"routes,flatten"`
	Consumers []bus.Consumer   `group:"consumers,flatten"`
	Kinds     []work.Kind      `group:"kinds,flatten"`
	Deciders  []access.Decider `group:"deciders,flatten"`
	Retriever corpora.Retriever
	Keeper    corpora.Keeper
	Bench     Bench
}

// Module is the corpora module.
var Module = fx.Module("corpora", fx.Provide(build), fx.Provide(fx.Annotate(corpora.Events, fx.ResultTags(`group:"events,flatten"`))))

func build(in In) (Out, error) {
	documents := in.Metrics.Counter("parley_corpora_documents_total", "Documents whose indexing ended in this process, by step.", "step")
	for _, step := range []core.Step{core.Completed, core.Failed} { // shown from the start
		documents(0, string(step))
	}
	store := sqlstore.New(in.DB)
	deps := core.Deps{
		Unit: in.Unit, Store: store, Files: in.Files, Extractor: extract.New(in.Settings.limits()),
		Fetcher: weblink.New(safehttp.DefaultLimits(), in.Settings.MaxBytes), Agents: in.Agents, Versions: in.Versions,
		Projects: in.Projects, Directory: in.Directory, Actors: in.Actors, Clock: in.Clock, Log: in.Log, Queue: in.Queue,
		IndexingEnded: func(step core.Step) { documents(1, string(step)) },
	}
	if in.Settings.EmbeddingURL != "" {
		client, err := embedding.New(embedding.Config{URL: in.Settings.EmbeddingURL, Model: in.Settings.EmbeddingModel, APIKey: in.Settings.EmbeddingAPIKey})
		if err != nil {
			return Out{}, err
		}
		deps.Embedder = client
	}
	service := core.New(deps)
	// The first question would wait for it, for 30 ms, and all that come with it.
	in.Lifecycle.Append(background.Hook(func(context.Context) { lexicon.English() }))
	indexes := deps.Embedder != nil && in.DB.Postgres()
	if indexes || in.Settings.Works {
		in.Lifecycle.Append(background.Hook(func(ctx context.Context) {
			if indexes {
				if err := store.UseVectorIndex(ctx, in.Log); err != nil && ctx.Err() == nil {
					in.Log.InfoContext(ctx, "vectors are compared exactly; pgvector would find them by an index", "reason", err)
				}
			}
			if !in.Settings.Works {
				return
			}
			if err := service.Adopt(ctx); err != nil && ctx.Err() == nil {
				in.Log.ErrorContext(ctx, "putting documents of an older version into the queue", "error", err)
			}
		}))
	}
	out := Out{
		Routes:    httpv1.New(service).Routes(),
		Consumers: consumer.Consumers(service),
		Kinds:     service.Kinds(),
		Deciders:  service.Deciders(),
		Retriever: service,
		Keeper:    service.Keeper(),
		Bench:     Bench{service},
	}
	return out, nil
}
