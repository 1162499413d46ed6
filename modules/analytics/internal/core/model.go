package core

import (
	"time"

	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/money"
)

// Evaluation is the source of runs that test an agent rather than use it.
const Evaluation = "evaluation"

// Fact is something that happened and what it adds to the figures. Facts are
// only ever added. Ids are 0 and texts empty where they don't apply.
type Fact struct {
	ID int64
	// Origin names what the fact is of, such as "run/7/1". A second fact of
	// one origin is not stored.
	Origin         string
	OrganizationID int64
	TeamID         int64
	ProjectID      int64
	AgentID        int64
	UserID         int64
	ThreadID       int64
	AgentType      string
	QuerySource    string
	Model          string
	State          string
	OccurredOn     time.Time
	Quarter        int64 // of OccurredOn; set by the Service
	Measures
}

// Measures are what facts add up to.
type Measures struct {
	Runs             int64
	Threads          int64
	Upvotes          int64
	Downvotes        int64
	PromptTokens     int64
	CompletionTokens int64
	Cost             money.Amount `bun:"embed:cost_"`
}

// QuarterOf counts the quarters of an hour since 1970. Every day of every
// time zone since 2000 begins and ends with one, so that sums over quarters
// can be summed to the days of any time zone.
func QuarterOf(t time.Time) int64 { return t.Unix() / (15 * 60) }

// Kind is a kind of item that the inventory counts. It is stored.
type Kind = actor.Resource

// The kinds that are counted.
const (
	User     = actor.Account
	Team     = actor.Team
	Project  = actor.Project
	Agent    = actor.Agent
	Corpus   = actor.Corpus
	Document = actor.Document
)

// Item is something that exists.
type Item struct {
	ID             int64
	Kind           Kind
	EntityID       int64
	OrganizationID int64
	TeamID         int64 // of a project that has one, else 0
	ProjectID      int64 // of an agent, else 0
}

// Filter narrows facts; zero fields match all. Threads have neither a source
// nor a model and match every one.
type Filter struct {
	AgentID     int64
	UserID      int64
	TeamID      int64
	ProjectID   int64
	QuerySource string
	Model       string
}

// Scope is the part of an organization that an actor may view the figures of:
// what they administer.
type Scope = access.Administered

// Selection is the facts that a figure is a sum over.
type Selection struct {
	Scope
	Filter
	From  time.Time
	Until time.Time // not included
}

// Totals are sums over a selection.
type Totals struct {
	ActiveUsers int64 // how many different users asked
	Queries     int64
	Threads     int64
	Upvotes     int64
	Downvotes   int64
	TotalTokens int64
	Cost        money.Amount
}
