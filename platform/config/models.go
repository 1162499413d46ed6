package config

import (
	"net/url"
	"strings"
	"time"

	"parley/platform/kernel/money"
)

// Secret is a text that no log and no error shows.
type Secret string

// String implements fmt.Stringer.
func (Secret) String() string { return "[secret]" }

// GoString implements fmt.GoStringer.
func (Secret) GoString() string { return "[secret]" }

// MarshalText implements encoding.TextMarshaler.
func (Secret) MarshalText() ([]byte, error) { return []byte("[secret]"), nil }

// Model is a model that answers questions.
type Model struct {
	Name        string // as requests choose it
	Model       string // as its server knows it
	BaseURL     string
	APIKey      Secret
	ContextSize int64 // in tokens; 0 when it is not known
	MaxOutput   int64 // in tokens; 0 leaves it to the server
	Prices      *Prices
	FirstByte   time.Duration
	Fallback    string // name of the model that answers when this one fails
	Default     bool

	// What the model does not take, or its server cannot do.
	NoSystemRole, NoStreaming, NoTemperature bool
	// Alternates: it takes user and assistant in turn alone, the user first.
	Alternates bool
}

// Prices are of a million tokens. The four kinds exclude each other.
type Prices struct{ Input, CachedInput, Output, Reasoning money.PerMillion }

// mostModels bounds the list of models.
const mostModels = 100

// Models are the models that answer questions, the default one first: those of
// PARLEY_MODELS, or the one that PARLEY_LLM_URL and its kin describe. There are
// none when nothing is configured.
func (c Config) Models() []Model {
	if c.LLMURL != "" {
		return []Model{{
			Name: c.LLMModel, Model: c.LLMModel, BaseURL: c.LLMURL, APIKey: Secret(c.LLMAPIKey), FirstByte: c.LLMFirstByte, Default: true,
		}}
	}
	return c.ModelsFile.models
}

// ModelNames are the names that requests choose from.
func (c Config) ModelNames() []string {
	var out []string
	for _, m := range c.Models() {
		out = append(out, m.Name)
	}
	return out
}

// isHTTP reports whether a text is an http(s) address that holds no password.
func isHTTP(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.User == nil
}

// chained checks that fallbacks name models and form no cycle.
func chained(models []Model, wrong func(i int, field, format string, args ...any)) {
	at := map[string]int{}
	for i, m := range models {
		at[m.Name] = i
	}
	for i, m := range models {
		if m.Fallback == "" {
			continue
		}
		if _, known := at[m.Fallback]; !known {
			wrong(i, "fallback", "there is no model named %q in the list", m.Fallback)
			continue
		}
		way := []string{m.Name}
		for next := m.Fallback; next != ""; {
			way = append(way, next)
			j, known := at[next]
			if next == m.Name {
				wrong(i, "fallback", "the fallbacks form a cycle: %s", strings.Join(way, " → "))
			}
			if !known || next == m.Name || len(way) > len(models) {
				break
			}
			next = models[j].Fallback
		}
	}
}

// Host is the host of the model's server.
func (m Model) Host() string {
	u, err := url.Parse(m.BaseURL)
	if err != nil {
		return ""
	}
	return u.Host
}

// firstByteProblem says what is wrong with the time that an answer may take to
// begin; "" when nothing is.
func firstByteProblem(d time.Duration) string {
	const longest = 10 * time.Minute
	if d <= 0 || d > longest {
		return "it must be positive, such as 60s or 5m, and no more than 10m, which is what a whole answer may take"
	}
	return ""
}
