package evaluations

import (
	"fmt"

	"parley/platform/kernel/event"
)

// Events are those that the module publishes.
func Events() []event.Event {
	return []event.Event{
		DatasetCreated{}, DatasetUpdated{}, DatasetDeleted{}, EvaluationCreated{}, EvaluationStarted{}, EvaluationEnded{},
	}
}

// DatasetCreated tells that an agent has a new dataset.
type DatasetCreated struct {
	DatasetID      int64 `json:"dataset_id"`
	OrganizationID int64 `json:"organization_id"`
	AgentID        int64 `json:"agent_id"`
	Queries        int64 `json:"queries"` // how many it has
	CreatedBy      int64 `json:"created_by"`
}

// EventName implements event.Event.
func (DatasetCreated) EventName() string { return "evaluations.dataset_created.v1" }

// AggregateKey implements event.Event.
func (e DatasetCreated) AggregateKey() string { return datasetKey(e.DatasetID) }

// DatasetUpdated tells that a dataset has another name or version.
type DatasetUpdated struct {
	DatasetID      int64 `json:"dataset_id"`
	OrganizationID int64 `json:"organization_id"`
	AgentID        int64 `json:"agent_id"`
	Version        int64 `json:"version"` // the same as before when no query is another
	UpdatedBy      int64 `json:"updated_by"`
}

// EventName implements event.Event.
func (DatasetUpdated) EventName() string { return "evaluations.dataset_updated.v1" }

// AggregateKey implements event.Event.
func (e DatasetUpdated) AggregateKey() string { return datasetKey(e.DatasetID) }

// DatasetDeleted tells that a dataset was deleted. The results of tests that
// ran on it stay.
type DatasetDeleted struct {
	DatasetID      int64 `json:"dataset_id"`
	OrganizationID int64 `json:"organization_id"`
	AgentID        int64 `json:"agent_id"`
	DeletedBy      int64 `json:"deleted_by"`
}

// EventName implements event.Event.
func (DatasetDeleted) EventName() string { return "evaluations.dataset_deleted.v1" }

// AggregateKey implements event.Event.
func (e DatasetDeleted) AggregateKey() string { return datasetKey(e.DatasetID) }

// Evaluation is what the events of a test tell of it.
type Evaluation struct {
	EvaluationID   int64 `json:"evaluation_id"`
	OrganizationID int64 `json:"organization_id"`
	AgentID        int64 `json:"agent_id"`
	UserID         int64 `json:"user_id"` // who created the test
}

// AggregateKey implements event.Event.
func (e Evaluation) AggregateKey() string { return fmt.Sprintf("evaluation/%d", e.EvaluationID) }

// EvaluationCreated tells that a test waits to be run.
type EvaluationCreated struct {
	Evaluation
	DatasetID      int64 `json:"dataset_id"`
	DatasetVersion int64 `json:"dataset_version"`
}

// EventName implements event.Event.
func (EvaluationCreated) EventName() string { return "evaluations.evaluation_created.v1" }

// EvaluationStarted tells that a test is running, for the first time or again.
type EvaluationStarted struct{ Evaluation }

// EventName implements event.Event.
func (EvaluationStarted) EventName() string { return "evaluations.evaluation_started.v1" }

// EvaluationEnded tells that a test has ended. A test that is run again ends
// again.
type EvaluationEnded struct {
	Evaluation
	Status string `json:"status"` // completed, failed or cancelled
	Passed *bool  `json:"passed"` // null without a threshold and a baseline
}

// EventName implements event.Event.
func (EvaluationEnded) EventName() string { return "evaluations.evaluation_ended.v1" }

func datasetKey(id int64) string { return fmt.Sprintf("evaluation_dataset/%d", id) }
