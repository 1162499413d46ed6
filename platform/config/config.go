// Package config reads the configuration from the environment. It is the only
// place that does, and it reports every mistake at once.
package config

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Config is everything that an operator can set. An unset variable has the
// default that stands here.
type Config struct {
	Addr            string        `env:"PARLEY_ADDR" envDefault:"127.0.0.1:8080"`
	MetricsAddr     string        `env:"PARLEY_METRICS_ADDR"`
	DataDir         string        `env:"PARLEY_DATA_DIR" envDefault:"./parley-data"`
	DatabaseURL     string        `env:"PARLEY_DATABASE_URL"`
	EventsURL       string        `env:"PARLEY_EVENTS_URL"`
	AdminEmail      string        `env:"PARLEY_ADMIN_EMAIL" envDefault:"admin@parley.local"`
	AdminPassword   string        `env:"PARLEY_ADMIN_PASSWORD"`
	SecretKey       string        `env:"PARLEY_SECRET_KEY"`
	Proxies         []string      `env:"PARLEY_TRUSTED_PROXIES"`
	Origins         []string      `env:"PARLEY_CORS_ORIGINS"`
	LLMURL          string        `env:"PARLEY_LLM_URL"`
	LLMAPIKey       string        `env:"PARLEY_LLM_API_KEY"`
	LLMModel        string        `env:"PARLEY_LLM_MODEL"`
	LLMFirstByte    time.Duration `env:"PARLEY_LLM_FIRST_BYTE" envDefault:"60s"`
	ModelsFile      ModelsFile    `env:"PARLEY_MODELS"`
	LinkHosts       []string      `env:"PARLEY_ANSWER_LINK_HOSTS"`
	StreamRetention time.Duration `env:"PARLEY_STREAM_RETENTION" envDefault:"168h"`
	EmbeddingURL    string        `env:"PARLEY_EMBEDDING_URL"`
	EmbeddingAPIKey string        `env:"PARLEY_EMBEDDING_API_KEY"`
	EmbeddingModel  string        `env:"PARLEY_EMBEDDING_MODEL"`
	LogLevel        Level         `env:"PARLEY_LOG_LEVEL" envDefault:"info"`
	MaxUpload       Bytes         `env:"PARLEY_MAX_UPLOAD_BYTES" envDefault:"100MiB"`
	InboxLimit      int64         `env:"PARLEY_INBOX_LIMIT" envDefault:"100000"`
	FullSync        bool          `env:"PARLEY_SQLITE_FULL_SYNC" envDefault:"false"`

	MaxConnections       int      `env:"PARLEY_MAX_CONNECTIONS" envDefault:"10000"`
	MaxConnectionsOfOne  int      `env:"PARLEY_MAX_CONNECTIONS_PER_ADDRESS" envDefault:"1000"`
	WebhookNetworks      []string `env:"PARLEY_WEBHOOK_NETWORKS"`
	WebhookRetentionDays int      `env:"PARLEY_WEBHOOK_RETENTION_DAYS" envDefault:"30"`
	AuditRetentionDays   int      `env:"PARLEY_AUDIT_RETENTION_DAYS" envDefault:"400"`
	// EvaluationParallel is how many queries of one organization's evaluations a
	// process puts at a time.
	EvaluationParallel int `env:"PARLEY_EVALUATION_PARALLEL" envDefault:"4"`

	SharePointURL          string `env:"PARLEY_SHAREPOINT_URL"`
	SharePointTenant       string `env:"PARLEY_SHAREPOINT_TENANT"`
	SharePointClientID     string `env:"PARLEY_SHAREPOINT_CLIENT_ID"`
	SharePointClientSecret string `env:"PARLEY_SHAREPOINT_CLIENT_SECRET"`
	SharePointLoginURL     string `env:"PARLEY_SHAREPOINT_LOGIN_URL" envDefault:"https://login.microsoftonline.com"`
	SharePointOrganization int64  `env:"PARLEY_SHAREPOINT_ORGANIZATION" envDefault:"1"`

	SMTPURL       string   `env:"PARLEY_SMTP_URL"`
	MailFrom      string   `env:"PARLEY_MAIL_FROM"`
	PublicURL     string   `env:"PARLEY_PUBLIC_URL"`
	SignupDomains []string `env:"PARLEY_SIGNUP_DOMAINS"`
	DigestAt      string   `env:"PARLEY_DIGEST_AT" envDefault:"07:00 UTC"`
}

// Load reads environ, in the form of os.Environ. The error names every
// variable that is wrong, one on a line.
func Load(environ []string) (Config, error) {
	values := env.ToMap(environ)
	var c Config
	err := env.ParseWithOptions(&c, env.Options{Environment: values, FuncMap: parsers()})
	problems := flatten(err)
	unread := len(problems)
	for _, p := range c.problems() {
		// What could not be read has its default, about which there is nothing
		// to say.
		if !slices.ContainsFunc(problems[:unread], func(e error) bool { return nameIn(e) == nameIn(p) }) {
			problems = append(problems, p)
		}
	}
	problems = append(problems, c.ModelsFile.read(values)...)
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if strings.HasPrefix(name, "PARLEY_") && !strings.HasPrefix(name, "PARLEY_TEST_") && !known(name) &&
			!slices.Contains(c.ModelsFile.environment, name) && !isServiceLink(name, values[name]) {
			problems = append(problems, fmt.Errorf("%s is not a setting; see docs/operations.md for those there are", name))
		}
	}
	if err := errors.Join(problems...); err != nil {
		return c, fmt.Errorf("the configuration has mistakes:\n%w", err)
	}
	return c, nil
}

// nameIn is the variable that a problem is about.
func nameIn(problem error) string {
	name, _, _ := strings.Cut(problem.Error(), ":")
	return name
}

func flatten(err error) []error {
	var all env.AggregateError
	if !errors.As(err, &all) {
		if err != nil {
			return []error{err}
		}
		return nil
	}
	out := make([]error, 0, len(all.Errors))
	for _, e := range all.Errors {
		var parse env.ParseError
		if errors.As(e, &parse) {
			e = fmt.Errorf("%s: %w", variables()[parse.Name], parse.Err)
		}
		out = append(out, e)
	}
	return out
}

// TrustedProxies are the networks whose X-Forwarded-For is believed.
func (c Config) TrustedProxies() ([]netip.Prefix, error) { return networks(c.Proxies) }

// PrivateReceivers are the networks that webhooks reach beside public addresses.
func (c Config) PrivateReceivers() ([]netip.Prefix, error) { return networks(c.WebhookNetworks) }

// maxDays bounds a retention: a hundred years.
const maxDays = 36_500

// Days is a number of days as a duration.
func Days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

// networks reads addresses and networks.
func networks(texts []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, text := range texts {
		text = strings.TrimSpace(text)
		if a, err := netip.ParseAddr(text); err == nil && a.Zone() == "" {
			a = a.Unmap()
			out = append(out, netip.PrefixFrom(a, a.BitLen()))
			continue
		}
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return nil, fmt.Errorf("%q is neither an address nor a network such as 10.0.0.0/8", text)
		}
		out = append(out, p.Masked())
	}
	return out, nil
}

// Key is the secret key, or several that commas separate: the configured
// ones, or one that is made once and kept in the data directory, readable by
// its owner alone.
func (c Config) Key() ([]byte, error) {
	if c.SecretKey != "" {
		return []byte(c.SecretKey), nil
	}
	path := filepath.Join(c.DataDir, "secret.key")
	key, err := os.ReadFile(path)
	if err == nil {
		if len(key) < 32 {
			return nil, fmt.Errorf("%s is damaged: it is shorter than 32 characters", path)
		}
		return key, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("reading the secret key: %w", err)
	}
	fresh := make([]byte, 32)
	rand.Read(fresh)
	key = []byte(hex.EncodeToString(fresh))
	// Written aside and renamed, so that a crash never leaves half a key.
	if err := os.WriteFile(path+".new", key, 0o600); err != nil {
		return nil, fmt.Errorf("writing the secret key: %w", err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		return nil, fmt.Errorf("writing the secret key: %w", err)
	}
	return key, nil
}
