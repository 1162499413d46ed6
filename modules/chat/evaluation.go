package chat

import (
	"context"
	"time"

	"parley/platform/kernel/actor"
)

// SourceEvaluation is the query_source of runs that evaluations begin. No
// client may send it.
const SourceEvaluation = "evaluation"

// Runner asks agents as stored users do, for modules that measure answers.
type Runner interface {
	// OpenThread stores an empty thread for the questions of one test and
	// answers its id, within the unit of ctx when it has one. The thread is the
	// user's and is made by the system. Lists leave it out unless they are asked
	// for SourceEvaluation, and no event tells of it.
	OpenThread(ctx context.Context, t TestThread) (int64, error)
	// Run asks one question and waits until its run has ended, with no
	// database connection held. The user is loaded and the rights are decided
	// when the run's turn comes, and retrieval and the model are those of a
	// question of that user; but it has no history and takes no part in the
	// answer cache. Runs of users go first, so it may wait for long.
	//
	// A run that ended failed is an Outcome, not an error. An error means that
	// there is no outcome: the user is gone or suspended, the agent is not one
	// that they may run, the model or the thread is unknown (kinds NotFound,
	// Forbidden and Unprocessable: asking again won't help), somebody cancelled or
	// deleted the run (Conflict), or something broke (any other; asking again may
	// help).
	//
	// The end of ctx cancels the run and stops its model at once; the error is
	// the cause of ctx. The run is closed as cancelled and metered.
	//
	// The Key makes it one question however often Run is called, also after the
	// process was killed: while its run is open, in whichever process, Run waits
	// for it, and once it has completed or failed, Run answers it. A run that was
	// cancelled or interrupted answered nothing: the question is asked anew
	// under the same key.
	Run(ctx context.Context, q Question) (Outcome, error)
}

// TestThread is a thread to be made for the questions of a test.
type TestThread struct {
	OrganizationID int64
	UserID         int64 // who asks
	AgentID        int64
	Title          string // at most 200 characters
}

// Question is one question of a test.
type Question struct {
	OrganizationID int64
	UserID         int64 // who asks
	AgentID        int64
	ThreadID       int64  // of OpenThread, for the same user and agent
	Text           string // at most 32,000 characters
	Model          string // "" for that of the agent
	// Key names the question among all of the user's, for ever: 1 to 200
	// characters, such as "test/7/query/12". A failed run keeps it, so a further
	// attempt has another one. Another question under it is a Conflict.
	Key string
}

// Outcome is how the run of a question ended.
type Outcome struct {
	AgentResponseID int64
	RunID           string
	State           string // StateCompleted or StateFailed
	FailureCode     string // of a failed run, such as chat.model_failed
	FailureDetails  string // the same in words
	FinishReason    string // stop, length, content_filter, or "" for a model that gives none
	Answer          string // what came of it when it failed
	References      []Reference
	Contexts        []SourcePassage // all that the model was given, in the order of their numbers
	AgentVersion    int64
	Model           string // that answered; "" when none was asked
	Figures
}

// Figures is what a run used: the sums over its rows in the ledger.
type Figures struct {
	PromptTokens     int64
	CompletionTokens int64
	Cost             string // in dollars, as an exact decimal
	AskedOn          time.Time
	EndedOn          time.Time
}

// Reference is a source that an answer cites.
type Reference struct {
	Number     int // as in the answer's [1]; that of a SourcePassage
	Title      string
	URL        string // path of this server
	DocumentID int64
}

// SourcePassage is a passage that a model was given.
type SourcePassage struct {
	Number     int // from 1
	DocumentID int64
	CorpusID   int64
	ChunkID    int64
	Title      string
	Text       string
}

// Judge makes single calls of a model, for modules that measure answers.
type Judge interface {
	// Models answers the names of the models that can judge, the default one
	// first; none when the server has no model.
	Models() []string
	// Judge sends a prompt to a model at temperature 0, with nothing added to it
	// and no model in the place of one that fails, and answers its text as it
	// came. Rights, waiting, errors, cancellation and Key are those of
	// Runner.Run, with keys of their own.
	//
	// A call is a run of its own in the test's thread, with SourceEvaluation and
	// one row in the ledger of the purpose "judge". So what judging costs is in
	// the figures of the agent, as every run is, and stays out of engagement.
	Judge(ctx context.Context, c JudgeCall) (Verdict, error)
}

// JudgeCall is a prompt for a model that judges.
type JudgeCall struct {
	OrganizationID int64
	UserID         int64 // whose test it is
	AgentID        int64 // that is tested
	ThreadID       int64 // of the test
	Model          string
	System         string // what the model is to do; with Prompt at most 400,000 characters
	Prompt         string
	Key            string // names the call among all of the user's, for ever: 1 to 200 characters
}

// Verdict is what a model answered to a JudgeCall.
type Verdict struct {
	AgentResponseID int64
	State           string // StateCompleted or StateFailed
	FailureCode     string
	FailureDetails  string
	FinishReason    string
	Text            string
	Model           string
	Figures
}

// Answered reads questions that agents answered for their users, without who
// asked.
type Answered interface {
	// Answered answers those of at most 1,000 responses that are completed
	// answers of the agent to its users' questions, and whose sources the reader
	// may all read at this moment; by id, ascending. All others (deleted, of
	// another agent, of an evaluation, or never there) are in notFound, ascending,
	// and nothing tells them apart. The reader must administer the agent:
	// else the error is of kind NotFound or Forbidden.
	Answered(ctx context.Context, reader actor.Actor, agentID int64, responseIDs []int64) (found []AnsweredQuestion, notFound []int64, err error)
}

// AnsweredQuestion is a question of some user with its answer.
type AnsweredQuestion struct {
	AgentResponseID int64
	Query           string
	Answer          string
	DocumentIDs     []int64 // of the documents that the answer cites, ascending
	CreatedOn       time.Time
	IsUpvote        bool
	IsDownvote      bool
}
