package core

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"parley/modules/chat"
	"parley/platform/kernel/uow"
)

// commit is one transaction of the journal.
type commit struct {
	*journal
	accepts []*accepting
	streams []*stream
	ends    []*ending
}

// commit stores the parts, together or else one by one, and tells who waits.
func (c *commit) commit() {
	c.committing.Lock()
	defer c.committing.Unlock()
	// A run's last events go with its end, not before it.
	last := map[*stream]bool{}
	for _, e := range c.ends {
		if e.stream != nil {
			e.end.Events, e.end.Sequence = e.stream.take(), e.stream.next()
			e.end.Again = e.end.Again || e.stream.unsure()
			last[e.stream] = true
		}
	}
	var advances []Advance
	streams := c.streams[:0:0]
	for _, s := range c.streams {
		if last[s] {
			continue
		}
		if a, some := s.advance(); some {
			advances, streams = append(advances, a), append(streams, s)
		}
	}
	err := c.store(true, c.accepts, streams, advances, c.ends)
	if err == nil || errors.Is(err, uow.ErrUnknown) || len(c.accepts)+len(streams)+len(c.ends) == 1 {
		c.settle(c.accepts, streams, c.ends, err)
		return
	}
	for _, a := range c.accepts {
		one := []*accepting{a}
		c.settle(one, nil, nil, c.store(false, one, nil, nil, nil))
	}
	for i, s := range streams {
		c.settle(nil, []*stream{s}, nil, c.store(false, nil, []*stream{s}, advances[i:i+1], nil))
	}
	for _, e := range c.ends {
		one := []*ending{e}
		c.settle(nil, nil, one, c.store(false, nil, nil, nil, one))
	}
}

// store writes the parts, expecting at first that none is refused. When nobody
// knows whether they are committed it writes them again, soon, until the store has
// said; then they are stored once. An error means that none is stored, but for
// uow.ErrUnknown.
func (c *commit) store(expecting bool, accepts []*accepting, streams []*stream, advances []Advance, ends []*ending) error {
	s := c.service
	now := s.Clock.Now()
	expected, err := c.write(expecting, now, accepts, streams, advances, ends)
	if expected && err != nil && !errors.Is(err, uow.ErrUnknown) {
		_, err = c.write(false, now, accepts, streams, advances, ends)
	}
	if !errors.Is(err, uow.ErrUnknown) {
		return err
	}
	began, waited := s.Clock.Now(), time.Duration(0)
	for wait := 20 * time.Millisecond; waited < soon && s.Clock.Now().Sub(began) < soon; wait = min(2*wait, soon-waited) {
		s.Log.WarnContext(s.base, "it is not known whether runs were stored; they are stored again if they were not", "error", err)
		for _, a := range accepts {
			if a.result.Err == nil {
				a.accept.Run.ID = a.result.Run.ID
			}
		}
		for i := range advances {
			advances[i].Again = true
		}
		for _, e := range ends {
			e.end.Again = true
		}
		s.pause(wait)
		waited += wait
		if _, err = c.write(false, now, accepts, streams, advances, ends); err == nil {
			return nil
		}
	}
	return errors.Join(uow.ErrUnknown, err)
}

// settle tells who waits for parts what became of them.
func (c *commit) settle(accepts []*accepting, streams []*stream, ends []*ending, err error) {
	for _, a := range accepts {
		a.err = errors.Join(err, a.result.Err)
		close(a.done)
	}
	for _, s := range streams {
		s.stored(errors.Join(err, s.refused))
	}
	for _, e := range ends {
		e.err = errors.Join(err, e.result.Err)
		switch {
		case e.stream == nil:
		case e.err != nil:
			e.stream.putBack()
		case e.result.Deleted:
			e.stream.erased()
		default:
			e.stream.ended(e.end.Outcome.Last(e.end.Sequence))
		}
		close(e.done)
	}
}

// write is one transaction with the state, the events that tell of it and the
// audit entries of those who ask. expected is Written's.
func (c *commit) write(expecting bool, now time.Time, accepts []*accepting, streams []*stream, advances []Advance, ends []*ending) (expected bool, err error) {
	s := c.service
	defer func() { // or all runs would wait for ever
		if p := recover(); p != nil {
			s.Log.ErrorContext(s.base, "panic in the journal", "panic", p, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	batch := Batch{Now: now, Expecting: expecting, Accepts: make([]Accept, 0, len(accepts)), Advances: advances, Ends: make([]End, 0, len(ends))}
	callers := make([]context.Context, 0, len(accepts)+1)
	for _, a := range accepts {
		batch.Accepts = append(batch.Accepts, a.accept)
		callers = append(callers, a.ctx)
	}
	for _, e := range ends {
		batch.Ends = append(batch.Ends, e.end)
	}
	// Not a request's context: what was accepted is stored, also when its
	// client leaves.
	ctx := context.WithoutCancel(s.base)
	callers = append(callers, ctx)
	err = s.Unit.DoAll(ctx, callers, func(ctx context.Context, txs []uow.Tx) ([]error, error) {
		done, err := s.Store.Write(ctx, batch)
		expected = done.Expected
		if err != nil {
			return nil, fmt.Errorf("storing %d questions, %d streams and %d ends: %w", len(accepts), len(advances), len(ends), err)
		}
		refused := make([]error, len(callers))
		for i, a := range accepts {
			a.result, refused[i] = done.Accepts[i], done.Accepts[i].Err
			if a.result.Before {
				refused[i] = uow.ErrBefore
			}
			if refused[i] == nil && a.fact != nil {
				fact := *a.fact
				fact.ThreadID = a.result.Thread.ID
				txs[i].Publish(fact)
			}
		}
		for i, s := range streams {
			s.refused = done.Advances[i]
		}
		own := txs[len(accepts)]
		for i, e := range ends {
			e.at = batch.Now
			if e.result = done.Ends[i]; e.result.Err == nil && !e.result.Before {
				publishEnd(own, factOf(e.run, &e.end.Outcome, batch.Now))
			}
		}
		return refused, nil
	})
	return expected, err
}

func publishEnd(tx uow.Tx, fact chat.Run) {
	if fact.State == string(Completed) {
		tx.Publish(chat.RunCompleted{Run: fact})
	} else {
		tx.Publish(chat.RunFailed{Run: fact})
	}
}

func factOf(r *Run, o *Outcome, now time.Time) chat.Run {
	fact := chat.Run{
		RunID:           r.RunID,
		AgentResponseID: r.ID,
		OrganizationID:  r.OrganizationID,
		ThreadID:        r.ThreadID,
		AgentID:         r.AgentID,
		AgentVersion:    r.AgentVersion,
		AgentType:       r.AgentType,
		ProjectID:       r.ProjectID,
		TeamID:          r.TeamID,
		UserID:          r.UserID,
		QuerySource:     r.QuerySource,
		State:           string(o.State),
		AskedOn:         r.CreatedOn,
		EndedOn:         now,
		CacheHit:        o.CacheHit,
		Usage:           []chat.Usage{},
	}
	for _, u := range o.Usage {
		fact.Usage = append(fact.Usage, u.Usage)
	}
	return fact
}
