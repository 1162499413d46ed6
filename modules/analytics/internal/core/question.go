package core

import (
	"time"

	"parley/modules/analytics/internal/core/sum"
	"parley/platform/kernel/money"
)

// Dimension is what the rows of an answer are of.
type Dimension string

// The dimensions. The key of a row is an id for the first four, a name for the
// others.
const (
	ByNothing     Dimension = ""
	ByUser        Dimension = "user"
	ByAgent       Dimension = "agent"
	ByTeam        Dimension = "team"    // key 0: of no team
	ByProject     Dimension = "project" // key 0: of no project
	ByQuerySource Dimension = "query_source"
	ByModel       Dimension = "model"
	ByAgentType   Dimension = "agent_type"
)

// Question asks what the selected facts add up to. It serves every operation:
// leave Cuts empty for one figure over the window, and By for one row a period.
//
// Figures that count distinct things are exact, and cost more than sums, so they
// are asked for: Users, Threads, Days.
type Question struct {
	Selection
	// Cuts are the instants at which a next period begins, ascending, between
	// From and Until and equal to neither. n cuts make n+1 periods: period 0
	// is from From to Cuts[0], period n from the last cut to Until. Any instant
	// is exact; multiples of a quarter of an hour, as the days of all zones
	// are, are also fast.
	Cuts []time.Time
	By   Dimension
	// Users asks for Figures.Users, Threads for Figures.Threads.
	Users, Threads bool
	// Days asks for Figures.ActiveDays: the instants at which a next day of the
	// reader's begins, as Cuts has periods. They are for a question without
	// Cuts. A window of one day has no instants: send an empty list, not nil.
	Days []time.Time
	// Without are figures that are not needed. They may be 0 in the answer.
	Without Part
	// First asks for so many rows at most, the first of those that Rank lists and in
	// its order, then by id; rows without an id have no place. They are for a question
	// without Cuts. 0 asks for all rows, in order of period and key.
	First int
	Rank  Ranking
}

// Part is some of the figures of a row.
type Part int

// The parts.
const (
	Nothing Part = iota
	Spent        // tokens and cost
	Marks        // votes, new threads and LastActive
)

// Row is what the facts of one period and one key add up to. Rows in which
// nothing happened may be missing.
type Row struct {
	Period int
	Key    Key
	Figures
}

// Key is what a row is of: an id or a name, by the dimension. Facts that the
// dimension doesn't apply to have the zero key: threads begin without a source,
// a model and a type of agent, and questions that no model answered have no
// model.
type Key struct {
	ID   int64
	Name string
}

// Figures are what facts add up to. Runs, tokens and cost have evaluation runs
// in them; all else leaves them out. A sum that no longer fits stays at the
// greatest value that does.
type Figures struct {
	Queries          int64 // runs that are no evaluation
	Runs             int64 // all runs: "chatlogs"
	PromptTokens     int64
	CompletionTokens int64
	Cost             money.Amount
	Upvotes          int64
	Downvotes        int64
	// NewThreads were begun. They match every QuerySource and Model of a filter.
	NewThreads int64
	// LastActive is the moment of the latest query; zero when there is none.
	LastActive time.Time
	// Users asked a query, Threads had one; each counts once. 0 when not asked
	// for.
	Users, Threads int64
	// ActiveDays are how many days had a query. 0 when not asked for.
	ActiveDays int64
}

// TotalTokens are those of the prompts and of the completions.
func (f Figures) TotalTokens() int64 { return sum.Add(f.PromptTokens, f.CompletionTokens) }

// LookBack is how many days Engagement looks back, beside the day itself.
const LookBack = 29

// EngagementQuestion asks who used the server on each of a row of days.
type EngagementQuestion struct {
	Scope
	Filter
	// Bounds are the begins of days, ascending, and the end of the last one:
	// n+1 instants for n days. The first LookBack days are only looked back
	// at, so there are LookBack+2 bounds at least.
	Bounds []time.Time
}

// Engaged are distinct users with a query.
type Engaged struct {
	Daily   int64 // on the day
	Weekly  int64 // on it or on the 6 before
	Monthly int64 // on it or on the 29 before
	// New were active on the day for the first time ever, among the facts that
	// scope and filter select.
	New int64
}
