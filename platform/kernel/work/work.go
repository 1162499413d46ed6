// Package work is durable work as use cases see it: they put jobs into a
// queue within their own unit of work, and say how a kind of job is done. The
// machinery is in platform/work.
package work

import (
	"context"
	"errors"
	"time"
)

// Job is a piece of work that is to be done once, later.
type Job struct {
	Kind string // such as corpora.index; it begins with the module's name
	// Tenant is whose share of the workers the job takes: an organization.
	Tenant int64
	// Key names the job among those of its kind that are not finished, so
	// that it can't be there twice and can be cancelled. "" names nothing.
	Key string
	// Payload says what is to be done, at most 64 KiB of JSON.
	Payload string
	// Priority orders the jobs of one tenant, the highest first. It never puts
	// one tenant before another.
	Priority int
	// DueAt is the earliest time; zero means at once.
	DueAt time.Time
}

// Queue is where use cases put durable work, which a Runner of some process does
// after the commit.
type Queue interface {
	// Put adds jobs in the unit of ctx: they are there, and workers are woken,
	// when it commits. A job whose key is taken, even by a dead one, is left out.
	Put(ctx context.Context, jobs ...Job) error
	// Cancel removes the jobs with these keys in the unit of ctx. The context
	// of one that is being worked on ends with ErrCancelled as its cause, and
	// the job is not tried again.
	Cancel(ctx context.Context, kind string, keys ...string) error
}

// Claim is a job in the hands of a worker. Each method that writes takes part
// in the unit of ctx and answers ErrLost when another worker may have the job
// by now: that unit must then not commit.
type Claim interface {
	Job() Job
	// Attempts is how many attempts failed or ended with their process. An
	// orderly stop is no attempt.
	Attempts() int
	// Progress is what an earlier or this claim saved last.
	Progress() string
	// Hold keeps the job this worker's until the end of the unit of ctx, and
	// renews the lease. Work that writes in several units calls it first in
	// each. It answers ErrCancelled once the job was cancelled.
	Hold(ctx context.Context) error
	// Save is Hold, and keeps up to 64 KiB for the next claim of the job.
	Save(ctx context.Context, progress string) error
	// Finish ends the job with the unit of ctx.
	Finish(ctx context.Context) error
	// MarkDead ends the attempts with the unit of ctx: the job keeps its error
	// and waits for an operator. It is for GiveUp.
	MarkDead(ctx context.Context) error
}

// Kind says how one kind of job is done.
type Kind struct {
	Name        string
	Concurrency int           // jobs that one process does at a time
	MaxAttempts int           // before GiveUp
	Timeout     time.Duration // of one attempt
	// Work does one job. It ends the job itself by Finish, or answers nil and
	// leaves that to the runner. After an error it is called again, with
	// growing pauses.
	Work func(ctx context.Context, c Claim) error
	// GiveUp is called instead of Work once the job has failed too often, or
	// with a permanent error; nil means that there is nothing to do. It may
	// use MarkDead to have its own writes in the same unit; otherwise the
	// runner marks the job dead after it. After an error it is called again.
	GiveUp func(ctx context.Context, c Claim, cause error) error
	// TriedAnew has a dead job tried anew an hour after it died, with all its
	// attempts before it, as often as it dies: for work that has to be done some
	// day, and whose job is in the way of what follows until then. A job whose
	// last attempt ended with its process waits for an operator all the same,
	// since it may end the next one. Nothing is told anybody else when such a job
	// dies, so GiveUp tells nobody.
	TriedAnew bool
}

// The reasons for which a worker must let go of a job; the first also answers
// writes. context.Cause of a worker's context is one of them.
var (
	ErrLost      = errors.New("another worker may have the job")
	ErrCancelled = errors.New("the job was cancelled")
	ErrStopped   = errors.New("the process stops")
)

// Permanent marks an error that another attempt would not cure.
func Permanent(err error) error { return permanent{err} }

type permanent struct{ error }

// Unwrap gives the error behind the mark.
func (p permanent) Unwrap() error { return p.error }

// IsPermanent reports whether err was marked by Permanent.
func IsPermanent(err error) bool {
	_, ok := errors.AsType[permanent](err)
	return ok
}
