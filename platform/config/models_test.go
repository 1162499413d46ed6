package config_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"parley/platform/config"
)

// withModels loads a configuration whose PARLEY_MODELS has this text.
func withModels(t *testing.T, text string, environ ...string) (config.Config, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "models.yml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return config.Load(append(environ, "PARLEY_MODELS="+path))
}

const twoModels = `# models of the house
models:
  - name: small
    base_url: http://127.0.0.1:11434/v1
    context_size: 8192
    first_byte: 5m
    capabilities: {system_role: false, streaming: false, temperature: false, alternating_roles: true}
  - name: large
    model: gpt-4o
    base_url: https://api.example.com/v1
    api_key_env: LARGE_KEY
    context_size: 128000
    max_output_tokens: 4096
    prices: {input: "2.50", cached_input: 1.25, output: "10"}
    default: true
    fallback: small
`

func TestTheModelsOfAFileAreRead(t *testing.T) {
	c, err := withModels(t, twoModels, "LARGE_KEY=sk-very-secret")
	if err != nil {
		t.Fatal(err)
	}
	want := []config.Model{
		{Name: "large", Model: "gpt-4o", BaseURL: "https://api.example.com/v1", APIKey: "sk-very-secret", ContextSize: 128000, MaxOutput: 4096, FirstByte: time.Minute, Default: true, Fallback: "small",
			Prices: &config.Prices{Input: 2_500_000, CachedInput: 1_250_000, Output: 10_000_000, Reasoning: 10_000_000}},
		{Name: "small", Model: "small", BaseURL: "http://127.0.0.1:11434/v1", ContextSize: 8192, FirstByte: 5 * time.Minute,
			NoSystemRole: true, NoStreaming: true, NoTemperature: true, Alternates: true},
	}
	if diff := cmp.Diff(want, c.Models()); diff != "" {
		t.Error(diff)
	}
	if said := fmt.Sprintf("%v %+v %#v %s", c, c, c, fmt.Sprintf("%v %#v %+v", c.Models(), c.Models(), c.Models())); strings.Contains(said, "very-secret") {
		t.Error("the key shows in a configuration that is printed")
	}
}

func TestTheFileMayBeJSONAndAList(t *testing.T) {
	for _, text := range []string{
		`{"models":[{"name":"a","base_url":"https://a.example/v1","api_key":"k","prices":{"input":"0.15","output":"0.6"}}]}`,
		`[{"name":"a","base_url":"https://a.example/v1","api_key":"k","prices":{"input":0.15,"output":0.60}}]`,
		"# a list\n- name: a\n  base_url: https://a.example/v1\n  api_key: k\n  prices: {input: 0.15, output: 0.60}\n",
	} {
		c, err := withModels(t, text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		want := []config.Model{{Name: "a", Model: "a", BaseURL: "https://a.example/v1", APIKey: "k", FirstByte: time.Minute, Default: true,
			Prices: &config.Prices{Input: 150_000, CachedInput: 150_000, Output: 600_000, Reasoning: 600_000}}}
		if diff := cmp.Diff(want, c.Models()); diff != "" {
			t.Errorf("%s\n%s", text, diff)
		}
	}
}

func TestTheShortFormIsAListOfOne(t *testing.T) {
	c, err := config.Load([]string{"PARLEY_LLM_URL=http://127.0.0.1:1/v1", "PARLEY_LLM_MODEL=m", "PARLEY_LLM_API_KEY=k", "PARLEY_LLM_FIRST_BYTE=2m"})
	if err != nil {
		t.Fatal(err)
	}
	want := []config.Model{{Name: "m", Model: "m", BaseURL: "http://127.0.0.1:1/v1", APIKey: "k", FirstByte: 2 * time.Minute, Default: true}}
	if diff := cmp.Diff(want, c.Models()); diff != "" {
		t.Error(diff)
	}
	if c, err = config.Load(nil); err != nil || len(c.Models()) != 0 {
		t.Errorf("without settings there are %v, %v", c.Models(), err)
	}
}

func TestEveryMistakeOfAModelNamesItsField(t *testing.T) {
	entry := func(more string) string {
		return `{"models":[{"name":"a","base_url":"https://a.example/v1"` + more + `}]}`
	}
	for text, field := range map[string]string{
		`{"models":[{"base_url":"https://a.example/v1"}]}`:                                                     "models[0].name",
		`{"models":[{"name":" a","base_url":"https://a.example/v1"}]}`:                                         "models[0].name",
		`{"models":[{"name":"a","base_url":"ftp://a.example"}]}`:                                               "models[0].base_url",
		`{"models":[{"name":"a"}]}`:                                                                            "models[0].base_url",
		`{"models":[{"name":"a","base_url":"https://user:hunter2@a.example/v1"}]}`:                             "models[0].base_url",
		`{"models":[{"name":"a","base_url":"https://a.example"},{"name":"a","base_url":"https://a.example"}]}`: "models[1].name",
		`{"models":[]}`: "lists 0 models",
		`{}`:            "lists 0 models",
		``:              "lists 0 models",
		entry(`,"api_key":"k","api_key_env":"K"`):                                           "models[0].api_key_env",
		entry(`,"api_key_env":"NOBODY_SET_ME"`):                                             "NOBODY_SET_ME",
		entry(`,"api_key":"a\nb"`):                                                          "models[0].api_key",
		entry(`,"context_size":-1`):                                                         "models[0].context_size",
		entry(`,"context_size":0`):                                                          "models[0].context_size",
		entry(`,"max_output_tokens":0`):                                                     "models[0].max_output_tokens",
		entry(`,"context_size":1000,"max_output_tokens":1000`):                              "models[0].max_output_tokens",
		entry(`,"first_byte":"soon"`):                                                       "models[0].first_byte",
		entry(`,"first_byte":"11m"`):                                                        "models[0].first_byte",
		entry(`,"first_byte":"-1s"`):                                                        "models[0].first_byte",
		entry(`,"prices":{"input":"-1","output":"1"}`):                                      "models[0].prices.input",
		entry(`,"prices":{"input":"1"}`):                                                    "models[0].prices.output",
		entry(`,"prices":{"input":"1","output":"cheap"}`):                                   "models[0].prices.output",
		entry(`,"prices":{"input":"1","output":"1","cached_input":"0.0000001"}`):            "models[0].prices.cached_input",
		entry(`,"fallback":"b"`):                                                            "models[0].fallback",
		entry(`,"fallback":"a"`):                                                            "a → a",
		entry(`,"default":true},{"name":"b","base_url":"https://a.example","default":true`): "models[1].default",
		entry(`,"fallback":"b"},{"name":"b","base_url":"https://a.example","fallback":"c"},{"name":"c","base_url":"https://a.example","fallback":"b"`): "b → c → b",
		entry(`,"colour":"green"`):               "colour",
		entry(`,"name":"b"`):                     "name",
		entry(`,"context_size":"many"`):          "PARLEY_MODELS",
		entry(`,"capabilities":{"flying":true}`): "flying",
		`{"models":[{"name":"a",`:                "PARLEY_MODELS",
		`{"models":[{"name":"a","api_key":"sk-hunter2","base_url":"https://a.example","x":1}]}`: "x",
		`models: 5`:              "PARLEY_MODELS",
		`{"models":[],"more":1}`: "more",
	} {
		_, err := withModels(t, text)
		if err == nil || !strings.Contains(err.Error(), field) || !strings.Contains(err.Error(), "PARLEY_MODELS") {
			t.Errorf("%s: %v does not name %s", text, err, field)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s shows a secret: %v", text, err)
		}
	}
}

func TestAFileThatIsNotThereStopsTheStart(t *testing.T) {
	if _, err := config.Load([]string{"PARLEY_MODELS=/no/such/file.yml"}); err == nil || !strings.Contains(err.Error(), "PARLEY_MODELS") {
		t.Errorf("got %v", err)
	}
}

func TestTheFileAndTheShortFormExcludeEachOther(t *testing.T) {
	if _, err := withModels(t, twoModels, "LARGE_KEY=k", "PARLEY_LLM_URL=http://127.0.0.1:1/v1", "PARLEY_LLM_MODEL=m"); err == nil || !strings.Contains(err.Error(), "not both") {
		t.Errorf("got %v", err)
	}
}

func TestAVariableThatTheFileNamesIsASetting(t *testing.T) {
	if _, err := withModels(t, strings.ReplaceAll(twoModels, "LARGE_KEY", "PARLEY_LARGE_KEY"), "PARLEY_LARGE_KEY=k"); err != nil {
		t.Error(err)
	}
}
