// Package httpv1 is the evaluations module's part of the V1 API.
package httpv1

import (
	"parley/modules/evaluations/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

// Reader reads the queries of a file; package queryfile does.
type Reader func(data []byte, name, declared string) ([]core.Draft, error)

// API has the handlers.
type API struct {
	service *core.Service
	read    Reader
}

// New returns the handlers over the use cases.
func New(s *core.Service, read Reader) *API { return &API{service: s, read: read} }

// Routes are the module's operations.
func (a *API) Routes() []web.Route {
	manage := web.On(actor.Agent, "agent_id", web.Manage)
	visible := web.On(actor.Agent, "agent_id", web.View)
	evaluation := func(do web.Action) web.Policy { return web.On(actor.Evaluation, "evaluation_id", do) }
	return web.Group("Evaluation",
		web.POST("/api/agent/{agent_id}/evaluation", "Create Evaluation Test", a.createTest,
			visible.And(web.On(actor.EvaluationDataset, "dataset_id", web.View)).And(web.On(actor.Evaluation, "baseline_id", web.View).IfSent()).And(manage),
			web.Created(),
			web.Message("Evaluation created successfully."),
		),
		web.GET("/api/agent/{agent_id}/evaluation", "Get All Evaluation Tests for an Agent", a.tests,
			manage,
			web.Message("Evaluations retrieved successfully."),
		),
		web.PUT("/api/evaluation/{evaluation_id}", "Update Evaluation Test", a.updateTest,
			evaluation(web.Edit),
			web.Message("Evaluation updated successfully."),
		),
		web.GET("/api/evaluation/{evaluation_id}", "Get One Evaluation Test", a.test,
			evaluation(web.View).Note("answers only where one may read their sources"),
			web.Message("Evaluation retrieved successfully."),
		),
		web.PUT("/api/evaluation/{evaluation_id}/status", "Update Evaluation Status", a.setStatus,
			evaluation(web.Edit),
			web.Message("Evaluation status updated successfully."),
		),
		web.GET("/api/evaluation/{evaluation_id}/events", "Follow Evaluation Test", a.events,
			evaluation(web.View),
			web.Streams[eventView](),
			web.Long(),
		),
		web.GET("/api/agent/{agent_id}/evaluation-dataset/{dataset_id}", "Get Evaluation Dataset for an Agent", a.dataset,
			visible.And(web.On(actor.EvaluationDataset, "dataset_id", web.View)),
			web.Message("Evaluation dataset retrieved successfully."),
		),
		web.GET("/api/agent/{agent_id}/evaluation-dataset", "Get All Evaluation Datasets for an Agent", a.datasets,
			manage,
			web.Message("Evaluation datasets retrieved successfully."),
		),
		web.POST("/api/agent/{agent_id}/evaluation-dataset", "Create Evaluation Dataset", a.createDataset,
			manage.Note("agent_response_ids only of answers whose sources one may read"),
			web.Created(),
			web.Long(),
			web.Message("Evaluation dataset created successfully."),
		),
		web.PUT("/api/agent/{agent_id}/evaluation-dataset/{dataset_id}", "Update Evaluation Dataset", a.updateDataset,
			visible.And(web.On(actor.EvaluationDataset, "dataset_id", web.Edit)),
			web.Long(),
			web.Message("Evaluation dataset updated successfully."),
		),
		web.DELETE("/api/agent/{agent_id}/evaluation-dataset/{dataset_id}", "Delete Evaluation Dataset", a.deleteDataset,
			visible.And(web.On(actor.EvaluationDataset, "dataset_id", web.Delete)),
			web.Message("Evaluation dataset deleted successfully."),
		),
		web.GET("/api/evaluation-dataset/{dataset_id}/query", "Get Dataset Queries", a.queries,
			web.On(actor.EvaluationDataset, "dataset_id", web.View).Note("queries made of answers only where one may read their sources"),
			web.Message("Dataset queries retrieved successfully."),
		),
	)
}
