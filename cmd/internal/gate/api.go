package gate

// The parts of the API's answers that the gate reads.

// test is an evaluation.
type test struct {
	ID             int64               `json:"id"`
	Agent          int64               `json:"agent"`
	Dataset        int64               `json:"dataset"`
	DatasetVersion int64               `json:"dataset_version"`
	Name           string              `json:"name"`
	Status         string              `json:"status"`
	Metrics        []string            `json:"metrics"`
	Threshold      *float64            `json:"threshold"`
	BaselineID     *int64              `json:"baseline_id"`
	Passed         *bool               `json:"passed"`
	Progress       progress            `json:"progress"`
	Scores         map[string]*float64 `json:"scores"`
	FailureReason  *string             `json:"failure_reason"`
	Results        []result            `json:"results"`
	Comparison     *comparison         `json:"comparison"`
}

type progress struct {
	Total  int64 `json:"total"`
	Done   int64 `json:"done"`
	Failed int64 `json:"failed"`
}

// result is one query of an evaluation.
type result struct {
	QueryID        int64               `json:"query_id"`
	Query          string              `json:"query"`
	ExpectedAnswer string              `json:"expected_answer"`
	Answer         string              `json:"answer"`
	AgentResponse  *int64              `json:"agent_response"`
	Scores         map[string]*float64 `json:"scores"`
	Passed         *bool               `json:"passed"`
	Status         string              `json:"status"`
	FailureReason  *string             `json:"failure_reason"`
}

// comparison is an evaluation beside its baseline.
type comparison struct {
	Queries          int64                 `json:"queries"`
	Regressions      []change              `json:"regressions"`
	RegressionCount  int64                 `json:"regression_count"`
	ImprovementCount int64                 `json:"improvement_count"`
	Difference       map[string]difference `json:"difference"`
}

type change struct {
	QueryID int64    `json:"query_id"`
	Before  *float64 `json:"before"`
	After   *float64 `json:"after"`
}

type difference struct {
	Mean float64 `json:"mean"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// The statuses of an evaluation, and of a query of it.
const (
	completed = "completed"
	failed    = "failed"
	cancelled = "cancelled"
	notScored = "not_scored"
)

func (t test) open() bool { return t.Status == "pending" || t.Status == "running" }
