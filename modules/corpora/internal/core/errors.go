package core

import "parley/platform/kernel/apperr"

// The errors of this module. Their codes are a promise to clients.
var (
	ErrNotFound         = apperr.New(apperr.NotFound, "corpora.not_found", "There is no such corpus, or none that you may see.")
	ErrDocumentNotFound = apperr.New(apperr.NotFound, "corpora.document_not_found", "There is no such document, or none that you may see.")
	ErrNotConnected     = apperr.New(apperr.NotFound, "corpora.not_connected", "The corpus is not connected to the agent.")
	ErrNotEditor        = apperr.New(apperr.Forbidden, "corpora.not_editor", "You may read this corpus but not change it.")
	ErrNotAgentAdmin    = apperr.New(apperr.Forbidden, "corpora.not_agent_admin", "Only the agent's admins connect corpora to it.")
	ErrNotSharer        = apperr.New(apperr.Forbidden, "corpora.not_corpus_admin", "Only an admin of the corpus can share its content through an agent.")
	ErrNameTaken        = apperr.New(apperr.Conflict, "corpora.name_taken", "You have a corpus of this name already.")
	ErrConnected        = apperr.New(apperr.Conflict, "corpora.already_connected", "The corpus is connected to the agent already.")
	ErrDuplicate        = apperr.New(apperr.Conflict, "duplicate_document", "The corpus has this document already; send ?allow_duplicate=true to add it all the same.")
	ErrBlank            = apperr.New(apperr.Unprocessable, "corpora.blank_text", "The text is blank.")
	ErrBlankName        = apperr.New(apperr.Unprocessable, "corpora.blank_name", "A corpus needs a name.")
	ErrOutsideScope     = apperr.New(apperr.Unprocessable, "corpora.outside_scope", "Some of these corpora are not ones that this agent may use for you.")
	ErrFull             = apperr.New(apperr.Conflict, "corpora.corpus_full", "The corpus has as many documents as one may have.")
)
