package config

import (
	"fmt"
	"net"
	"net/url"
	"strings"
	"time"
)

// problems are what is wrong with settings, all of them, so that a start that
// is refused is mended at once.
type problems []error

// add notes a problem of a variable.
func (p *problems) add(name, format string, args ...any) {
	*p = append(*p, fmt.Errorf(name+": "+format, args...))
}

// problems checks the values of all settings, and those that belong together.
func (c Config) problems() []error {
	var p problems
	for _, check := range []func(*problems){
		c.checkStorage, c.checkSecurity, c.checkModels, c.checkSharePoint, c.checkMail, c.checkLimits,
	} {
		check(&p)
	}
	return p
}

// checkStorage checks where the server listens and where it keeps what it has.
func (c Config) checkStorage(p *problems) {
	for name, addr := range map[string]string{"PARLEY_ADDR": c.Addr, "PARLEY_METRICS_ADDR": c.MetricsAddr} {
		if _, _, err := net.SplitHostPort(addr); err != nil && addr != "" {
			p.add(name, "%q is not host:port", addr)
		}
	}
	if c.DataDir == "" {
		p.add("PARLEY_DATA_DIR", "a directory is needed")
	}
	if c.DatabaseURL != "" && !strings.HasPrefix(c.DatabaseURL, "postgres://") && !strings.HasPrefix(c.DatabaseURL, "postgresql://") {
		p.add("PARLEY_DATABASE_URL", "only postgres://… is known; leave it unset for SQLite in the data directory")
	}
	if c.EventsURL != "" {
		p.add("PARLEY_EVENTS_URL", "events go through the database; leave it unset")
	}
}

// checkSecurity checks keys, passwords, and whom the server trusts.
func (c Config) checkSecurity(p *problems) {
	for _, key := range strings.Split(c.SecretKey, ",") {
		if why := weakness(key); c.SecretKey != "" && why != "" {
			p.add("PARLEY_SECRET_KEY", "each of the keys, which commas separate, has to be hard to guess, and of one %s; "+
				"take the output of \"openssl rand -hex 32\", or leave it unset to have one made", why)
			break
		}
	}
	if _, err := c.TrustedProxies(); err != nil {
		p.add("PARLEY_TRUSTED_PROXIES", "%v", err)
	}
	if _, err := networks(c.WebhookNetworks); err != nil {
		p.add("PARLEY_WEBHOOK_NETWORKS", "%v", err)
	}
	for _, origin := range c.Origins {
		if why := originProblem(origin, len(c.Origins)); why != "" {
			p.add("PARLEY_CORS_ORIGINS", "%q %s", origin, why)
			break
		}
	}
	if c.AdminPassword != "" && len(c.AdminPassword) < 8 {
		p.add("PARLEY_ADMIN_PASSWORD", "it needs 8 characters or more; leave it unset to have one made")
	}
}

// checkModels checks the models that answer, and what is kept of their answers.
func (c Config) checkModels(p *problems) {
	for name, address := range map[string]string{"PARLEY_LLM_URL": c.LLMURL, "PARLEY_EMBEDDING_URL": c.EmbeddingURL} {
		if u, err := url.Parse(address); address != "" && (err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "") {
			p.add(name, "%q is not an http(s) URL", address)
		}
	}
	if (c.LLMURL == "") != (c.LLMModel == "") {
		p.add("PARLEY_LLM_MODEL", "set it together with PARLEY_LLM_URL")
	}
	if c.LLMURL != "" && c.ModelsFile.Path != "" {
		p.add("PARLEY_MODELS", "set it or PARLEY_LLM_URL, not both; a model of the file can be the one that PARLEY_LLM_URL names")
	}
	if problem := firstByteProblem(c.LLMFirstByte); problem != "" {
		p.add("PARLEY_LLM_FIRST_BYTE", "%s", problem)
	}
	if c.StreamRetention != 0 && c.StreamRetention < time.Hour {
		p.add("PARLEY_STREAM_RETENTION", "give at least 1h, such as 168h for a week, or 0 to keep streams for ever")
	}
	for _, host := range c.LinkHosts {
		if u, err := url.Parse("https://" + host); err != nil || u.Host != host || host == "" {
			p.add("PARLEY_ANSWER_LINK_HOSTS", "%q is not a host such as wiki.example.com; commas separate several", host)
		}
	}
	if (c.EmbeddingURL == "") != (c.EmbeddingModel == "") {
		p.add("PARLEY_EMBEDDING_MODEL", "set it together with PARLEY_EMBEDDING_URL")
	}
}

// checkLimits checks bounds.
func (c Config) checkLimits(p *problems) {
	for name, days := range map[string]int{"PARLEY_WEBHOOK_RETENTION_DAYS": c.WebhookRetentionDays, "PARLEY_AUDIT_RETENTION_DAYS": c.AuditRetentionDays} {
		if days < 1 || days > maxDays {
			p.add(name, "it must be between 1 and %d days", maxDays)
		}
	}
	for name, n := range map[string]int{"PARLEY_MAX_CONNECTIONS": c.MaxConnections, "PARLEY_MAX_CONNECTIONS_PER_ADDRESS": c.MaxConnectionsOfOne} {
		if n < 1 {
			p.add(name, "it must be positive")
		}
	}
	if c.EvaluationParallel < 1 || c.EvaluationParallel > 64 {
		p.add("PARLEY_EVALUATION_PARALLEL", "it must be from 1 to 64")
	}
	if c.MaxUpload < 1 {
		p.add("PARLEY_MAX_UPLOAD_BYTES", "it must be positive")
	}
	if c.InboxLimit < 1000 {
		p.add("PARLEY_INBOX_LIMIT", "it must be 1000 or more")
	}
}
