package chat

import (
	"strconv"
	"time"

	"parley/platform/kernel/event"
	"parley/platform/kernel/money"
)

// Events are those that the module publishes; a test holds the list complete.
func Events() []event.Event {
	return []event.Event{
		ThreadCreated{}, RunCompleted{}, RunFailed{},
		ContentGrantCreated{}, ContentGrantEnded{}, ContentRead{},
		ResponseCommented{}, ResponseRated{}, ResponseDeleted{}, ThreadDeleted{},
	}
}

// ThreadCreated tells that a conversation was begun.
type ThreadCreated struct {
	ThreadID       int64     `json:"thread_id"`
	OrganizationID int64     `json:"organization_id"`
	AgentID        int64     `json:"agent_id"`
	ProjectID      int64     `json:"project_id"`
	TeamID         int64     `json:"team_id"` // 0 when the project has none
	UserID         int64     `json:"user_id"`
	CreatedOn      time.Time `json:"created_on"`
}

// EventName implements event.Event.
func (ThreadCreated) EventName() string { return "chat.thread_created.v1" }

// AggregateKey implements event.Event.
func (e ThreadCreated) AggregateKey() string { return threadKey(e.ThreadID) }

// Usage is one row of the ledger: one call of a model. The four token counts
// exclude each other.
type Usage struct {
	Purpose     string `json:"purpose"` // "answer"
	Model       string `json:"model"`
	FreshInput  int64  `json:"fresh_input"`
	CachedInput int64  `json:"cached_input"`
	Output      int64  `json:"output"`
	Reasoning   int64  `json:"reasoning"`
	CostNano    int64  `json:"cost_nano"`    // billionths of a dollar, rounded down; cost is exact
	UsageSource string `json:"usage_source"` // "provider" or "estimated"
	Cost        string `json:"cost"`         // in dollars, as an exact decimal
	CostSource  string `json:"cost_source"`  // "prices", "none" for a model without prices, or "free" without a model
}

// Amount is the cost. Events of before costs were exact have it in billionths.
func (u Usage) Amount() money.Amount {
	if cost, err := money.Parse(u.Cost); err == nil {
		return cost
	}
	return money.Amount{Nano: u.CostNano}
}

// The states of a run that has ended.
const (
	StateCompleted   = "completed"
	StateFailed      = "failed"
	StateCancelled   = "cancelled"
	StateInterrupted = "interrupted" // the process stopped or died
)

// Run is what both ends of a run tell. The project and the team are those of
// the agent at the moment of the question.
type Run struct {
	RunID           string    `json:"run_id"`
	AgentResponseID int64     `json:"agent_response_id"`
	OrganizationID  int64     `json:"organization_id"`
	ThreadID        int64     `json:"thread_id"`
	AgentID         int64     `json:"agent_id"`
	AgentVersion    int64     `json:"agent_version"` // that answered
	AgentType       string    `json:"agent_type"`
	ProjectID       int64     `json:"project_id"`
	TeamID          int64     `json:"team_id"`
	UserID          int64     `json:"user_id"`
	QuerySource     string    `json:"query_source"`
	State           string    `json:"state"`    // completed, failed, cancelled or interrupted
	AskedOn         time.Time `json:"asked_on"` // the moment that figures count it under
	EndedOn         time.Time `json:"ended_on"`
	CacheHit        bool      `json:"cache_hit"` // an earlier answer was used again, at no cost
	Usage           []Usage   `json:"usage"`
}

// RunCompleted tells that a question was answered. It is in the same commit
// as the answer and its ledger rows.
type RunCompleted struct{ Run }

// EventName implements event.Event.
func (RunCompleted) EventName() string { return "chat.run_completed.v1" }

// AggregateKey implements event.Event.
func (e RunCompleted) AggregateKey() string { return threadKey(e.ThreadID) }

// RunFailed tells that a question was not answered: the model failed, the
// asker cancelled, or the process died. What was used until then is in Usage.
type RunFailed struct{ Run }

// EventName implements event.Event.
func (RunFailed) EventName() string { return "chat.run_failed.v1" }

// AggregateKey implements event.Event.
func (e RunFailed) AggregateKey() string { return threadKey(e.ThreadID) }

func threadKey(id int64) string { return "thread/" + strconv.FormatInt(id, 10) }
