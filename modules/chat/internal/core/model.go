package core

import (
	"encoding/json"
	"time"

	"parley/modules/chat"
	"parley/modules/corpora"
	"parley/platform/kernel/money"
	"parley/platform/kernel/page"
)

// State is where a run stands.
type State string

// The states; the first two are open, the others final.
const (
	Queued      State = "queued"
	InProgress  State = "in_progress"
	Completed   State = chat.StateCompleted
	Failed      State = chat.StateFailed
	Cancelled   State = chat.StateCancelled
	Interrupted State = chat.StateInterrupted
)

// Open reports whether the run has not ended.
func (s State) Open() bool { return s == Queued || s == InProgress }

// AnswersUser reports whether a run in this state, of a source, has answered a
// question of a user: it is completed, and no evaluation asked.
func (s State) AnswersUser(source string) bool { return s == Completed && source != SourceEvaluation }

// Thread is a conversation of one user with one agent.
type Thread struct {
	ID              int64
	OrganizationID  int64
	AgentID         int64
	UserID          int64
	CorpusID        *int64 // of attachments
	ChatID          *string
	Title           string
	QuerySource     *string
	IsDeleted       bool
	IsSystemCreated bool
	CreatedBy       string
	CreatedOn       time.Time
	ModifiedBy      string
	ModifiedOn      time.Time // the newest activity
	Deletions       int64     // of its answers, each of which changes its history
}

// Turn is one exchange of a conversation. An open turn has no Bot.
type Turn struct {
	User string `json:"user"`
	Bot  string `json:"bot"`
}

// Run is one question and how far its answer is. It has no long text, so
// that lists of runs stay cheap.
type Run struct {
	ID               int64 // agent_response_id
	RunID            string
	OrganizationID   int64
	ThreadID         int64
	AgentID          int64
	AgentVersion     int64 // that answers; 0 before there were versions
	AgentType        string
	ProjectID        int64
	TeamID           int64
	UserID           int64
	State            State
	QuerySource      string
	MessageID        *string
	Model            string
	PromptTokens     int64
	CompletionTokens int64
	Cost             string // a decimal; the sum over the ledger
	CacheHit         bool
	CacheKey         string // under which its answer is used again; "" when it is not
	IsDeleted        bool
	CreatedBy        string
	CreatedOn        time.Time
	ModifiedOn       time.Time
	FailureCode      string
	FailureDetails   string
	FinishReason     string // of the model: FinishStop …; "" when it gave none
	CancelRequested  bool
	Owner            string // process that runs it
	LeaseUntil       time.Time
	LastSequence     int64 // of its stored events
	EstimatedPrompt  int64 // tokens sent to a model that has not answered yet
	IdempotencyKey   *string
	QuestionKey      *string // of the question of an evaluation
	Fingerprint      string
	Purpose          string // PurposeAnswer or PurposeJudge
}

// Content is the long part of a run.
type Content struct {
	RunID        int64 // agent_response_id
	Question     string
	Answer       string
	SearchQuery  string
	Sources      string
	History      []Turn
	References   []Reference
	FollowUps    []string
	CorpusIDs    []int64 `bun:"corpus_ids"`
	PromptPrefix string
	Instructions []string
	Options      Options
}

// Options is how the asker wants the question answered.
type Options struct {
	Model            string   `json:"model,omitempty"`
	CorpusIDs        []int64  `json:"corpus_ids,omitempty"`
	Top              int      `json:"top,omitempty"`
	HideSources      bool     `json:"hide_sources,omitempty"`
	SuggestFollowUps bool     `json:"suggest_followup_questions,omitempty"`
	Temperature      *float64 `json:"temperature,omitempty"`
	Caching          *bool    `json:"caching_enabled,omitempty"` // nil for what the agent says
	CacheSkip        bool     `json:"cache_skip,omitempty"`
}

// Reference is a source that the answer cites.
type Reference struct {
	Number     int    `json:"number"` // as in the answer's [1]
	URL        string `json:"url"`
	Order      int    `json:"order"` // of first citation, from 0
	Title      string `json:"title"`
	DocumentID int64  `json:"document_id"`
}

// Thought is one step of how an answer came about, as it was measured.
type Thought struct {
	Order      int
	Step       string
	Title      string
	Message    string
	StartedOn  time.Time
	DurationMS int64
	Detail     json.RawMessage
	// Data is what Detail is made of when it is stored: plain data that nobody
	// changes. It is nil once it is.
	Data any `bun:"-"`
}

// Support is a passage that was given to the model.
type Support struct {
	Number int
	corpora.Passage
}

// The steps of a stream. Those that end in _stream carry a Delta.
const (
	StepStart     = "start"
	StepRewriting = "query_rewriting"
	StepRetrieval = "retrieval"
	StepModel     = "generation"
	StepStream    = "assistant_stream"
	StepEnd       = "end"
	StepError     = "error"
)

// StreamEvent is one stored event of a run's stream.
type StreamEvent struct {
	Sequence int64 // from 1, without gaps
	Step     string
	Message  string
	Delta    string
	Code     string // of an error
	Details  string
}

// Last reports whether the stream ends after the event.
func (e StreamEvent) Last() bool { return e.Step == StepEnd || e.Step == StepError }

// Why a model's answer is finished.
const (
	FinishStop     = "stop"
	FinishLength   = "length"         // the model may write no more tokens
	FinishFiltered = "content_filter" // the provider took the rest away
)

// finishWords say of an answer that is not whole why; "" for one that is.
func finishWords(reason string) string {
	switch reason {
	case FinishLength:
		return "The answer is cut: the model reached the number of tokens that it may write."
	case FinishFiltered:
		return "The answer is cut: the provider's content filter took the rest away."
	}
	return ""
}

// Outcome is everything that ends a run, stored in one commit.
type Outcome struct {
	State          State
	Answer         string
	SearchQuery    string
	Sources        string
	Model          string
	References     []Reference
	FollowUps      []string
	CorpusIDs      []int64
	Thoughts       []Thought
	Support        []Support
	Usage          []Metered
	FailureCode    string
	FailureDetails string
	FinishReason   string
	CacheHit       bool   // the answer is an earlier one
	CacheKey       string // under which it is used again; "" when it is not
	// Prepared is the store's own, of the rest; see Runs.Prepare.
	Prepared any
}

// Last is the event that ends the stream of the run.
func (o Outcome) Last(sequence int64) StreamEvent {
	if o.State == Completed {
		message := "The answer is complete."
		if cut := finishWords(o.FinishReason); cut != "" {
			message = cut
		}
		return StreamEvent{Sequence: sequence, Step: StepEnd, Message: message}
	}
	return StreamEvent{Sequence: sequence, Step: StepError, Message: o.FailureDetails, Code: o.FailureCode, Details: o.FailureDetails}
}

// Metered is one model call as it goes into the ledger.
type Metered struct {
	chat.Usage
	Raw json.RawMessage // the provider's own words, or null
}

// Totals sums a run's ledger rows the way the record shows them.
func Totals(rows []Metered) (prompt, completion int64, cost string) {
	var sum money.Amount
	for _, u := range rows {
		prompt += u.FreshInput + u.CachedInput
		completion += u.Output + u.Reasoning
		sum = sum.Plus(u.Amount())
	}
	return prompt, completion, sum.String()
}

// ByActivity is the order of threads: newest activity first.
func ByActivity(t Thread) page.Key { return page.Key{At: t.ModifiedOn, ID: t.ID} }

// ByRun is the order of a thread's runs: oldest first.
func ByRun(r Run) page.Key { return page.Key{ID: r.ID} }
