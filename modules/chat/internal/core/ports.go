package core

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"parley/modules/corpora"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
)

// Store keeps threads and runs.
type Store interface {
	Threads
	Runs
	Leases
	Grants
	Feedback
	Deletions
	Answers
}

// Threads keeps conversations. Only their user ever finds them.
type Threads interface {
	AddThread(ctx context.Context, t Thread) (Thread, error)
	// Thread answers ErrNotFound for anybody else's and for a deleted one.
	Thread(ctx context.Context, userID, id int64) (Thread, error)
	// UpdateThread changes a thread of the user's.
	UpdateThread(ctx context.Context, userID, id int64, change func(*Thread) error) (Thread, error)
	// ThreadsPage is the user's threads with the agent, newest activity first.
	// Threads without a source match every querySource; those of evaluations
	// match theirs alone.
	ThreadsPage(ctx context.Context, userID, agentID int64, querySource string, p page.Request) (page.Of[Thread], error)
}

// Runs keeps questions, answers and stored streams.
type Runs interface {
	// Write stores the parts of a batch within the unit of ctx. A part that
	// cannot be stored for what it is about is answered with its error and
	// leaves nothing; the others are stored. They can be read when the unit has
	// ended, not before. A part that comes again after a unit that nobody knows
	// the end of (uow.ErrUnknown) is stored once: Write waits for that unit, if
	// it is still under way, and answers what it stored.
	Write(ctx context.Context, b Batch) (Written, error)
	// Coming says that a question will be written in a moment, so that the store
	// may get ready for it. It does not wait, and nothing depends on it.
	Coming(ctx context.Context, now time.Time)
	// Prepare answers an outcome, which changes no more, with what Write can do
	// beforehand: while it runs no other run is stored. Write does it for an
	// outcome that is not prepared.
	Prepare(o Outcome) (Outcome, error)
	// Run answers ErrNotFound for anybody else's and for a deleted one.
	Run(ctx context.Context, userID, id int64) (Run, error)
	// RunByKey answers the user's run of an Idempotency-Key, or ErrNotFound.
	RunByKey(ctx context.Context, userID int64, key string) (Run, error)
	// RunByQuestion answers the user's run of an evaluation's question, also a
	// deleted one, or ErrNotFound.
	RunByQuestion(ctx context.Context, userID int64, key string) (Run, error)
	// ForgetQuestion gives the key of a question free, whose run has ended.
	ForgetQuestion(ctx context.Context, run int64) error
	// RunsPage is a thread's runs, oldest first.
	RunsPage(ctx context.Context, threadID int64, p page.Request) (page.Of[Run], error)
	// Contents answers the long parts of runs, by run id, in one query.
	Contents(ctx context.Context, runs []int64) (map[int64]Content, error)
	// CachedAnswer answers the newest answer of the organization that was kept under a
	// key and asked for after a time, or ErrNotFound. One that was deleted, or
	// whose thread or user was, is not kept any more.
	CachedAnswer(ctx context.Context, organizationID int64, key string, after time.Time) (CachedAnswer, error)
	// History answers the last n completed exchanges of a thread, oldest first.
	History(ctx context.Context, threadID int64, n int) ([]Turn, error)
	// Thoughts and Support answer the record of a run, in order.
	Thoughts(ctx context.Context, run int64) ([]Thought, error)
	Support(ctx context.Context, run int64) ([]Support, error)
	// Events answers stored events with a greater sequence number, in order.
	Events(ctx context.Context, run, after int64, limit int) ([]StreamEvent, error)
	// Sequences answers the last sequence number of each run that is there and
	// not deleted.
	Sequences(ctx context.Context, runs []int64) (map[int64]int64, error)
	// DeleteUser removes the texts, threads, comments and votes of a user. The
	// runs stay as bare figures.
	DeleteUser(ctx context.Context, userID int64) error
}

// Batch is what one commit stores of many runs.
type Batch struct {
	Now time.Time
	// Expecting says that no part is likely to be refused, so that a store may
	// write all of them without asking.
	Expecting bool

	Accepts  []Accept
	Advances []Advance
	Ends     []End
}

// Written is what became of the parts of a batch, in their order. Expected says
// that nothing was asked for: the whole unit fails where a part would be refused,
// perhaps at its end, and the batch is to be written again without Expecting.
type Written struct {
	Expected bool

	Accepts  []Accepted
	Advances []error
	Ends     []Ended
}

// Accept is a question with its run, its first events and its thread.
type Accept struct {
	// Thread is stored when its id is 0. Else it is the thread that the
	// question goes to: its title and last activity are stored.
	Thread Thread
	// Run has no id, but for a question that comes again: then it has the one
	// that it was answered with before, by which and its RunID it is known.
	Run     Run
	Content Content
	Events  []StreamEvent
}

// Accepted is a stored question. Before is whether it came again and had been
// stored, so that nothing was done. Err is ErrInProgress when the run's key is
// taken, and ErrNotFound when the user's thread is gone, or an answer of it was
// deleted since it was read.
type Accepted struct {
	Thread Thread
	Run    Run
	Before bool
	Err    error
}

// Advance is more of the stream of a run that goes on. It is stored for an
// open run of the owner, else answered with ErrNoLongerOurs, and for a deleted
// one with ErrDeleted.
type Advance struct {
	Run      int64
	Owner    string
	Begins   *Beginning // nil when the run has begun before
	Events   []StreamEvent
	Sequence int64 // of the last event
	Again    bool  // some of the events may be stored
}

// Beginning is what is known of a run once its turn has come.
type Beginning struct {
	Model           string
	EstimatedPrompt int64 // in tokens
	SearchQuery     string
	LeaseUntil      time.Time
}

// End is the end of an open run of the owner: state, content, record, ledger
// and last events. ErrNoLongerOurs stands for a run that has ended already or
// has another owner. Of a deleted run only figures are stored.
type End struct {
	Run      int64
	Owner    string
	AgentID  int64
	Source   string // QuerySource of the run
	Outcome  Outcome
	Events   []StreamEvent // before the last
	Sequence int64         // of the last event, which is Outcome.Last
	Again    bool          // it may be stored, or some of the events
}

// Ended is what became of an end.
type Ended struct {
	Deleted bool // the run was, or its user
	Before  bool // it came again and had been stored, so that nothing was done
	Err     error
}

// Leases tells living runs from those of a dead process.
type Leases interface {
	// Renew extends the leases of the owner's runs and answers those that
	// somebody asked to cancel.
	Renew(ctx context.Context, owner string, runs []int64, until time.Time) ([]int64, error)
	// Owners answers the processes that own open runs.
	Owners(ctx context.Context) ([]string, error)
	// Expired answers open runs, up to limit and ordered by id, whose lease is
	// over or whose owner is among the dead.
	Expired(ctx context.Context, now time.Time, dead []string, limit int) ([]Run, error)
	// RequestCancel marks a run of the user's; ErrEnded when it has ended.
	RequestCancel(ctx context.Context, userID, run int64) (Run, error)
	// ForgetKeys gives Idempotency-Keys of ended runs before a time free.
	ForgetKeys(ctx context.Context, before time.Time) error
	// PruneStreams removes the stored events of up to limit runs that ended
	// before a time, but for the last event of each, within the unit of ctx. It
	// goes by the ids of runs, up to the first that is younger or open, and
	// reports whether more may follow.
	PruneStreams(ctx context.Context, before time.Time, limit int) (more bool, err error)
}

// Askers knows who the askers are now. users.Actors is it.
type Askers interface {
	// Actor answers an active user; the error for any other is of kind NotFound
	// or Forbidden.
	Actor(ctx context.Context, organizationID, userID int64) (actor.Actor, error)
	// Level answers also of a suspended user; the error for a deleted one is of
	// kind NotFound.
	Level(ctx context.Context, organizationID, userID int64) (actor.Level, error)
	// GlobalAdminIDs answers all global admins, also suspended ones.
	GlobalAdminIDs(ctx context.Context, organizationID int64) ([]int64, error)
	// Forget makes the next Actor read what is stored.
	Forget(userIDs ...int64)
}

// Peers knows which processes live.
type Peers interface {
	// Dead answers which of the processes do not live any more.
	Dead(ctx context.Context, ids []string) ([]string, error)
}

// Prompt is one question with all that goes to a model.
type Prompt struct {
	System           string
	History          []Turn
	Rendered         string // with the passages, as the model sees it
	Original         string // the question alone
	SearchQuery      string // the question made to stand alone, as it was searched
	Passages         []corpora.Passage
	Weights          corpora.Weights
	Temperature      *float64
	SuggestFollowUps bool
	// Loading is called, perhaps more than once and from another goroutine, when
	// the model says that it is being loaded, or begins late. It may be nil.
	Loading func()
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
	// Quotes say where the cited sentences stand, for a model that knows.
	Quotes []Quote
	// Reasoning is what the model thought before it answered. It goes to the
	// thoughts alone.
	Reasoning string
	// FinishReason is FinishStop, FinishLength, FinishFiltered, or "" for a
	// model that gives none.
	FinishReason string
	Usage        Usage
	// Refused is whether the provider did not take the call or was not reached,
	// so that nothing was used.
	Refused bool
}

// Quote is a place that an answer quotes.
type Quote struct {
	Number int // of the passage, as it is cited
	At     int // bytes into the passage's text
}

// ErrPromptTooLong is among the errors of a Model that did not take a prompt
// for its length, before it answered anything.
var ErrPromptTooLong = errors.New("the prompt is longer than the model takes")

// ErrNoAnswer is among the errors of a Model that failed before it answered
// anything, in a way that another model need not.
var ErrNoAnswer = errors.New("the model did not answer")

// Model answers questions from passages.
type Model interface {
	// Name is what requests choose the model by.
	Name() string
	// Answer calls emit with each piece of the answer as it comes. On an
	// error the Completion has what came until then.
	Answer(ctx context.Context, p Prompt, emit func(delta string) error) (Completion, error)
}
