package chatfx

import (
	"parley/modules/chat/internal/core"
	"parley/platform/observe"
)

// meter shows runs and calls of models as metrics.
type meter struct {
	runs   func(n float64, values ...string)
	first  func(seconds float64, values ...string)
	whole  func(seconds float64, values ...string)
	tokens func(n float64, values ...string)
}

func newMeter(m *observe.Metrics) *meter {
	out := &meter{
		runs:   m.Counter("parley_chat_runs_total", "Runs that this process closed, by outcome and reason.", "outcome", "reason"),
		first:  m.Seconds("parley_chat_model_first_token_seconds", "Time from the call of a model to the first piece of its answer.", "model"),
		whole:  m.Seconds("parley_chat_model_call_seconds", "Time that a call of a model took.", "model", "outcome"),
		tokens: m.Counter("parley_chat_tokens_total", "Tokens that models were called with, by kind.", "model", "kind"),
	}
	// Shown from the start, so that the first failure counts as a rise.
	out.runs(0, string(core.Completed), "")
	out.runs(0, string(core.Failed), core.ErrModelFailed.Code)
	return out
}

// shown adds the runs that are open to the metrics.
func shown(m *observe.Metrics, s *core.Service) {
	m.Gauge("parley_chat_open_runs", "Runs of this process that have not ended, by state.", "state", map[string]func() int{
		"running": func() int { running, _ := s.Load(); return running },
		"waiting": func() int { _, waiting := s.Load(); return waiting },
	})
}

// Ended implements core.Meter.
func (m *meter) Ended(state core.State, code string) { m.runs(1, string(state), code) }

// Called implements core.Meter.
func (m *meter) Called(c core.ModelCall) {
	outcome := "answered"
	if c.Failed {
		outcome = "failed"
	}
	if c.Began {
		m.first(c.FirstPiece.Seconds(), c.Model)
	}
	m.whole(c.Whole.Seconds(), c.Model, outcome)
	for _, part := range []struct {
		kind string
		n    int64
	}{{"input", c.Usage.FreshInput}, {"cached_input", c.Usage.CachedInput}, {"output", c.Usage.Output}, {"reasoning", c.Usage.Reasoning}} {
		if part.n > 0 {
			m.tokens(float64(part.n), c.Model, part.kind)
		}
	}
}
