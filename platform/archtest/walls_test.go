package archtest

// edges are the synchronous calls between modules: a module may use the
// interfaces of those listed, which it gets when it is wired. They form no
// cycle. Everything else between modules is an event. Analytics has no edge:
// it lives on events alone.
var edges = map[string][]string{
	"projects":      {"users"},
	"agents":        {"projects", "users"},
	"corpora":       {"agents", "projects", "users"},
	"chat":          {"agents", "corpora", "users"},
	"notifications": {"users"},
	"sharepoint":    {"corpora"},
	"evaluations":   {"agents", "chat", "corpora"},
}

// homes are the places of each library, as patterns of package paths; "/..."
// at the end means everything below. A library that is not listed may not be
// used at all. The longest prefix counts.
var homes = map[string][]string{
	"github.com/gin-gonic/gin":                 {"platform/web"},
	"github.com/rs/cors":                       {"platform/web"},
	"github.com/danielgtaylor/huma/v2":         {"platform/openapi", "platform/web"},
	"github.com/swaggest/swgui":                {"platform/openapi"},
	"github.com/santhosh-tekuri/jsonschema/v6": {"platform/webtest"},
	"github.com/ThreeDotsLabs/watermill":       {"platform/bus"},
	"go.uber.org/fx":                           {"modules/*/*fx", "platform/*", "cmd/..."},
	"github.com/uptrace/bun":                   {"platform/sqldb/...", "platform/bus", "platform/work/sqlstore", "platform/migrate", "modules/*/internal/adapters/sqlstore"},
	"modernc.org/sqlite":                       {"platform/sqldb", "cmd/parleybench"},
	"golang.org/x/sys/unix":                    {"platform/sqldb"},
	"github.com/jackc/pgx/v5":                  {"cmd/parleybench"}, // the limit that the server is measured against
	"github.com/prometheus/client_golang":      {"platform/observe", "platform/web", "platform/bus", "platform/work", "cmd/parley"},
	"github.com/caarlos0/env/v11":              {"platform/config"},
	"github.com/dustin/go-humanize":            {"platform/config", "cmd/parley"},
	"github.com/prometheus/common":             {"platform/config"},
	"github.com/goccy/go-yaml":                 {"platform/config"}, // and every test
	"github.com/google/uuid":                   {"platform/kernel/id"},
	"github.com/kljensen/snowball":             {"platform/kernel/text"},
	"github.com/maypok86/otter/v2":             {"platform/kernel/bytecache"},
	"golang.org/x/net/idna":                    {"platform/kernel/address"},
	"golang.org/x/text/unicode/norm":           {"platform/kernel/address", "platform/kernel/text", "modules/corpora/internal/adapters/extract"},
	"github.com/alecthomas/kong":               {"cmd/..."},
	"github.com/gofrs/flock":                   {"cmd/parley", "modules/sharepoint/internal/adapters/directory"},
	"github.com/alexedwards/argon2id":          {"modules/users/internal/adapters/password"},
	"github.com/golang-jwt/jwt/v5":             {"modules/users/internal/adapters/token"},
	"github.com/gabriel-vasile/mimetype":       {"modules/corpora/internal/adapters/extract"},
	"github.com/klippa-app/go-pdfium":          {"modules/corpora/internal/adapters/extract"},
	"github.com/tetratelabs/wazero":            {"modules/corpora/internal/adapters/extract"},
	"github.com/xuri/nfp":                      {"modules/corpora/internal/adapters/extract"},
	"github.com/yuin/goldmark":                 {"modules/corpora/internal/adapters/extract", "modules/chat/internal/core/markdown"},
	"golang.org/x/net/html":                    {"modules/corpora/internal/adapters/extract"},
	"golang.org/x/net/html/charset":            {"modules/corpora/internal/adapters/extract", "modules/corpora/internal/adapters/weblink"},
	"golang.org/x/text/encoding":               {"platform/kernel/text", "modules/corpora/internal/adapters/extract", "modules/evaluations/internal/adapters/queryfile"},
	"golang.org/x/text/unicode/bidi":           {"modules/corpora/internal/adapters/extract"},
	"github.com/go-json-experiment/json":       {"modules/chat/internal/adapters/openai", "platform/kernel/event"},
	"github.com/google/go-cmp":                 {"platform/storetest", "platform/webtest"}, // and every test
	"golang.org/x/oauth2":                      {"modules/sharepoint/internal/adapters/graphapi"},
	"golang.org/x/time/rate":                   {"platform/web", "platform/mail", "modules/sharepoint/internal/adapters/graphapi"},
	"github.com/wneessen/go-mail":              {"platform/mail"},
	"github.com/emersion/go-smtp":              {"platform/mail/mailtest"},
	"github.com/emersion/go-sasl":              {"platform/mail/mailtest"},
	"code.dny.dev/ssrf":                        {"platform/safehttp"},
	"golang.org/x/sync":                        {"platform/...", "modules/*/internal/adapters/*"},
}

// anyTest are the libraries that every test may use.
var anyTest = []string{"github.com/goccy/go-yaml", "github.com/google/go-cmp", "github.com/standard-webhooks/standard-webhooks/libraries", "pgregory.net/rapid"}

// ofAdapter is what of the platform an adapter of this name may use, beside
// the kernel. An adapter of another name talks to the world outside and uses
// none of it.
var ofAdapter = map[string][]string{
	"httpv1":   {"platform/web"},
	"httpv2":   {"platform/web"},
	"memstore": {"platform/memory"},
	"sqlstore": {"platform/sqldb", "platform/migrate"},
	"consumer": {"platform/bus"},
	"auditor":  {"platform/auditlog"},
	"weblink":  {"platform/safehttp"},
	"webhook":  {"platform/safehttp"},
	"history":  {"platform/bus"}, // takes a deleted user's address out of stored events
}

// onKernel are the packages of the platform that stand on the kernel alone, so
// that what is built on them can't come back into them.
var onKernel = []string{"platform/auditlog", "platform/openapi", "platform/storetest"}

// siblings are the adapters that use another adapter of their module.
var siblings = map[string]string{
	// The port of the core over the client, which knows no module.
	"modules/chat/internal/adapters/answerer": "modules/chat/internal/adapters/openai",
}

// outside is what a module's contract and rules never touch: the network,
// files, processes and databases.
var outside = []string{
	"database/sql", "log/syslog", "net", "net/http", "net/rpc", "net/smtp", "os", "plugin", "syscall",
}

// badNames are package names that say nothing.
var badNames = []string{"base", "common", "helper", "helpers", "lib", "misc", "models", "shared", "types", "util", "utils"}

// tableOwners are the prefixes of tables that are not named after the package
// that keeps them.
var tableOwners = map[string]string{
	"platform/sqldb/idempotency": "web", // remembers the requests of platform/web
	"platform/work/sqlstore":     "work",
}

// contractCodes are error codes that no module owns: the contract spells them
// for every operation, or the edge or several modules answer them.
var contractCodes = map[string]bool{
	"duplicate_document": true,
	"unauthenticated":    true,
	"users.key_scope":    true, // what platform/web answers about API keys
	"users.not_found":    true,
}
