package core

import (
	"context"
	"encoding/json"
	"time"

	"parley/modules/corpora"
	"parley/platform/kernel/page"
)

// Store keeps threads and runs.
type Store interface {
	Threads
	Runs
	Leases
}

// Threads keeps conversations. Only their user ever finds them.
type Threads interface {
	AddThread(ctx context.Context, t Thread) (Thread, error)
	// Thread answers ErrNotFound for anybody else's and for a deleted one.
	Thread(ctx context.Context, userID, id int64) (Thread, error)
	// UpdateThread changes a thread of the user's.
	UpdateThread(ctx context.Context, userID, id int64, change func(*Thread) error) (Thread, error)
	// ThreadsPage is the user's threads with the agent, newest activity first.
	// Threads without a source match every querySource.
	ThreadsPage(ctx context.Context, userID, agentID int64, querySource string, p page.Request) (page.Of[Thread], error)
}

// Runs keeps questions, answers and stored streams.
type Runs interface {
	// AddRun stores a question. ErrInProgress stands for a key that is taken.
	AddRun(ctx context.Context, r Run, c Content) (Run, error)
	// Run answers ErrNotFound for anybody else's and for a deleted one.
	Run(ctx context.Context, userID, id int64) (Run, error)
	// RunByKey answers the user's run of an Idempotency-Key, or ErrNotFound.
	RunByKey(ctx context.Context, userID int64, key string) (Run, error)
	// RunsPage is a thread's runs, oldest first.
	RunsPage(ctx context.Context, threadID int64, p page.Request) (page.Of[Run], error)
	// Contents answers the long parts of runs, by run id, in one query.
	Contents(ctx context.Context, runs []int64) (map[int64]Content, error)
	// History answers the last n completed exchanges of a thread, oldest first.
	History(ctx context.Context, threadID int64, n int) ([]Turn, error)
	// Thoughts and Support answer the record of a run, in order.
	Thoughts(ctx context.Context, run int64) ([]Thought, error)
	Support(ctx context.Context, run int64) ([]Support, error)
	// AppendEvents stores the next events of a stream. It answers
	// ErrNoLongerOurs when the run has ended or another process owns it.
	AppendEvents(ctx context.Context, run int64, owner string, events []StreamEvent) error
	// Events answers stored events with a greater sequence number, in order.
	Events(ctx context.Context, run, after int64, limit int) ([]StreamEvent, error)
	// CloseRun ends an open run of the owner: state, content, record, ledger
	// and last event, in the unit of ctx. It answers the run as it is now, or
	// ErrNoLongerOurs when it has ended already or has another owner.
	CloseRun(ctx context.Context, run int64, owner string, o Outcome, now time.Time) (Run, error)
	// DeleteUser removes the texts and threads of a user. The runs stay as
	// bare figures.
	DeleteUser(ctx context.Context, userID int64) error
}

// Leases tells living runs from those of a dead process.
type Leases interface {
	// Start moves a queued run to in_progress; ErrNoLongerOurs when it ended.
	Start(ctx context.Context, run int64, owner string, now, until time.Time) error
	// Renew extends the leases of the owner's runs and answers those that
	// somebody asked to cancel.
	Renew(ctx context.Context, owner string, runs []int64, until time.Time) ([]int64, error)
	// Owners answers the processes that own open runs.
	Owners(ctx context.Context) ([]string, error)
	// Expired answers open runs, up to limit and ordered by id, whose lease is
	// over or whose owner is among the dead.
	Expired(ctx context.Context, now time.Time, dead []string, limit int) ([]Run, error)
	// Estimate records which model is asked and the size of the prompt, before
	// it is called.
	Estimate(ctx context.Context, run int64, model string, promptTokens int64, searchQuery string) error
	// RequestCancel marks a run of the user's; ErrEnded when it has ended.
	RequestCancel(ctx context.Context, userID, run int64) (Run, error)
	// ForgetKeys gives Idempotency-Keys of ended runs before a time free.
	ForgetKeys(ctx context.Context, before time.Time) error
}

// Peers knows which processes live.
type Peers interface {
	// Dead answers which of the processes do not live any more.
	Dead(ctx context.Context, ids []string) ([]string, error)
}

// Prompt is one question with all that goes to a model.
type Prompt struct {
	Model            string // "" for the default
	System           string
	History          []Turn
	Rendered         string // with the passages, as the model sees it
	Original         string // the question alone
	SearchQuery      string // the question made to stand alone, as it was searched
	Passages         []corpora.Passage
	Weights          map[string]float64
	Temperature      *float64
	SuggestFollowUps bool
}

// Usage is what a model call used. Reported is false when the provider gave
// no figures.
type Usage struct {
	FreshInput, CachedInput, Output, Reasoning int64
	Reported                                   bool
	Raw                                        json.RawMessage
}

// Completion is what a model answered.
type Completion struct {
	Text      string
	Model     string
	FollowUps []string
	Usage     Usage
}

// Model answers questions from passages.
type Model interface {
	// Name is the model that answers when a prompt names none.
	Name() string
	// Answer calls emit with each piece of the answer as it comes. On an
	// error the Completion has what came until then.
	Answer(ctx context.Context, p Prompt, emit func(delta string) error) (Completion, error)
}
