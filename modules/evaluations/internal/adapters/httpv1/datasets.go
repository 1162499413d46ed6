package httpv1

import (
	"context"
	"fmt"
	"io"

	"parley/modules/evaluations/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

// datasetView is a dataset as the API shows it.
type datasetView struct {
	_ struct{} `schema:"EvaluationDataset"`

	ID          int64  `json:"id"`
	Agent       int64  `json:"agent"`
	Name        string `json:"name"`
	Description string `json:"description"`
	QueryCount  int64  `json:"query_count"`
	Version     int64  `json:"version" doc:"One more with each change of the queries. An evaluation keeps the version that it was made for."`
	web.Audit
}

func showDataset(d core.Dataset) datasetView {
	return datasetView{
		ID:          d.ID,
		Agent:       d.AgentID,
		Name:        d.Name,
		Description: d.Description,
		QueryCount:  d.QueryCount,
		Version:     d.Version,
		Audit:       web.ShowAudit(d.Audit),
	}
}

// queryView is a query of a dataset as the API shows it.
type queryView struct {
	_ struct{} `schema:"DatasetQuery"`

	ID                  int64          `json:"id"`
	Dataset             int64          `json:"dataset"`
	Query               string         `json:"query"`
	ExpectedAnswer      string         `json:"expected_answer"`
	ExpectedDocuments   []web.IDOrName `json:"expected_documents"`
	SourceAgentResponse *int64         `json:"source_agent_response" doc:"The answer that it was made of."`
	IsHidden            bool           `json:"is_hidden" doc:"You may not read the sources of the answer that it was made of, so its texts are empty."`
}

func showQuery(q core.ShownQuery) queryView {
	return queryView{
		ID: q.ID, Dataset: q.DatasetID, Query: q.Query.Query, ExpectedAnswer: q.ExpectedAnswer, ExpectedDocuments: refs(q.ExpectedDocuments),
		SourceAgentResponse: q.SourceAgentResponse, IsHidden: q.IsHidden,
	}
}

type datasetsRequest struct {
	web.ListQuery
	AgentID int64 `path:"agent_id"`
}

func (a *API) datasets(ctx context.Context, r datasetsRequest) (web.List[datasetView], error) {
	found, err := a.service.Datasets(ctx, actor.From(ctx), r.AgentID, r.Request())
	return web.Listed(found, showDataset), err
}

type datasetRequest struct {
	AgentID   int64 `path:"agent_id"`
	DatasetID int64 `path:"dataset_id"`
}

func (a *API) dataset(ctx context.Context, r datasetRequest) (datasetView, error) {
	d, err := a.service.Dataset(ctx, actor.From(ctx), r.AgentID, r.DatasetID)
	return showDataset(d), err
}

func (a *API) deleteDataset(ctx context.Context, r datasetRequest) (datasetView, error) {
	d, err := a.service.DeleteDataset(ctx, actor.From(ctx), r.AgentID, r.DatasetID)
	return showDataset(d), err
}

type queriesRequest struct {
	web.ListQuery
	DatasetID int64 `path:"dataset_id"`
}

func (a *API) queries(ctx context.Context, r queriesRequest) (web.List[queryView], error) {
	found, err := a.service.DatasetQueries(ctx, actor.From(ctx), r.DatasetID, r.Request())
	return web.Listed(found, showQuery), err
}

type queryBody struct {
	_ struct{} `schema:"DatasetQueryRequest"`

	Query             string         `json:"query" minLength:"1" maxLength:"32000"`
	ExpectedAnswer    string         `json:"expected_answer" minLength:"1" maxLength:"32000" doc:"Several answers of which any is right are separated by ||."`
	ExpectedDocuments []web.IDOrName `json:"expected_documents,omitempty" maxItems:"100" doc:"Ids or names of documents."`
}

// newDatasetBody is what a new dataset is called, in JSON and in an upload.
type newDatasetBody struct {
	Name        string `json:"name" minLength:"1" maxLength:"200"`
	Description string `json:"description,omitempty" maxLength:"2000"`
}

type createDatasetRequest struct {
	AgentID int64 `path:"agent_id"`
	Body    struct {
		newDatasetBody
		Queries          []queryBody `json:"queries,omitempty" maxItems:"10000"`
		AgentResponseIDs []int64     `json:"agent_response_ids,omitempty" maxItems:"1000" doc:"In the place of queries: answered questions of this agent whose sources you may read, without who asked. The answer is what is expected."`
	}
	Upload web.Multipart[createDatasetForm]
}

// createDatasetForm is what the parts of an upload are.
type createDatasetForm struct {
	_ struct{} `schema:"CreateEvaluationDatasetForm"`

	newDatasetBody
	File []byte `json:"file" doc:"CSV with the columns query, expected_answer and expected_documents (names with | between them), or JSONL of the same; at most 10,000 queries."`
}

func (a *API) createDataset(ctx context.Context, r createDatasetRequest) (datasetView, error) {
	who := actor.From(ctx)
	n := core.NewDataset{Name: &r.Body.Name, Description: &r.Body.Description, Drafts: drafts(r.Body.Queries), ResponseIDs: r.Body.AgentResponseIDs}
	if r.Upload.Sent() {
		if err := a.service.MayManage(ctx, who, r.AgentID); err != nil { // nothing is read for others
			return datasetView{}, err
		}
		n = core.NewDataset{}
		form, _, err := r.Upload.Form(a.queriesInto(&n))
		if err != nil {
			return datasetView{}, err
		}
		n.Name, n.Description = &form.Name, &form.Description
		if who, err = web.CallerNow(ctx); err != nil {
			return datasetView{}, err
		}
	}
	d, err := a.service.CreateDataset(ctx, who, r.AgentID, n)
	return showDataset(d), err
}

type updateDatasetRequest struct {
	AgentID   int64 `path:"agent_id"`
	DatasetID int64 `path:"dataset_id"`
	Body      struct {
		Name             *string     `json:"name,omitempty" minLength:"1" maxLength:"200"`
		Description      *string     `json:"description,omitempty" maxLength:"2000"`
		Queries          []queryBody `json:"queries,omitempty" maxItems:"10000" doc:"All queries of the next version."`
		AgentResponseIDs []int64     `json:"agent_response_ids,omitempty" maxItems:"1000"`
	}
	Upload web.Multipart[updateDatasetForm]
}

// updateDatasetForm is what the parts of an upload are.
type updateDatasetForm struct {
	_ struct{} `schema:"UpdateEvaluationDatasetForm"`

	Name        string `json:"name,omitempty" minLength:"1" maxLength:"200"`
	Description string `json:"description,omitempty" maxLength:"2000"`
	File        []byte `json:"file,omitempty" doc:"All queries of the next version."`
}

func (a *API) updateDataset(ctx context.Context, r updateDatasetRequest) (datasetView, error) {
	who := actor.From(ctx)
	n := core.NewDataset{Name: r.Body.Name, Description: r.Body.Description, Drafts: drafts(r.Body.Queries), ResponseIDs: r.Body.AgentResponseIDs}
	if r.Upload.Sent() {
		if _, err := a.service.Dataset(ctx, who, r.AgentID, r.DatasetID); err != nil {
			return datasetView{}, err
		}
		n = core.NewDataset{}
		form, sent, err := r.Upload.Form(a.queriesInto(&n))
		if err != nil {
			return datasetView{}, err
		}
		if sent["name"] {
			n.Name = &form.Name
		}
		if sent["description"] {
			n.Description = &form.Description
		}
		if who, err = web.CallerNow(ctx); err != nil {
			return datasetView{}, err
		}
	}
	d, err := a.service.UpdateDataset(ctx, who, r.AgentID, r.DatasetID, n)
	return showDataset(d), err
}

// drafts are the queries of a body; nil when none were sent.
func drafts(bodies []queryBody) []core.Draft {
	if bodies == nil {
		return nil
	}
	out := make([]core.Draft, len(bodies))
	for i, b := range bodies {
		out[i] = core.Draft{Query: b.Query, ExpectedAnswer: b.ExpectedAnswer, Place: fmt.Sprintf("queries[%d]", i)}
		for _, ref := range b.ExpectedDocuments {
			out[i].ExpectedDocuments = append(out[i].ExpectedDocuments, string(ref))
		}
	}
	return out
}

// maxFile bounds a file of queries, in bytes.
const maxFile = 32 << 20

// queriesInto reads the file of an upload of a dataset.
func (a *API) queriesInto(n *core.NewDataset) func(web.Part) error {
	return func(p web.Part) error {
		data, err := io.ReadAll(io.LimitReader(p, maxFile+1))
		if err != nil {
			return err
		}
		if len(data) > maxFile {
			return core.ErrFileTooLarge
		}
		n.Drafts, err = a.read(data, p.FileName, p.Type)
		return err
	}
}

// refs shows documents as they were given: ids as numbers.
func refs(documents []string) []web.IDOrName {
	out := make([]web.IDOrName, len(documents))
	for i, d := range documents {
		out[i] = web.IDOrName(d)
	}
	return out
}
