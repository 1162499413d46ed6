package core

import (
	"context"
	"io"
	"time"

	"parley/modules/corpora/internal/core/document"
	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/kernel/access"
	"parley/platform/kernel/page"
)

// Store keeps corpora, documents and connections, and is the index that
// questions are ranked with. What changes what can be found in a corpus gives
// it a new version in the same transaction.
type Store interface {
	// AddCorpus answers ErrNameTaken when its owner has one of that name.
	AddCorpus(ctx context.Context, c Corpus) (Corpus, error)
	// Corpus answers ErrNotFound for one that may not be read.
	Corpus(ctx context.Context, v access.VisibleCorpora, id int64) (Corpus, error)
	// CorporaPage is ordered by id.
	CorporaPage(ctx context.Context, v access.VisibleCorpora, p page.Request) (page.Of[Corpus], error)
	// CountDocuments answers how many documents each corpus has, in one query.
	CountDocuments(ctx context.Context, corpora []int64) (map[int64]int64, error)
	// PassCorpora makes another user the owner of all that one owned. A name
	// the heir has already gets the id of the corpus behind it.
	PassCorpora(ctx context.Context, organizationID, from, to int64) error
	// Searchable answers, in one statement and by ascending id, the corpora
	// that may be searched now, as questions need them: those that are connected
	// to the agent and enabled, as far as they share their content or may be
	// read, and those of more that may be read. No agent is 0.
	Searchable(ctx context.Context, v access.VisibleCorpora, agentID int64, more []int64) ([]ranking.Corpus, error)

	Documents
	Connections
	Index
}

// Documents keeps what was uploaded.
type Documents interface {
	// LockCorpus makes the unit of ctx the only one that adds documents to the
	// corpus, and answers how many it has.
	LockCorpus(ctx context.Context, id int64) (documents int64, err error)
	AddDocument(ctx context.Context, d Document) (Document, error)
	// Document answers ErrDocumentNotFound for one of an unreadable corpus.
	Document(ctx context.Context, v access.VisibleCorpora, id int64) (Document, error)
	// DocumentsPage is ordered by id.
	DocumentsPage(ctx context.Context, corpusID int64, f DocumentFilter, p page.Request) (page.Of[Document], error)
	// Same answers a document of the corpus that did not fail and has the
	// content, or the name when that is not "", and whether there is one.
	Same(ctx context.Context, corpusID int64, name, sha256 string) (Document, bool, error)
	// Existing answers which of the documents exist, with their corpora.
	Existing(ctx context.Context, documentIDs []int64) (map[int64]int64, error)
}

// DocumentFilter narrows a list of documents; zero fields match everything.
type DocumentFilter struct {
	Step Step
	Tag  string
	Name string // part of the name, in any case
}

// Connections keeps which agent answers from which corpus.
type Connections interface {
	// AddConnection answers ErrConnected when there is one.
	AddConnection(ctx context.Context, c Connection) (Connection, error)
	// Connections answers an agent's, ordered by id, with their corpora. Their
	// number of documents is left out.
	Connections(ctx context.Context, organizationID, agentID int64) ([]Connected, error)
}

// Indexed is a passage on its way into the index.
type Indexed struct {
	Number int
	Title  string
	Text   string
	Page   int
	Terms  map[string]int
	Length int
}

// Index is the work of the indexer, and what questions search.
type Index interface {
	ranking.Source
	// Claim hands the oldest waiting document, or one whose claim is over, to
	// owner until a time, in step extracting; false when none waits. The
	// document that it answers is the claim: each one counts another attempt,
	// and only the latest can write.
	Claim(ctx context.Context, owner string, now, until time.Time) (Document, bool, error)
	// Claimants answers the processes that have claims.
	Claimants(ctx context.Context) ([]string, error)
	// Release gives back every claim of dead processes.
	Release(ctx context.Context, dead []string) error
	// Clear removes some of what is staged of a claimed document, extends the
	// claim, and reports whether nothing is left. Each call is one short
	// transaction. ErrClaimLost when the claim is no longer the latest.
	Clear(ctx context.Context, claim Document, until time.Time) (done bool, err error)
	// Stage writes passages that no question sees yet, moves the document to
	// step indexing and extends the claim, in several short transactions, so
	// that others get their turn. What a failure leaves behind is for Clear.
	// ErrClaimLost when the claim is no longer the latest.
	Stage(ctx context.Context, claim Document, passages []Indexed, until time.Time) error
	// Finish ends a claimed document: completed, with what is staged and the
	// last passages visible from this commit on and counted, or failed with a
	// reason, when nothing may be staged. ErrClaimLost when the claim is no
	// longer the latest.
	Finish(ctx context.Context, claim Document, last []Indexed) (Document, error)
}

// Peers knows which processes live.
type Peers interface {
	// Dead answers which of the processes do not live any more.
	Dead(ctx context.Context, ids []string) ([]string, error)
}

// Extractor turns a file into text. Its errors that the owner of the file can
// act on are sentences.
type Extractor interface {
	Extract(ctx context.Context, src io.ReaderAt, size int64, name string) (document.Extracted, error)
	// Reason answers the sentence for the owner of the file, and whether
	// trying again could help.
	Reason(err error) (sentence string, again bool)
}
