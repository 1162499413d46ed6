package httpv1

import (
	"context"

	"parley/modules/evaluations/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

type eventsRequest struct {
	EvaluationID  int64 `path:"evaluation_id"`
	StartingAfter int64 `query:"starting_after" minimum:"0" doc:"The sequence_number of the last event that was seen."`
}

// eventView is one event of the stream of a test.
type eventView struct {
	_ struct{} `schema:"EvaluationEvent"`

	SequenceNumber int64         `json:"sequence_number" doc:"Place of the event in the stream of this run of the test, from 1 and without gaps."`
	Step           string        `json:"step" doc:"start is the first event, end or error the last; progress stands between them."`
	Message        string        `json:"message" doc:"What happens, for a reader."`
	EvaluationID   *int64        `json:"evaluation_id,omitempty" doc:"Id of the test; in start alone."`
	Status         string        `json:"status" doc:"Status of the test."`
	Progress       *progressView `json:"progress" doc:"How many queries there are, and how many of them have ended."`
	Output         any           `json:"output" doc:"The outcome, in the last event alone: of end the test, of error what went wrong."`
}

type endOutput struct {
	Success bool     `json:"success"`
	Output  testView `json:"output"`
}

type errorOutput struct {
	Error struct {
		Code    string `json:"code"`
		Details string `json:"details"`
	} `json:"error"`
}

func (a *API) events(ctx context.Context, r eventsRequest) (web.EventStream, error) {
	watch, err := a.service.Follow(ctx, actor.From(ctx), r.EvaluationID, r.StartingAfter)
	if err != nil {
		return web.EventStream{}, err
	}
	var held *core.Progress // the end, whose output could not be read in time
	return web.EventStream{Next: func(ctx context.Context) (_ []byte, err error) {
		var e core.Progress
		if held != nil {
			e = *held
		} else if e, err = watch.Next(ctx); err != nil {
			return nil, err
		}
		v := eventView{
			SequenceNumber: e.Sequence, Step: e.Step, Message: e.Message, Status: string(e.Status),
			Progress: &progressView{Total: e.Total, Done: e.Done, Failed: e.Failed},
		}
		switch e.Step {
		case core.StepStart:
			v.EvaluationID = &r.EvaluationID
		case core.StepEnd:
			t, err := watch.View(ctx)
			if err != nil {
				held = &e
				return nil, err
			}
			held = nil
			v.Output = endOutput{Success: true, Output: showTest(t)}
		case core.StepError:
			var out errorOutput
			out.Error.Code, out.Error.Details = "evaluations."+string(e.Status), e.Message
			v.Output = out
		}
		return web.ASCII(v)
	}}, nil
}
