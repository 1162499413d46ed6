package chatfx

import (
	"context"
	"fmt"
	"sync/atomic"

	"parley/modules/chat/internal/core"
)

// ToolModel is a model for a command that works on files, without a server.
// There is no database, so what it is asked is in no ledger; it counts what was
// used for the command to say.
type ToolModel struct {
	model         core.Model
	input, output atomic.Int64
}

// Tool answers the model of a name, the default one for "". It makes no call.
func (s Settings) Tool(name string) (*ToolModel, error) {
	if len(s.Models) == 0 {
		return nil, fmt.Errorf("no model is configured: set PARLEY_LLM_URL and PARLEY_LLM_MODEL, or PARLEY_MODELS")
	}
	models, err := s.models()
	if err != nil {
		return nil, err
	}
	for _, m := range models {
		if name == "" || m.Model.Name() == name {
			return &ToolModel{model: m.Model}, nil
		}
	}
	return nil, fmt.Errorf("there is no model named %q", name)
}

// Name is what requests choose the model by.
func (t *ToolModel) Name() string { return t.model.Name() }

// Ask answers what the model says, at temperature 0.
func (t *ToolModel) Ask(ctx context.Context, system, user string) (string, error) {
	cold := 0.0
	got, err := t.model.Answer(
		ctx,
		core.Prompt{System: system, Rendered: user, Original: user, SearchQuery: user, Temperature: &cold},
		func(string) error { return nil },
	)
	t.input.Add(got.Usage.FreshInput + got.Usage.CachedInput)
	t.output.Add(got.Usage.Output)
	return got.Text, err
}

// Used answers the tokens that were used so far, as far as the model's server
// says.
func (t *ToolModel) Used() (input, output int64) { return t.input.Load(), t.output.Load() }
