package core

import "parley/platform/kernel/apperr"

// The errors of this module. Their codes are a promise to clients.
var (
	ErrNotFound         = apperr.New(apperr.NotFound, "corpora.not_found", "The corpus does not exist, or you may not view it.")
	ErrDocumentNotFound = apperr.New(apperr.NotFound, "corpora.document_not_found", "The document does not exist, or you may not view it.")
	ErrNotConnected     = apperr.New(apperr.NotFound, "corpora.not_connected", "The corpus is not connected to the agent.")
	ErrNotEditor        = apperr.New(apperr.Forbidden, "corpora.not_editor", "You may read this corpus but not change it.")
	ErrNotAdmin         = apperr.New(apperr.Forbidden, "corpora.not_admin", "Only an admin of the corpus can do this.")
	ErrOwnerFixed       = apperr.New(apperr.Conflict, "corpora.owner_fixed", "The role of the corpus's owner can't be changed or removed; leave the owner out.")
	ErrNotAgentAdmin    = apperr.New(apperr.Forbidden, "corpora.not_agent_admin", "Only an admin of the agent can connect corpora to it.")
	ErrNotSharer        = apperr.New(apperr.Forbidden, "corpora.not_corpus_admin", "Only an admin of the corpus can share its content through an agent.")
	ErrNotRestored      = apperr.New(
		apperr.Forbidden,
		"corpora.not_restored",
		"Nothing was restored: the agent differs from that version only in corpora that you may not connect to it.",
	)
	ErrConnectedMeanwhile = apperr.New(apperr.Conflict, "corpora.connected_meanwhile", "The corpus was connected to an agent at the same time; try again.")
	ErrNameTaken          = apperr.New(apperr.Conflict, "corpora.name_taken", "You already have a corpus of this name; choose another name.")
	ErrConnected          = apperr.New(apperr.Conflict, "corpora.already_connected", "The corpus is already connected to the agent.")
	ErrDuplicate          = apperr.New(apperr.Conflict, "duplicate_document", "The corpus already has this document; send ?allow_duplicate=true to add it anyway.")
	ErrBlank              = apperr.New(apperr.Unprocessable, "corpora.blank_text", "The text is empty or only spaces.")
	ErrNotInCorpus        = apperr.New(apperr.NotFound, "corpora.document_not_in_corpus", "Not all of these documents are in the corpus; none was deleted.")
	ErrNotConfirmed       = apperr.New(apperr.Unprocessable, "corpora.not_confirmed", "To delete all documents, repeat the name of the corpus in confirm.")
	ErrNotFetched         = apperr.New(apperr.NotFound, "corpora.not_fetched", "The page behind this link has not been fetched yet.")
	ErrInvalidLink        = apperr.New(
		apperr.Unprocessable,
		"corpora.invalid_link",
		"A link is an http or https URL without user name or password, of at most 2,000 characters.",
	)
	ErrBlankDocument = apperr.New(apperr.Unprocessable, "corpora.blank_document_name", "A document needs a name.")
	ErrBlankName     = apperr.New(apperr.Unprocessable, "corpora.blank_name", "A corpus needs a name.")
	ErrFull          = apperr.New(apperr.Conflict, "corpora.corpus_full", "A corpus has at most 1,000,000 documents; use another corpus.")
)
