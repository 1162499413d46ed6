package work

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
)

// settleDeadline bounds what stores the outcome of a job.
const settleDeadline = 10 * time.Second

// claim implements work.Claim.
type claim struct {
	r      *Runner
	kind   work.Kind
	stored Stored
	cancel context.CancelCauseFunc
	ended  atomic.Bool // a unit that ended the job has committed
}

var _ work.Claim = (*claim)(nil)

// Job implements work.Claim.
func (c *claim) Job() work.Job { return c.stored.Job }

// Attempts implements work.Claim.
func (c *claim) Attempts() int { return c.stored.Attempts }

// Progress implements work.Claim.
func (c *claim) Progress() string { return c.stored.Progress }

// Hold implements work.Claim.
func (c *claim) Hold(ctx context.Context) error { return c.hold(ctx, nil) }

// Save implements work.Claim.
func (c *claim) Save(ctx context.Context, progress string) error {
	if len(progress) > maxPayload {
		return work.Permanent(fmt.Errorf("the progress of job %d has %d bytes, more than %d", c.stored.ID, len(progress), maxPayload))
	}
	return c.hold(ctx, &progress)
}

func (c *claim) hold(ctx context.Context, progress *string) error {
	err := c.r.store.Hold(ctx, c.stored.Fence(), c.r.clock.Now().Add(c.r.tune.lease), progress)
	switch {
	case err == nil && progress != nil:
		c.stored.Progress = *progress
	case errors.Is(err, work.ErrCancelled):
		c.cancel(work.ErrCancelled)
	}
	return err
}

// Finish implements work.Claim.
func (c *claim) Finish(ctx context.Context) error {
	return c.finally(ctx, outcomeFinished, c.r.store.Finish(ctx, c.stored.Fence()))
}

// MarkDead implements work.Claim.
func (c *claim) MarkDead(ctx context.Context) error {
	now := c.r.clock.Now()
	err := c.r.store.Fail(ctx, c.stored.Fence(), Failure{Error: c.stored.Error, Attempts: c.stored.Attempts, Dead: true, DueAt: now}, now)
	return c.finally(ctx, outcomeDead, err)
}

// finally notes that the job is over, once that is committed.
func (c *claim) finally(ctx context.Context, o outcome, err error) error {
	if err == nil {
		uow.AfterCommit(ctx, func() {
			c.ended.Store(true)
			c.r.metrics.count(c.kind.Name, o)
		})
	}
	return err
}

// execute works on a job until ctx ends, and stores how that ended.
func (r *Runner) execute(ctx context.Context, c *claim) {
	var err error
	switch {
	case c.stored.IsCancelled:
		c.cancel(work.ErrCancelled)
		err = work.ErrCancelled
	case c.stored.Attempts >= c.kind.MaxAttempts:
		err = r.giveUp(ctx, c, errors.New(c.stored.Error))
	default:
		err = r.attempt(ctx, c)
	}
	if c.ended.Load() {
		return
	}
	cause := context.Cause(ctx)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleDeadline)
	defer cancel()
	if err := r.settle(ctx, c, cause, err); err != nil {
		// The lease ends, and the job is done again.
		r.log.ErrorContext(ctx, "the outcome of a job was not stored", "kind", c.kind.Name, "job", c.stored.ID, "error", err)
	}
}

// attempt is one call of Work, and of GiveUp when that was the last.
func (r *Runner) attempt(ctx context.Context, c *claim) error {
	err := guarded(ctx, c.kind.Timeout, func(ctx context.Context) error { return c.kind.Work(ctx, c) })
	if err == nil || c.ended.Load() || released(ctx, err) {
		return err
	}
	r.log.WarnContext(ctx, "a job failed", "kind", c.kind.Name, "job", c.stored.ID, "attempts", c.stored.Attempts+1, "error", err)
	c.stored.Attempts++
	c.stored.Error = sentence(err)
	if c.stored.Attempts < c.kind.MaxAttempts && !work.IsPermanent(err) {
		return err
	}
	c.stored.Attempts = max(c.stored.Attempts, c.kind.MaxAttempts)
	return r.giveUp(ctx, c, err)
}

// giveUp lets the kind say goodbye to a job that will not be tried again, and
// marks it dead.
func (r *Runner) giveUp(ctx context.Context, c *claim, cause error) error {
	err := guarded(ctx, c.kind.Timeout, func(ctx context.Context) error {
		if c.kind.GiveUp != nil {
			if err := c.kind.GiveUp(ctx, c, cause); err != nil || c.ended.Load() {
				return err
			}
		}
		return c.MarkDead(ctx)
	})
	if err != nil && !released(ctx, err) {
		err = fmt.Errorf("giving up a job: %w", err)
		r.log.ErrorContext(ctx, "a job that is not tried again could not be marked as dead", "kind", c.kind.Name, "job", c.stored.ID, "error", err)
	}
	return err
}

// released reports whether a job ended for a reason that is not its own. ctx is
// that of the job.
func released(ctx context.Context, err error) bool {
	return errors.Is(err, work.ErrLost) || errors.Is(err, work.ErrCancelled) || context.Cause(ctx) != nil
}

// settle stores the outcome of a job that is not over yet. cause is why its
// context ended, if it did.
func (r *Runner) settle(ctx context.Context, c *claim, cause, err error) error {
	now := r.clock.Now()
	o := outcomeFailed
	switch f := c.stored.Fence(); {
	case errors.Is(err, work.ErrLost) || errors.Is(cause, work.ErrLost):
		o = outcomeLost
		r.log.WarnContext(ctx, "a job was lost to another worker", "kind", c.kind.Name, "job", c.stored.ID)
	case err == nil || errors.Is(err, work.ErrCancelled) || errors.Is(cause, work.ErrCancelled):
		o = outcomeFinished
		if err != nil {
			o = outcomeCancelled
		}
		if err := r.store.Finish(ctx, f); err != nil {
			return err
		}
	case cause != nil: // the process stops
		o = outcomeReturned
		if err := r.store.Return(ctx, []Fence{f}, now); err != nil {
			return err
		}
	default:
		how := Failure{Error: c.stored.Error, Attempts: c.stored.Attempts, DueAt: now.Add(r.tune.backoff(c.stored.Attempts))}
		if err := r.store.Fail(ctx, f, how, now); err != nil {
			return err
		}
	}
	r.metrics.count(c.kind.Name, o)
	return nil
}

// guarded runs fn with a deadline and turns a panic into an error.
func guarded(ctx context.Context, timeout time.Duration, fn func(ctx context.Context) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return fn(ctx)
}
