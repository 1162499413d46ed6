package core

import (
	"errors"
	"fmt"
	"time"

	"parley/modules/corpora"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/idempotency"
)

// The errors of this module. Their codes are a promise to clients.
var (
	ErrNotFound       = apperr.New(apperr.NotFound, "chat.not_found", "The answer or thread does not exist, or you may not view it.")
	ErrCorpusNotFound = apperr.New(apperr.NotFound, "chat.corpus_not_found", "The corpus does not exist, or you may not view it.")
	ErrNoQuestion     = apperr.New(
		apperr.Unprocessable,
		"chat.no_question",
		"Ask something: send user_query, or a history whose last entry has a user and no bot.",
	)
	ErrTwoQuestions   = apperr.New(apperr.Unprocessable, "chat.two_questions", "Send either user_query or a history that ends with an open question, not both.")
	ErrHistory        = apperr.New(apperr.Unprocessable, "chat.invalid_history", "Only the last entry of history may lack the bot's answer.")
	ErrOtherAgent     = apperr.New(apperr.Unprocessable, "chat.thread_of_other_agent", "This thread belongs to another agent.")
	ErrUnknownModel   = apperr.New(apperr.Unprocessable, "chat.unknown_model", "This server has no such model; choose one of those that are named here.")
	ErrReservedSource = apperr.New(apperr.Unprocessable, "chat.reserved_source", "The server itself uses evaluation and system as a query_source; send another name.").
				WithField("query_source", "is a name of the server")
	ErrModelFailed = apperr.New(apperr.Unavailable, "chat.model_failed", "The model did not answer; the question is stored and can be asked again.")
	ErrCancelled   = apperr.New(apperr.Conflict, "chat.cancelled", "The run was cancelled before it ended.")
	ErrAccessLost  = apperr.New(apperr.Forbidden, "chat.access_lost", "You may not run this agent any more; what had come of the answer is kept.")
	ErrInterrupted = apperr.New(apperr.Unavailable, "chat.interrupted", "The server stopped while the answer was being made; ask again.")
	ErrEnded       = apperr.New(apperr.Conflict, "chat.already_ended", "This run has ended already.")
	ErrOverloaded  = apperr.New(apperr.Unavailable, "chat.overloaded", "Too many questions are being answered at the moment; try again shortly.").
			After(time.Second)
	ErrNoLongerOurs   = apperr.New(apperr.Conflict, "chat.lease_lost", "Another process closed this run.")
	ErrNotStored      = apperr.New(apperr.Unavailable, "chat.not_stored", "The answer could not be stored; the question is, and it can be asked again.")
	errAnswerTooLarge = apperr.New(apperr.Unavailable, "chat.answer_too_large", "The model's answer is larger than can be kept.")
)

// The errors of an Idempotency-Key, which a run keeps itself.
var (
	ErrKeyReused  = idempotency.ErrKeyReused
	ErrInProgress = idempotency.ErrInProgress
)

// inOverrides says of corpora that may not be used in which field of a question
// they stood. Other errors stay as they are.
func inOverrides(err error) error {
	var outside corpora.OutsideScope
	if !errors.As(err, &outside) {
		return err
	}
	refused := corpora.ErrOutsideScope
	for _, id := range outside.CorpusIDs {
		refused = refused.WithField("overrides.corpus_ids", fmt.Sprintf("%d is not one of this agent's corpora for you", id))
	}
	return refused
}
