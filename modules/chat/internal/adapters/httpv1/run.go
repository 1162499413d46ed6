package httpv1

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/web"
)

type turnBody struct {
	_ struct{} `schema:"TurnRequest"`

	User string `json:"user" maxLength:"32000"`
	Bot  string `json:"bot,omitempty" maxLength:"100000" nullable:"true"`
}

type overridesBody struct {
	_ struct{} `schema:"RunChatOverrides"`

	CorpusIDs        []int64  `json:"corpus_ids,omitempty" maxItems:"100" doc:"Only these of the agent's corpora."`
	Top              int      `json:"top,omitempty" minimum:"1" maximum:"20" doc:"Passages to answer from; 5 when not given."`
	Sources          *bool    `json:"sources,omitempty" doc:"false leaves the references out of the answer."`
	SuggestFollowUps bool     `json:"suggest_followup_questions,omitempty"`
	CacheSkip        bool     `json:"cache_skip,omitempty" doc:"Wants a new answer although an earlier one could be used again; it takes the place of that one."`
	Temperature      *float64 `json:"temperature,omitempty" minimum:"0" maximum:"2"`
}

type runBody struct {
	_ struct{} `schema:"RunChatRequest"`

	UserQuery      string         `json:"user_query,omitempty" maxLength:"32000" doc:"The question, unless history ends with it."`
	History        []turnBody     `json:"history,omitempty" maxItems:"100" doc:"What was said before, in place of the thread's own; a last entry without bot is the question."`
	ChatThreadID   *int64         `json:"chat_thread_id,omitempty" nullable:"true" minimum:"1" doc:"A thread is made when there is none."`
	QuerySource    string         `json:"query_source,omitempty" minLength:"1" maxLength:"50" pattern:"^[a-z0-9_-]*$" patternDescription:"made of a-z, 0-9, _ and - alone" doc:"Where the question comes from; api when not given. The server's own names, evaluation and system, are refused."`
	Model          string         `json:"model,omitempty" maxLength:"200" doc:"One of the models that the server is configured with, by its name; that of the agent, or else the default one, when not given."`
	Overrides      *overridesBody `json:"overrides,omitempty"`
	CachingEnabled *bool          `json:"caching_enabled,omitempty" doc:"Whether an earlier answer to the same question may be used again; as the agent says when not given. It never is with a history or attachments."`
}

type runRequest struct {
	AgentID int64  `path:"agent_id"`
	Accept  string `header:"Accept" maxLength:"1000"`
	Key     string `header:"Idempotency-Key" maxLength:"255"`
	Body    runBody
}

func (r runRequest) ask(path string) (core.Ask, error) {
	if core.ReservedSource(r.Body.QuerySource) {
		return core.Ask{}, core.ErrReservedSource
	}
	a := core.Ask{
		AgentID:     r.AgentID,
		ThreadID:    r.Body.ChatThreadID,
		UserQuery:   r.Body.UserQuery,
		QuerySource: r.Body.QuerySource,
		Key:         r.Key,
		Options:     core.Options{Model: r.Body.Model, Caching: r.Body.CachingEnabled},
	}
	if r.Body.History != nil { // an empty one, too, stands in place of the thread's
		a.History = []core.Turn{}
	}
	for _, t := range r.Body.History {
		a.History = append(a.History, core.Turn{User: t.User, Bot: t.Bot})
	}
	if o := r.Body.Overrides; o != nil {
		a.Options.CorpusIDs, a.Options.Top, a.Options.SuggestFollowUps, a.Options.Temperature = o.CorpusIDs, o.Top, o.SuggestFollowUps, o.Temperature
		a.Options.HideSources, a.Options.CacheSkip = o.Sources != nil && !*o.Sources, o.CacheSkip
	}
	if r.Key != "" {
		body, err := json.Marshal(r.Body)
		if err != nil {
			return a, fmt.Errorf("fingerprinting a request: %w", err)
		}
		sum := sha256.Sum256(fmt.Appendf(nil, "%s %d\n%s", path, r.AgentID, body))
		a.Fingerprint = hex.EncodeToString(sum[:])
	}
	return a, nil
}

// run answers when the run has ended, or streams when the client asks for it.
func (a *API) run(ctx context.Context, r runRequest) (web.Either[responseView], error) {
	if web.Accepts(r.Accept, "text/event-stream") {
		stream, err := a.streamed(ctx, r, "response")
		return web.Either[responseView]{Stream: &stream}, err
	}
	var out web.Either[responseView]
	who := actor.From(ctx)
	ask, err := r.ask("response")
	if err != nil {
		return out, err
	}
	asked, err := a.service.Ask(ctx, who, ask)
	if err != nil {
		return out, err
	}
	out.Replayed = asked.Replayed
	record, err := a.service.Outcome(ctx, who, asked)
	if err != nil {
		return out, err
	}
	if record.State != core.Completed {
		return out, failure(record.Run)
	}
	out.Data = showResponse(record)
	return out, nil
}

// failure is the error of a run that ended without an answer, with the path
// of the stored record. Unless the asker ended it or lost the agent, it is
// 503: asking again may help.
func failure(run core.Run) error {
	known := map[string]*apperr.Error{
		core.ErrCancelled.Code:   core.ErrCancelled,
		core.ErrAccessLost.Code:  core.ErrAccessLost,
		core.ErrInterrupted.Code: core.ErrInterrupted,
	}
	e, ok := known[run.FailureCode]
	if !ok {
		e = core.ErrModelFailed
		if run.FailureDetails != "" {
			e = e.WithMessage(e.Message + " " + run.FailureDetails)
		}
	}
	return e.At(fmt.Sprintf("/api/agent-response/%d", run.ID))
}

func (a *API) runStreamed(ctx context.Context, r runRequest) (web.EventStream, error) {
	return a.streamed(ctx, r, "response/stream")
}

func (a *API) streamed(ctx context.Context, r runRequest, path string) (web.EventStream, error) {
	who := actor.From(ctx)
	ask, err := r.ask(path)
	if err != nil {
		return web.EventStream{}, err
	}
	asked, err := a.service.Ask(ctx, who, ask)
	if err != nil {
		return web.EventStream{}, err
	}
	stream := a.stream(who, a.service.Follow(who, asked), asked.Run)
	stream.Replayed = asked.Replayed
	return stream, nil
}

type eventsRequest struct {
	ID            int64 `path:"agent_response_id"`
	StartingAfter int64 `query:"starting_after" minimum:"0" doc:"The sequence_number of the last event that was seen."`
}

func (a *API) events(ctx context.Context, r eventsRequest) (web.EventStream, error) {
	who := actor.From(ctx)
	watch, run, err := a.service.Watch(ctx, who, r.ID, r.StartingAfter)
	if err != nil {
		return web.EventStream{}, err
	}
	return a.stream(who, watch, run), nil
}

// eventView is one event as contract section 4 has it.
type eventView struct {
	_ struct{} `schema:"StreamEvent"`

	SequenceNumber  int64        `json:"sequence_number" doc:"Place of the event in the stream of its run, from 1 and without gaps."`
	Step            string       `json:"step" doc:"start is the first event, end or error the last. Between them: query_rewriting, retrieval, generation and assistant_stream. Others may come."`
	Message         string       `json:"message" doc:"What happens, for a reader; empty beside a delta."`
	Delta           *string      `json:"delta,omitempty" doc:"The next piece of the answer; in assistant_stream alone."`
	AgentResponseID *int64       `json:"agent_response_id,omitempty" doc:"Id of the run's record; in start alone."`
	ThreadID        *int64       `json:"thread_id,omitempty" doc:"Id of the thread of the question; in start alone."`
	RunID           *string      `json:"run_id,omitempty" doc:"Id of the run among all servers; in start alone."`
	Output          *eventOutput `json:"output" doc:"The outcome, in the last event alone: of end the answer, of error what went wrong."`
}

// eventOutput is the output of the last event, in one of two forms.
type eventOutput struct{ of any }

// Forms implements openapi.OneOf.
func (eventOutput) Forms() []any { return []any{endOutput{}, errorOutput{}} }

// MarshalJSON implements json.Marshaler. As the rest of an event, it is not
// escaped for HTML.
func (o eventOutput) MarshalJSON() ([]byte, error) {
	var raw bytes.Buffer
	e := json.NewEncoder(&raw)
	e.SetEscapeHTML(false)
	err := e.Encode(o.of)
	return raw.Bytes(), err
}

type errorOutput struct {
	_ struct{} `schema:"StreamError"`

	Error eventFailure `json:"error" doc:"What went wrong."`
}

type eventFailure struct {
	_ struct{} `schema:"StreamFailure"`

	Code    string `json:"code" doc:"Which error it is: a code of docs/api/errors.md."`
	Details string `json:"details" doc:"The error in a sentence."`
}

func showFailure(e core.StreamEvent) (out errorOutput) {
	out.Error.Code, out.Error.Details = e.Code, e.Details
	return out
}

type endOutput struct {
	_ struct{} `schema:"StreamEnd"`

	Success bool         `json:"success" doc:"true."`
	Output  responseView `json:"output" doc:"What the call that doesn't stream answers."`
}

func (a *API) stream(who actor.Actor, watch *core.Watch, run core.Run) web.EventStream {
	var held *core.StreamEvent // the end, whose output could not be read in time
	return web.EventStream{Next: func(ctx context.Context) (_ []byte, err error) {
		var e core.StreamEvent
		if held != nil {
			e = *held
		} else if e, err = watch.Next(ctx); err != nil {
			return nil, err
		}
		v := eventView{SequenceNumber: e.Sequence, Step: e.Step, Message: e.Message}
		switch e.Step {
		case core.StepStart:
			v.AgentResponseID, v.ThreadID, v.RunID = &run.ID, &run.ThreadID, &run.RunID
		case core.StepStream:
			v.Delta = &e.Delta
		case core.StepEnd:
			record, err := watch.Record(ctx, who)
			if errors.Is(err, core.ErrNotFound) { // deleted since its end was read
				e, held = core.Gone(e.Sequence), nil
				v.Step, v.Message, v.Output = e.Step, e.Message, &eventOutput{showFailure(e)}
				break
			}
			if err != nil {
				held = &e
				return nil, err
			}
			held = nil
			v.Output = &eventOutput{endOutput{Success: true, Output: showResponse(record)}}
		case core.StepError:
			v.Output = &eventOutput{showFailure(e)}
		}
		return web.ASCII(v)
	}}
}
