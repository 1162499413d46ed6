package work

import (
	"context"
	"time"

	"parley/platform/kernel/work"
)

// State is where a job is in its life.
type State string

// The states. A finished job is gone.
const (
	Ready   State = "ready" // waits for its time and a worker
	Running State = "running"
	Dead    State = "dead" // waits for an operator
)

// Stored is a job as the store keeps it.
type Stored struct {
	ID int64
	work.Job
	State State
	// Alone is whether the job must be the only one of its process, because an
	// earlier process died while it worked on this job and others.
	Alone       bool
	IsCancelled bool // while running: the worker is to let go
	Owner       string
	Token       int64 // of the latest claim
	LeasedUntil *time.Time
	Attempts    int
	Error       string // of the last attempt
	Progress    string
	ChangedOn   time.Time
}

// Fence is what a write in the name of a claim must match.
type Fence struct {
	ID    int64
	Token int64
}

// Fence is that of the claim that answered s.
func (s Stored) Fence() Fence { return Fence{s.ID, s.Token} }

// ClaimRequest asks for jobs of a kind that are due, for a process that holds
// them until the lease ends.
type ClaimRequest struct {
	Kind  string
	Limit int // at most MaxClaim
	// Alone asks for a job that must run alone, instead of the others.
	Alone bool
	Owner string
	Now   time.Time
	Until time.Time // of the lease
}

// MaxClaim bounds the jobs of one claim.
const MaxClaim = 16

// Failure is how an attempt ended.
type Failure struct {
	Error    string
	Attempts int
	Dead     bool
	DueAt    time.Time // of the next attempt
}

// Takeover takes the jobs of a process away.
type Takeover struct {
	Owner string
	// Expired takes only those whose lease has ended by Now; otherwise all.
	Expired bool
	// Counts is whether this counts as an attempt. Otherwise the jobs are to
	// run alone.
	Counts bool
	Error  string
	Now    time.Time
}

// Revival makes dead jobs ready, with no attempts.
type Revival struct {
	Kinds    []string
	DiedBy   time.Time // or earlier
	StayDead []string  // errors of jobs that wait for an operator
	Now      time.Time
}

// MaxRevived bounds the jobs of one revival.
const MaxRevived = 1_000

// Owner is a process that holds jobs.
type Owner struct {
	ID      string
	Running int
	Lease   time.Time // the earliest of its jobs
}

// Count is how many jobs of a kind are in a state.
type Count struct {
	Kind  string
	State State
	Jobs  int64
}

// Puts is the part of a store that takes jobs. All of it takes part in the
// unit of ctx.
type Puts interface {
	// Add adds ready jobs; one whose kind and key is there already is left out.
	Add(ctx context.Context, jobs []work.Job, now time.Time) error
	// Cancel removes jobs that nobody works on and marks those that are
	// running. It reports whether any was marked.
	Cancel(ctx context.Context, kind string, keys []string, now time.Time) (running bool, err error)
}

// Due is what waits of a kind and may begin.
type Due struct {
	Jobs  bool // some that may run beside others
	Alone bool // some that must run alone
}

// Claims is the part of a store that workers use. Hold, Finish and Fail take
// part in the unit of ctx and answer work.ErrLost when the fence doesn't
// match a running job.
type Claims interface {
	// Due answers which of the kinds have jobs that are due, in one look that
	// locks nothing: an idle worker asks nothing else.
	Due(ctx context.Context, kinds []string, now time.Time) (map[string]Due, error)
	// Claim hands out due jobs of one kind, in the order that the package
	// comment says, as one short transaction. Of any number of claims at once
	// each job goes to one.
	Claim(ctx context.Context, r ClaimRequest) ([]Stored, error)
	// Renew extends the leases of an owner's jobs among ids, and answers them.
	Renew(ctx context.Context, owner string, ids []int64, until time.Time) ([]Stored, error)
	// Hold extends one lease and stores progress unless it is nil. It answers
	// work.ErrCancelled for a cancelled job.
	Hold(ctx context.Context, f Fence, until time.Time, progress *string) error
	Finish(ctx context.Context, f Fence) error
	Fail(ctx context.Context, f Fence, how Failure, now time.Time) error
	// Return makes jobs ready as they were before they were claimed. Those
	// whose fence doesn't match it leaves alone.
	Return(ctx context.Context, fences []Fence, now time.Time) error
}

// Supervision is the part of a store for those who look after jobs.
type Supervision interface {
	// Owners answers the processes that hold running jobs.
	Owners(ctx context.Context) ([]Owner, error)
	// TakeOver makes jobs of a process ready, and answers how many.
	TakeOver(ctx context.Context, t Takeover) (int64, error)
	// DeadJobs answers dead jobs, the latest first.
	DeadJobs(ctx context.Context, limit int) ([]Stored, error)
	// Retry makes dead jobs ready with no attempts, and answers how many.
	Retry(ctx context.Context, ids []int64, now time.Time) (int64, error)
	// Revive answers how many, at most MaxRevived. It takes those that died
	// first.
	Revive(ctx context.Context, r Revival) (int64, error)
	Counts(ctx context.Context) ([]Count, error)
}

// Store keeps jobs. Each of its parts is what one user of it needs; one contract
// suite holds for all stores.
type Store interface {
	Puts
	Claims
	Supervision
}

// Peers knows which processes live: sqldb.Presence.
type Peers interface {
	// Dead answers which of the processes do not live any more.
	Dead(ctx context.Context, ids []string) ([]string, error)
}

// Signals wakes the runners of other processes.
type Signals interface {
	// Send tells them, soon, that there are jobs, or that running ones were
	// cancelled. It never blocks.
	Send(cancelled bool)
	// Run sends, and unless heard is nil listens to others, until ctx ends.
	Run(ctx context.Context, heard func(cancelled bool))
}
