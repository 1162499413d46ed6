package core

import "parley/platform/kernel/apperr"

// The errors of datasets and tests.
var (
	ErrNoDataset   = apperr.New(apperr.NotFound, "evaluations.dataset_not_found", "The dataset does not exist, or you may not view it.")
	ErrNoTest      = apperr.New(apperr.NotFound, "evaluations.not_found", "The evaluation does not exist, or you may not view it.")
	ErrNotAdmin    = apperr.New(apperr.Forbidden, "evaluations.not_admin", "Only admins of the agent may evaluate it.")
	ErrBlank       = apperr.New(apperr.Unprocessable, "evaluations.blank", "A dataset or an evaluation needs a name.").WithField("name", "is empty")
	ErrQueries     = apperr.New(apperr.Unprocessable, "evaluations.queries", "Send queries, agent_response_ids or a file: exactly one of them.")
	ErrBadQueries  = apperr.New(apperr.Unprocessable, "evaluations.bad_queries", "Some queries can't be used.")
	ErrNoResponses = apperr.New(
		apperr.NotFound,
		"evaluations.responses_not_found",
		"Some of the agent responses don't exist for this agent, or you may not read what they were made from.",
	)
	ErrBadFile        = apperr.New(apperr.Unprocessable, "evaluations.bad_file", "The file can't be read as a dataset.")
	ErrFileTooLarge   = apperr.New(apperr.TooLarge, "evaluations.file_too_large", "The file has more than 32 MiB; make several datasets of it.")
	ErrDatasetInUse   = apperr.New(apperr.Conflict, "evaluations.dataset_in_use", "An evaluation runs on this dataset; wait for its end, or cancel it.")
	ErrUnknownMetric  = apperr.New(apperr.Unprocessable, "evaluations.unknown_metric", "Some metrics are unknown here.")
	ErrOtherAgent     = apperr.New(apperr.Unprocessable, "evaluations.other_agent", "The dataset must be one of the same agent.")
	ErrBaseline       = apperr.New(apperr.Unprocessable, "evaluations.baseline", "The baseline must be an evaluation of the same agent.")
	ErrBaselineIsOpen = apperr.New(apperr.Conflict, "evaluations.baseline_open", "The baseline has not ended; wait for its end.")
	ErrStatus         = apperr.New(apperr.Conflict, "evaluations.status", "The evaluation can't have this status now.")
	ErrTooMany        = apperr.New(
		apperr.Conflict,
		"evaluations.too_many",
		"The agent has 100 evaluations that have not ended; wait for the end of one, or cancel one.",
	)
)
