package config

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/goccy/go-yaml"

	"parley/platform/kernel/money"
)

// ModelsFile is a file with a list of models.
type ModelsFile struct {
	Path   string
	models []Model
	// environment are the variables that the file takes keys from.
	environment []string
}

// UnmarshalText implements encoding.TextUnmarshaler: the text is a path.
func (f *ModelsFile) UnmarshalText(path []byte) error {
	f.Path = string(path)
	return nil
}

// String implements fmt.Stringer. What the file has is not printed.
func (f ModelsFile) String() string { return f.Path }

// GoString implements fmt.GoStringer.
func (f ModelsFile) GoString() string { return f.Path }

// modelEntry is a model as the file has it. JSON is YAML, too.
type modelEntry struct {
	Name         string        `yaml:"name"`
	Model        string        `yaml:"model"`
	BaseURL      string        `yaml:"base_url"`
	APIKey       Secret        `yaml:"api_key"`
	APIKeyEnv    string        `yaml:"api_key_env"`
	ContextSize  *int64        `yaml:"context_size"`
	MaxOutput    *int64        `yaml:"max_output_tokens"`
	Prices       *pricesEntry  `yaml:"prices"`
	FirstByte    string        `yaml:"first_byte"`
	Fallback     string        `yaml:"fallback"`
	Default      bool          `yaml:"default"`
	Capabilities *capabilities `yaml:"capabilities"`
}

type pricesEntry struct {
	Input       *string `yaml:"input"`
	CachedInput *string `yaml:"cached_input"`
	Output      *string `yaml:"output"`
	Reasoning   *string `yaml:"reasoning"`
}

// capabilities are what a model and its server can do.
type capabilities struct {
	SystemRole       *bool `yaml:"system_role"`
	Streaming        *bool `yaml:"streaming"`
	Temperature      *bool `yaml:"temperature"`
	AlternatingRoles *bool `yaml:"alternating_roles"`
}

// read reads the file, if one is named. Keys come from the variables of
// environ. Each mistake is an error of its own that names the field.
func (f *ModelsFile) read(environ map[string]string) []error {
	if f.Path == "" {
		return nil
	}
	entries, err := f.entries()
	if err != nil {
		return []error{fmt.Errorf("PARLEY_MODELS: %w", err)}
	}
	var out []error
	wrong := func(i int, field, format string, args ...any) {
		out = append(out, fmt.Errorf("PARLEY_MODELS: models[%d].%s: %s", i, field, fmt.Sprintf(format, args...)))
	}
	if len(entries) == 0 || len(entries) > mostModels {
		out = append(out, fmt.Errorf("PARLEY_MODELS: the file lists %d models; it takes 1 to %d", len(entries), mostModels))
	}
	first, seen := 0, map[string]bool{}
	for i, e := range entries {
		say := func(field, format string, args ...any) { wrong(i, field, format, args...) }
		m := e.model(environ, say)
		if seen[m.Name] {
			say("name", "%q is there twice", m.Name)
		}
		seen[m.Name] = true
		if m.Default {
			if entries[first].Default && first != i {
				say("default", "only one model is the default, and %q is", entries[first].Name)
			}
			first = i
		}
		if e.APIKeyEnv != "" {
			f.environment = append(f.environment, e.APIKeyEnv)
		}
		f.models = append(f.models, m)
	}
	chained(f.models, wrong)
	if len(f.models) > 0 { // the default comes first
		m := f.models[first]
		m.Default = true
		f.models = append(append([]Model{m}, f.models[:first]...), f.models[first+1:]...)
	}
	return out
}

// entries reads what the file says: an object with the list models, or that
// list alone.
func (f *ModelsFile) entries() ([]modelEntry, error) {
	text, err := readSmall(f.Path)
	if err != nil {
		return nil, err
	}
	var whole struct {
		Models []modelEntry `yaml:"models"`
	}
	into := any(&whole)
	if trimmed := bytes.TrimSpace(withoutComments(text)); bytes.HasPrefix(trimmed, []byte("[")) || bytes.HasPrefix(trimmed, []byte("- ")) {
		into = &whole.Models
	}
	if err := yaml.NewDecoder(bytes.NewReader(text), yaml.DisallowUnknownField()).Decode(into); err != nil && !errors.Is(err, io.EOF) {
		// Without the lines around the mistake: a key may stand in one.
		return nil, fmt.Errorf("%s: %s", f.Path, strings.TrimSpace(yaml.FormatError(err, false, false)))
	}
	return whole.Models, nil
}

// withoutComments drops the comments and blank lines that a file begins with.
func withoutComments(text []byte) []byte {
	for {
		text = bytes.TrimLeft(text, " \t\r\n\uFEFF")
		if !bytes.HasPrefix(text, []byte("#")) && !bytes.HasPrefix(text, []byte("---")) {
			return text
		}
		_, rest, found := bytes.Cut(text, []byte("\n"))
		if !found {
			return nil
		}
		text = rest
	}
}

func readSmall(path string) ([]byte, error) {
	const most = 1 << 20
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, most+1))
	if err == nil && len(text) > most {
		err = fmt.Errorf("%s has more than %d bytes", path, most)
	}
	return text, err
}

// model checks an entry, and tells which field is wrong.
func (e modelEntry) model(environ map[string]string, wrong func(field, format string, args ...any)) Model {
	m := Model{Name: e.Name, Model: e.Model, BaseURL: e.BaseURL, APIKey: e.APIKey, Fallback: e.Fallback, Default: e.Default, FirstByte: time.Minute}
	if m.Model == "" {
		m.Model = m.Name
	}
	e.named(wrong)
	if !isHTTP(e.BaseURL) { // not repeated: somebody may have put the key there
		wrong("base_url", "it is not an http or https address without a password, such as http://127.0.0.1:11434/v1")
	}
	if e.APIKeyEnv != "" {
		value, set := environ[e.APIKeyEnv]
		switch {
		case e.APIKey != "":
			wrong("api_key_env", "give api_key or api_key_env, not both")
		case !set || value == "":
			wrong("api_key_env", "the variable %s is not set", e.APIKeyEnv)
		}
		m.APIKey = Secret(value)
	}
	if strings.ContainsFunc(string(m.APIKey), unicode.IsControl) {
		wrong("api_key", "it has a line break or another control character")
	}
	const least = 256 // less has no room for a question
	if e.ContextSize != nil {
		if m.ContextSize = *e.ContextSize; m.ContextSize < least {
			wrong("context_size", "%d tokens are too few; the least is %d", m.ContextSize, least)
		}
	}
	if e.MaxOutput != nil {
		if m.MaxOutput = *e.MaxOutput; m.MaxOutput < 1 {
			wrong("max_output_tokens", "it must be positive")
		} else if m.ContextSize > 0 && m.MaxOutput >= m.ContextSize {
			wrong("max_output_tokens", "an answer of %d tokens leaves no room for a question in a context_size of %d", m.MaxOutput, m.ContextSize)
		}
	}
	if e.FirstByte != "" {
		var err error
		if m.FirstByte, err = time.ParseDuration(e.FirstByte); err != nil {
			wrong("first_byte", "%q is not a duration, such as 60s or 5m", e.FirstByte)
		} else if problem := firstByteProblem(m.FirstByte); problem != "" {
			wrong("first_byte", "%s", problem)
		}
	}
	if e.Prices != nil {
		m.Prices = e.Prices.read(wrong)
	}
	if c := e.Capabilities; c != nil {
		not := func(b *bool) bool { return b != nil && !*b }
		m.NoSystemRole, m.NoStreaming, m.NoTemperature = not(c.SystemRole), not(c.Streaming), not(c.Temperature)
		m.Alternates = c.AlternatingRoles != nil && *c.AlternatingRoles
	}
	return m
}

// named checks the names of a model.
func (e modelEntry) named(wrong func(field, format string, args ...any)) {
	const longest = 200
	for field, name := range map[string]string{"name": e.Name, "model": e.Model} {
		switch {
		case field == "name" && name == "":
			wrong(field, "a name is needed; requests choose the model by it")
		case name != strings.TrimSpace(name) || strings.ContainsFunc(name, unicode.IsControl) || !utf8.ValidString(name) || utf8.RuneCountInString(name) > longest:
			wrong(field, "it has up to %d characters, none of them a control character, and no space at its ends", longest)
		}
	}
}

// read takes the prices. Cached input costs what input does and reasoning what
// output does unless they have prices of their own.
func (p pricesEntry) read(wrong func(field, format string, args ...any)) *Prices {
	price := func(field string, text *string, otherwise money.PerMillion) money.PerMillion {
		if text == nil {
			return otherwise
		}
		v, err := money.ParsePerMillion(*text)
		if err != nil {
			wrong("prices."+field, "%q %v; it is the price of a million tokens", *text, err)
		}
		return v
	}
	for field, text := range map[string]*string{"input": p.Input, "output": p.Output} {
		if text == nil {
			wrong("prices."+field, "it is missing; write \"0\" for nothing, or leave prices out")
		}
	}
	out := &Prices{Input: price("input", p.Input, 0), Output: price("output", p.Output, 0)}
	out.CachedInput, out.Reasoning = price("cached_input", p.CachedInput, out.Input), price("reasoning", p.Reasoning, out.Output)
	return out
}
