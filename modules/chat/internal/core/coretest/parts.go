package coretest

import (
	"context"
	"time"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/uow"
)

// started is the first event of a stream.
var started = core.StreamEvent{Sequence: 1, Step: core.StepStart, Message: "The question is stored."}

// write stores a batch in a unit of its own, or in that of ctx.
func (f fixture) write(ctx context.Context, b core.Batch) (out core.Written, err error) {
	do := func(ctx context.Context, _ uow.Tx) error {
		out, err = f.Write(ctx, b)
		return err
	}
	if f.Expect != nil && ctx == f.ctx { // not in a unit, which would be lost
		f.Expect(ctx, len(b.Accepts), b.Now)
		b.Expecting = true
		if err := f.Unit.Do(ctx, do); err == nil {
			out.Expected = false // tests tell how, and the suite what
			return out, nil
		}
		b.Expecting = false
	}
	err = f.Unit.Do(ctx, do)
	return out, err
}

// writeThen stores a batch in a unit that ends with then.
func (f fixture) writeThen(b core.Batch, then func() error) (out core.Written, err error) {
	err = f.Unit.Do(f.ctx, func(ctx context.Context, _ uow.Tx) error {
		if out, err = f.Write(ctx, b); err != nil {
			return err
		}
		return then()
	})
	return out, err
}

// accept is a question in a thread that is there already.
func accept(r core.Run, c core.Content) core.Accept {
	return core.Accept{Thread: core.Thread{ID: r.ThreadID, UserID: r.UserID, Title: core.FreshTitle}, Run: r, Content: c, Events: []core.StreamEvent{started}}
}

func (f fixture) addTo(ctx context.Context, r core.Run, c core.Content) (core.Run, error) {
	done, err := f.write(ctx, core.Batch{Now: now, Accepts: []core.Accept{accept(r, c)}})
	if err != nil {
		return r, err
	}
	return done.Accepts[0].Run, done.Accepts[0].Err
}

// add stores a run with its question.
func (f fixture) add(r core.Run, c core.Content) (core.Run, error) { return f.addTo(f.ctx, r, c) }

// begin makes a queued run one that is being answered.
func (f fixture) begin(run int64, owner string, b core.Beginning) error {
	return f.advance(core.Advance{Run: run, Owner: owner, Begins: &b, Sequence: 1})
}

// extend stores events of a run.
func (f fixture) extend(run int64, owner string, events []core.StreamEvent) error {
	return f.advance(core.Advance{Run: run, Owner: owner, Events: events, Sequence: events[len(events)-1].Sequence})
}

func (f fixture) advance(a core.Advance) error {
	done, err := f.write(f.ctx, core.Batch{Now: now, Advances: []core.Advance{a}})
	if err != nil {
		return err
	}
	return done.Advances[0]
}

// close ends a run behind the events that it has.
func (f fixture) close(r core.Run, o core.Outcome) (core.Run, error) {
	if err := f.end(f.ctx, r, o); err != nil {
		return r, err
	}
	return f.Run(f.ctx, r.UserID, r.ID)
}

func (f fixture) end(ctx context.Context, r core.Run, o core.Outcome) error {
	last, err := f.Sequences(ctx, []int64{r.ID})
	if err != nil {
		return err
	}
	done, err := f.write(ctx, core.Batch{Now: now.Add(time.Second), Ends: []core.End{{Run: r.ID, Owner: r.Owner, AgentID: r.AgentID, Source: r.QuerySource, Outcome: o, Sequence: last[r.ID] + 1}}})
	if err != nil {
		return err
	}
	return done.Ends[0].Err
}
