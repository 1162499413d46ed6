package openai

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"parley/platform/kernel/jsonout"
)

// Message is one turn: role system, user or assistant.
type Message struct {
	Role, Content string
}

// Request is one call. Model may be empty; Temperature nil and MaxTokens 0
// leave it to the server.
type Request struct {
	Model       string
	Messages    []Message
	Temperature *float64
	MaxTokens   int64
	// Loading, when given, is called when no byte came for Config.Patience, and
	// when the server says that it loads the model.
	Loading func()
}

// wireRequest is what is sent. What is nil or 0 is left out.
type wireRequest struct {
	Model               string
	Messages            []Message
	Stream              bool
	IncludeUsage        bool // by stream_options
	Temperature         *float64
	MaxTokens           int64
	MaxCompletionTokens int64
}

// refusal is what a server does not take for a model: an optional parameter, or
// an order of roles.
type refusal uint8

const (
	noStreamOptions refusal = 1 << iota
	noMaxTokens             // wants max_completion_tokens
	noTemperature
	noSystem   // wants its instructions from the user
	alternates // wants user and assistant in turn, the user first
	noStream   // answers in one piece alone
)

// Servers name roles only in their sentences.
var (
	systemRefused = regexp.MustCompile(`(?i)system (role|message|prompt)s?[^.]{0,30}(not|n't|un)[ -]?(support|allow|enabled|valid)|` +
		`(not support|unsupported|invalid)[^.]{0,40}\bsystem\b|developer instruction is not enabled`)
	turnsRefused = regexp.MustCompile(`(?i)roles? must alternate|alternat(e|ing)[^.]{0,40}(user|assistant|role)|` +
		`first message must (use|be|have)[^.]{0,20}user|consecutive (user|assistant)|must start with (a )?user`)
)

// known are the refusals that the configuration tells of.
func (c Config) known() refusal {
	var not refusal
	for what, is := range map[refusal]bool{
		noStream:              c.NoStreaming,
		noTemperature:         c.NoTemperature,
		noSystem:              c.NoSystemRole,
		alternates | noSystem: c.Alternates,
	} {
		if is {
			not |= what
		}
	}
	return not
}

func (q Request) tellLoading() {
	if q.Loading != nil {
		q.Loading()
	}
}

// refusals remembers them by model, so that they cost one attempt only once.
type refusals struct {
	mu    sync.Mutex
	model map[string]refusal
}

func (r *refusals) of(model string) refusal {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.model[model]
}

func (r *refusals) add(model string, what refusal) {
	const mostModels = 1000
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.model == nil || len(r.model) > mostModels {
		r.model = map[string]refusal{}
	}
	r.model[model] |= what
}

func (q Request) wire(not refusal) wireRequest {
	w := wireRequest{Model: q.Model, Messages: shaped(q.Messages, not)}
	w.Stream = not&noStream == 0
	if w.Stream && not&noStreamOptions == 0 {
		w.IncludeUsage = true
	}
	if not&noTemperature == 0 {
		w.Temperature = q.Temperature
	}
	if not&noMaxTokens == 0 {
		w.MaxTokens = q.MaxTokens
	} else {
		w.MaxCompletionTokens = q.MaxTokens
	}
	return w
}

// encode is the body of the request.
func (w wireRequest) encode() ([]byte, error) {
	const around = 64               // bytes of a message beside its words
	size := len(w.Model) + 4*around // for the options
	for _, m := range w.Messages {
		size += len(m.Content) + len(m.Content)/32 + around // for what is escaped
	}
	if w.Messages == nil {
		w.Messages = []Message{} // a list, and not null
	}
	t := jsonout.Text{Bytes: make([]byte, 0, size)}
	t.Raw(`{"model":`)
	t.String(w.Model)
	t.Raw(`,"messages":`)
	jsonout.List(&t, w.Messages, func(t *jsonout.Text, m *Message) {
		t.Raw(`{"role":`)
		t.String(m.Role)
		t.Raw(`,"content":`)
		t.String(m.Content)
		t.Raw("}")
	})
	t.Raw(`,"stream":`)
	t.Bool(w.Stream)
	if w.IncludeUsage {
		t.Raw(`,"stream_options":{"include_usage":true}`)
	}
	if w.Temperature != nil {
		t.Raw(`,"temperature":`)
		t.Float(*w.Temperature)
	}
	if w.MaxTokens != 0 {
		t.Raw(`,"max_tokens":`)
		t.Int(w.MaxTokens)
	}
	if w.MaxCompletionTokens != 0 {
		t.Raw(`,"max_completion_tokens":`)
		t.Int(w.MaxCompletionTokens)
	}
	t.Raw("}")
	if t.Err != nil { // a temperature that is no number
		return nil, fmt.Errorf("encoding the request: %w", t.Err)
	}
	return t.Bytes, nil
}

// shaped is the conversation as the model takes it.
func shaped(messages []Message, not refusal) []Message {
	if not&(noSystem|alternates) == 0 {
		return messages
	}
	var out []Message
	instructions := ""
	for _, m := range messages {
		last := len(out) - 1
		switch {
		case not&noSystem != 0 && m.Role == "system":
			instructions += m.Content + "\n\n"
			continue
		case m.Role == "user" && instructions != "":
			m.Content, instructions = instructions+m.Content, ""
		}
		switch {
		case not&alternates == 0 || last >= 0 && out[last].Role != m.Role || last < 0 && m.Role == "user":
			out = append(out, m)
		case last >= 0:
			out[last].Content += "\n\n" + m.Content
		}
	}
	return out
}

// refusalIn reads from an error which parameter that was sent is not taken; 0
// if none. Servers name it in a field or only in their sentence.
func refusalIn(err *Error, sent wireRequest) refusal {
	said := err.param + " " + err.Message
	switch template := err.Status != 0 && (err.Code == CodeBadRequest || err.Code == CodeServerError); {
	case template && turnsRefused.MatchString(said): // a system turn is one out of turn, too
		return noSystem | alternates
	case template && systemRefused.MatchString(said):
		return noSystem
	case err.Code != CodeBadRequest:
		return 0
	case sent.IncludeUsage && strings.Contains(said, "stream_options"):
		return noStreamOptions
	case sent.MaxTokens > 0 && strings.Contains(said, "max_completion_tokens"):
		return noMaxTokens
	case sent.Temperature != nil && strings.Contains(said, "temperature"):
		return noTemperature
	}
	return 0
}
