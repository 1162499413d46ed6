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
	"net"
	"net/netip"
	"net/url"
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

func (c Config) problems() []error {
	var out []error
	wrong := func(name, format string, args ...any) {
		out = append(out, fmt.Errorf(name+": "+format, args...))
	}
	for name, addr := range map[string]string{"PARLEY_ADDR": c.Addr, "PARLEY_METRICS_ADDR": c.MetricsAddr} {
		if _, _, err := net.SplitHostPort(addr); err != nil && addr != "" {
			wrong(name, "%q is not host:port", addr)
		}
	}
	if c.DataDir == "" {
		wrong("PARLEY_DATA_DIR", "a directory is needed")
	}
	if c.DatabaseURL != "" && !strings.HasPrefix(c.DatabaseURL, "postgres://") && !strings.HasPrefix(c.DatabaseURL, "postgresql://") {
		wrong("PARLEY_DATABASE_URL", "only postgres://… is known; leave it unset for SQLite in the data directory")
	}
	if c.EventsURL != "" {
		wrong("PARLEY_EVENTS_URL", "events go through the database; leave it unset")
	}
	for _, key := range strings.Split(c.SecretKey, ",") {
		if why := weakness(key); c.SecretKey != "" && why != "" {
			wrong("PARLEY_SECRET_KEY", "each of the keys, which commas separate, has to be hard to guess, and of one %s; take the output of \"openssl rand -hex 32\", or leave it unset to have one made", why)
			break
		}
	}
	if _, err := c.TrustedProxies(); err != nil {
		wrong("PARLEY_TRUSTED_PROXIES", "%v", err)
	}
	if _, err := networks(c.WebhookNetworks); err != nil {
		wrong("PARLEY_WEBHOOK_NETWORKS", "%v", err)
	}
	for name, days := range map[string]int{"PARLEY_WEBHOOK_RETENTION_DAYS": c.WebhookRetentionDays, "PARLEY_AUDIT_RETENTION_DAYS": c.AuditRetentionDays} {
		if days < 1 || days > maxDays {
			wrong(name, "it must be between 1 and %d days", maxDays)
		}
	}
	if c.AdminPassword != "" && len(c.AdminPassword) < 8 {
		wrong("PARLEY_ADMIN_PASSWORD", "it needs 8 characters or more; leave it unset to have one made")
	}
	for name, address := range map[string]string{"PARLEY_LLM_URL": c.LLMURL, "PARLEY_EMBEDDING_URL": c.EmbeddingURL} {
		if u, err := url.Parse(address); address != "" && (err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "") {
			wrong(name, "%q is not an http(s) URL", address)
		}
	}
	if (c.LLMURL == "") != (c.LLMModel == "") {
		wrong("PARLEY_LLM_MODEL", "set it together with PARLEY_LLM_URL")
	}
	if c.LLMURL != "" && c.ModelsFile.Path != "" {
		wrong("PARLEY_MODELS", "set it or PARLEY_LLM_URL, not both; a model of the file can be the one that PARLEY_LLM_URL names")
	}
	if problem := firstByteProblem(c.LLMFirstByte); problem != "" {
		wrong("PARLEY_LLM_FIRST_BYTE", "%s", problem)
	}
	if c.StreamRetention != 0 && c.StreamRetention < time.Hour {
		wrong("PARLEY_STREAM_RETENTION", "give at least 1h, such as 168h for a week, or 0 to keep streams for ever")
	}
	for _, host := range c.LinkHosts {
		if u, err := url.Parse("https://" + host); err != nil || u.Host != host || host == "" {
			wrong("PARLEY_ANSWER_LINK_HOSTS", "%q is not a host such as wiki.example.com; commas separate several", host)
		}
	}
	if (c.EmbeddingURL == "") != (c.EmbeddingModel == "") {
		wrong("PARLEY_EMBEDDING_MODEL", "set it together with PARLEY_EMBEDDING_URL")
	}
	out = append(out, c.sharePointProblems()...)
	for name, n := range map[string]int{"PARLEY_MAX_CONNECTIONS": c.MaxConnections, "PARLEY_MAX_CONNECTIONS_PER_ADDRESS": c.MaxConnectionsOfOne} {
		if n < 1 {
			wrong(name, "it must be positive")
		}
	}
	out = append(out, c.mailProblems()...)
	if c.EvaluationParallel < 1 || c.EvaluationParallel > 64 {
		wrong("PARLEY_EVALUATION_PARALLEL", "it must be from 1 to 64")
	}
	if c.MaxUpload < 1 {
		wrong("PARLEY_MAX_UPLOAD_BYTES", "it must be positive")
	}
	if c.InboxLimit < 1000 {
		wrong("PARLEY_INBOX_LIMIT", "it must be 1000 or more")
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
