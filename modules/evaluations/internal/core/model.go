package core

import (
	"slices"
	"time"

	"parley/modules/evaluations"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
)

// Dataset is a list of questions with expected answers. Its queries are those
// of its version.
type Dataset struct {
	ID             int64
	OrganizationID int64
	AgentID        int64
	Name           string
	Description    string
	Version        int64 // from 1; one more with each change of the queries
	QueryCount     int64
	IsDeleted      bool
	audit.Audit
}

// Query is one question of one version of a dataset. It never changes.
type Query struct {
	ID                int64
	DatasetID         int64
	Version           int64
	Query             string
	ExpectedAnswer    string
	ExpectedDocuments []string // ids or names
	// SourceAgentResponse is the answer that the query was made from, and
	// SourceDocuments are those that it cited; nil for a query of one's own.
	SourceAgentResponse *int64
	SourceDocuments     []int64
	// Fingerprint is the same for queries that ask and expect the same.
	Fingerprint string
}

// Status is where a test is in its life.
type Status string

// The statuses. All but the first two are end states.
const (
	Pending   Status = "pending"
	Running   Status = "running"
	Completed Status = "completed"
	Failed    Status = "failed" // no query was answered
	Cancelled Status = "cancelled"
	Archived  Status = "archived"
)

// Open reports whether a test has yet to end.
func (s Status) Open() bool { return s == Pending || s == Running }

// MetricRef is a metric with the version that a test scores by.
type MetricRef struct {
	Name    string `json:"name"`
	Version int    `json:"version"`
}

// Mean is a metric over the queries of a test for which it has a value.
type Mean struct {
	Mean  *float64 `json:"mean"` // nil when it has a value for no query
	Count int64    `json:"count"`
}

// Test puts the queries of one version of a dataset to an agent.
type Test struct {
	ID             int64
	OrganizationID int64
	AgentID        int64
	DatasetID      int64
	DatasetVersion int64
	UserID         int64 // who made it, and with whose rights it asks
	ThreadID       int64 // in which it asks; 0 before it runs
	Name           string
	Status         Status
	Run            int64 // from 1; one more each time that it is run again
	Metrics        []MetricRef
	JudgeModel     string // "" when no model judges
	Threshold      *float64
	BaselineID     *int64
	Passed         *bool

	Total  int64 // queries
	Done   int64 // that ended
	Failed int64 // of those, failed

	// Scores are there once it has ended, by the name of the metric.
	Scores map[string]Mean
	// AgentVersions and Models are what answered, ascending: more than one when
	// the agent was changed meanwhile.
	AgentVersions []int64
	Models        []string
	// GateSum is the sum of the gate's metric over the queries that it counts,
	// which are GateCount; a failed query counts as 0. Regressed is the number of
	// queries that passed in the baseline and do not pass here.
	GateSum   float64
	GateCount int64
	Regressed int64

	LastEvent     int64 // the number of the last event that was stored
	StartedOn     *time.Time
	FinishedOn    *time.Time
	FailureReason string
	audit.Audit
}

// told is what its events tell of a test.
func (t Test) told() evaluations.Evaluation {
	return evaluations.Evaluation{EvaluationID: t.ID, OrganizationID: t.OrganizationID, AgentID: t.AgentID, UserID: t.UserID}
}

// judge decides whether a test has passed, by what it has reached: nil without
// a threshold and a baseline, and before it has ended.
func (t *Test) judge() {
	t.Passed = nil
	if (t.Status != Completed && t.Status != Failed && t.Status != Archived) || t.FinishedOn == nil || (t.Threshold == nil && t.BaselineID == nil) {
		return
	}
	passed := t.GateCount > 0 && t.FailureReason == ""
	if t.Threshold != nil && passed {
		passed = t.GateSum/float64(t.GateCount) >= *t.Threshold
	}
	if t.BaselineID != nil && t.Regressed > 0 {
		passed = false
	}
	t.Passed = &passed
}

// ResultStatus is how the query of a test ended.
type ResultStatus string

// The statuses of a query.
const (
	Waiting   ResultStatus = "pending"
	Scored    ResultStatus = "scored"
	NotScored ResultStatus = "not_scored" // answered without a score, or never asked because the test was cancelled
	QueryLost ResultStatus = "failed"
)

// Score is what a metric says of an answer. A nil Value means that it says
// nothing, for the Reason.
type Score struct {
	Value  *float64 `json:"value"`
	Reason string   `json:"reason,omitempty"`
}

// Result is one query of a test.
type Result struct {
	ID              int64
	TestID          int64
	QueryID         int64
	Status          ResultStatus
	AgentResponseID int64 // 0 when nothing was asked
	AgentVersion    int64
	Model           string
	Scores          map[string]Score
	Passed          *bool // nil when the gate's metric has no value
	FailureReason   string
	DocumentIDs     []int64 `bun:"document_ids"` // of the passages that the answer was made from, ascending
	EndedOn         *time.Time
}

// Texts are the long part of a result, which lists of figures don't read.
type Texts struct {
	ResultID int64
	Answer   string
	// Details has what each metric's value was made from, as JSON by the name of
	// the metric.
	Details string
}

// Shown is a result as the view of a test has it.
type Shown struct {
	Result
	Query
	Texts
	// IsHidden is whether the reader may not read all sources of the answer, so
	// that neither the answer nor what was made of it is there.
	IsHidden bool
}

// Progress is one event of the stream of a test.
type Progress struct {
	ID       int64
	TestID   int64
	Sequence int64 // from 1, without gaps within one run
	Step     string
	Message  string
	Status   Status
	Total    int64
	Done     int64
	Failed   int64
}

// The steps of a test's stream. StepEnd and StepError are its last.
const (
	StepStart    = "start"
	StepProgress = "progress"
	StepEnd      = "end"
	StepError    = "error"
)

// Comparison is a test beside its baseline.
type Comparison struct {
	BaselineID   int64                 `json:"baseline_id"`
	Queries      int64                 `json:"queries"` // that both have
	Regressions  []Change              `json:"regressions"`
	Improvements []Change              `json:"improvements"`
	Difference   map[string]Difference `json:"difference"`
	// RegressionCount and ImprovementCount count those beyond the listed, too.
	RegressionCount  int64 `json:"regression_count"`
	ImprovementCount int64 `json:"improvement_count"`
}

// Change is a query that passes in one of two tests alone.
type Change struct {
	QueryID  int64    `json:"query_id"`
	ResultID int64    `json:"result_id"`
	Before   *float64 `json:"before"`
	After    *float64 `json:"after"`
	Reason   string   `json:"reason,omitempty"` // why it failed
}

// Difference is how much the mean of a metric changed, with the bounds of a
// paired bootstrap of 95 %.
type Difference struct {
	Mean  float64 `json:"mean"`
	Low   float64 `json:"low"`
	High  float64 `json:"high"`
	Count int64   `json:"count"`
}

// The orders of lists.
var (
	DatasetKey = func(d Dataset) page.Key { return page.Key{ID: d.ID} }
	TestKey    = func(t Test) page.Key { return page.Key{ID: t.ID} }
	QueryKey   = func(q Query) page.Key { return page.Key{ID: q.ID} }
	ResultKey  = func(r Result) page.Key { return page.Key{ID: r.ID} }
)

// include adds a value to an ascending list without repeating it.
func include[V int64 | string](list []V, v V) []V {
	var none V
	at, there := slices.BinarySearch(list, v)
	if there || v == none {
		return list
	}
	return slices.Insert(list, at, v)
}
