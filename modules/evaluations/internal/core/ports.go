package core

import (
	"context"

	"parley/platform/kernel/page"
)

// Asked is a query that a test has yet to put.
type Asked struct {
	ResultID int64
	Query
}

// Ended is a query that a test has put.
type Ended struct {
	Result
	Texts
}

// Brief is what comparisons read of a result.
type Brief struct {
	ID            int64 // of the result
	QueryID       int64
	Fingerprint   string
	Status        ResultStatus
	Scores        map[string]Score
	Passed        *bool
	FailureReason string
}

// Datasets is the part of the store that has datasets. Reads of one that is not
// there, or deleted, answer ErrNoDataset.
type Datasets interface {
	AddDataset(ctx context.Context, d Dataset) (Dataset, error)
	Dataset(ctx context.Context, org, id int64) (Dataset, error)
	// DatasetsPage is newest first.
	DatasetsPage(ctx context.Context, org, agentID int64, p page.Request) (page.Of[Dataset], error)
	// UpdateDataset keeps everybody else from the dataset until the unit of ctx
	// ends.
	UpdateDataset(ctx context.Context, org, id int64, change func(*Dataset) error) (Dataset, error)
	// AddQueries adds queries of one version of a dataset, in their order.
	AddQueries(ctx context.Context, queries []Query) error
	// QueriesPage is in the order in which they were added; count is how many
	// there are, if the caller knows it.
	QueriesPage(ctx context.Context, datasetID, version int64, count int64, p page.Request) (page.Of[Query], error)
	// PruneQueries removes the queries of the versions of a dataset that no test
	// has, but not those of the version keep; 0 keeps none.
	PruneQueries(ctx context.Context, datasetID, keep int64) error
}

// Tests is the part of the store that has tests. Reads of one that is not there
// answer ErrNoTest.
type Tests interface {
	// AddTest adds a test with a waiting result for each query of its version of
	// the dataset, in their order.
	AddTest(ctx context.Context, t Test) (Test, error)
	Test(ctx context.Context, org, id int64) (Test, error)
	// TestByID is for workers, who know of no organization.
	TestByID(ctx context.Context, id int64) (Test, error)
	// TestsPage is newest first.
	TestsPage(ctx context.Context, org, agentID int64, p page.Request) (page.Of[Test], error)
	// LastEvents answers the number of the last event of each test that is there,
	// in one statement.
	LastEvents(ctx context.Context, ids []int64) (map[int64]int64, error)
	// UpdateTest keeps everybody else from the test until the unit of ctx ends.
	UpdateTest(ctx context.Context, id int64, change func(*Test) error) (Test, error)
	// OpenTests answers tests that have not ended, after an id and ordered by it:
	// of a dataset, an agent or a user, each unless 0.
	OpenTests(ctx context.Context, of OpenFilter) ([]Test, error)
}

// OpenFilter says which open tests are asked for.
type OpenFilter struct {
	DatasetID, AgentID, UserID int64
	After                      int64
	Limit                      int
}

// Results is the part of the store that has the results of tests.
type Results interface {
	// WaitingResults answers queries that a test has yet to put, after the id of a
	// result and ordered by it.
	WaitingResults(ctx context.Context, testID, after int64, limit int) ([]Asked, error)
	// EndResults stores how queries ended, and answers of how many that was not
	// known before.
	EndResults(ctx context.Context, testID int64, ended []Ended) (int64, error)
	// CloseResults ends all queries of a test that wait, and answers how many.
	CloseResults(ctx context.Context, testID int64, status ResultStatus, reason string) (int64, error)
	// ReopenResults makes all queries of a test wait again that have no score,
	// without what came of them, and answers how many have one.
	ReopenResults(ctx context.Context, testID int64) (scored int64, err error)
	// Briefs answers the results of a test, by id.
	Briefs(ctx context.Context, testID int64) ([]Brief, error)
	// ResultsPage is in the order of the queries; total is how many there are.
	ResultsPage(ctx context.Context, testID, total int64, p page.Request) (page.Of[Shown], error)
}

// Streams is the part of the store that has the progress of tests.
type Streams interface {
	AddProgress(ctx context.Context, p Progress) error
	// ProgressAfter answers events of a test after a sequence number, in order.
	ProgressAfter(ctx context.Context, testID, after int64, limit int) ([]Progress, error)
	ClearProgress(ctx context.Context, testID int64) error
}

// Store keeps everything of the module. All of it takes part in the unit of
// ctx.
type Store interface {
	Datasets
	Tests
	Results
	Streams
	// SaveComparison keeps the comparison of a test in the place of an earlier
	// one, and Comparison answers it; nil when there is none.
	SaveComparison(ctx context.Context, testID int64, c Comparison) error
	Comparison(ctx context.Context, testID int64) (*Comparison, error)
	// EraseAgent removes up to limit rows of what an agent had, the dependent ones
	// first, and reports whether there may be more.
	EraseAgent(ctx context.Context, org, agentID int64, limit int) (more bool, err error)
}
