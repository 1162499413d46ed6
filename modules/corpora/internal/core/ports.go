package core

import (
	"cmp"
	"context"
	"errors"
	"io"

	"parley/modules/corpora"
	"parley/modules/corpora/internal/core/document"
	"parley/modules/corpora/internal/core/ranking"
	"parley/platform/kernel/access"
	"parley/platform/kernel/page"
)

// Store keeps corpora, documents and connections, and is the index that
// questions are ranked with. What changes what can be found in a corpus gives
// it a new version in the same transaction.
//
// Units lock in one order, so that no two of them wait for each other: agents;
// corpora, by ascending id; the jobs of a whole corpus, but for vectors;
// documents; the jobs that read or refresh them; passages; the statistics of
// the corpus; and last the jobs that make vectors. A unit leaves out what it has
// no need of. A job is locked by Hold, Finish and Cancel, and waited for by a Put
// of its key while another unit has it. A method that takes a hold calls it at
// its place in this order.
type Store interface {
	// AddCorpus answers ErrNameTaken when its owner has one of that name.
	AddCorpus(ctx context.Context, c Corpus) (Corpus, error)
	// Corpus answers, in one statement, a corpus with the grants of the user
	// of v; ErrNotFound for one that may not be read.
	Corpus(ctx context.Context, v access.VisibleCorpora, id int64) (Corpus, error)
	// UpdateCorpus changes a corpus that is not deleted; ErrNameTaken as for
	// AddCorpus.
	UpdateCorpus(ctx context.Context, organizationID, id int64, change func(*Corpus) error) (Corpus, error)
	// OddlyNamed answers corpora of all organizations with an id after that, by
	// id, whose name has letters beyond ASCII.
	OddlyNamed(ctx context.Context, after int64, limit int) ([]Corpus, error)
	// CorporaPage is ordered by id.
	CorporaPage(ctx context.Context, v access.VisibleCorpora, p page.Request) (page.Of[Corpus], error)
	// CountDocuments answers how many documents each corpus has, in one query.
	CountDocuments(ctx context.Context, corpora []int64) (map[int64]int64, error)
	// PassCorpora makes another user the owner of all that one owned. A name
	// the heir has already gets the id of the corpus behind it. The heir's
	// other roles on those corpora end.
	PassCorpora(ctx context.Context, organizationID, from, to int64) error
	// Searchable answers, in one statement and by ascending id, the corpora
	// that may be searched now, as questions need them: those that are connected
	// to the agent and enabled, as far as they share their content or may be
	// read, and those of more that may be read. No agent is 0.
	Searchable(ctx context.Context, v access.VisibleCorpora, agentID int64, more []int64) ([]ranking.Corpus, error)

	Permissions
	Documents
	Connections
	Index
	Vectors
}

// Permissions keeps the roles on corpora. That of the owner comes and goes with
// the corpus, and nothing here changes or removes it.
type Permissions interface {
	// PermissionsPage is ordered by id.
	PermissionsPage(ctx context.Context, corpusID int64, p page.Request) (page.Of[Permission], error)
	// Grant stores roles, each of another user or team, and answers them by
	// id. Who has another role on the corpus gets this one.
	Grant(ctx context.Context, roles []Permission) ([]Permission, error)
	// Revoke removes the roles of users and teams on a corpus and answers them
	// by id.
	Revoke(ctx context.Context, corpusID int64, users, teams []int64) ([]Permission, error)
	// DropUser and DropTeam remove all roles of somebody who is gone.
	DropUser(ctx context.Context, organizationID, userID int64) error
	DropTeam(ctx context.Context, organizationID, teamID int64) error
}

// Documents keeps what was uploaded.
type Documents interface {
	// LockCorpus makes the unit of ctx the only one that adds, changes or
	// deletes documents of the corpus, and answers how many it has. It is the
	// first lock of Store's order, and the indexer never has it. ErrNotFound for
	// a deleted corpus.
	LockCorpus(ctx context.Context, id int64) (documents int64, err error)
	// AddDocument answers ErrDuplicate when another one claims the same.
	AddDocument(ctx context.Context, d Document) (Document, error)
	// Document answers ErrDocumentNotFound for one of an unreadable corpus.
	Document(ctx context.Context, v access.VisibleCorpora, id int64) (Document, error)
	// LockDocuments answers those that exist, ordered by id, and keeps everybody
	// else from them until the unit of ctx ends.
	LockDocuments(ctx context.Context, ids []int64) ([]Document, error)
	// DocumentsByID answers those that exist, ordered by id.
	DocumentsByID(ctx context.Context, ids []int64) ([]Document, error)
	// DocumentsPage is ordered by id.
	DocumentsPage(ctx context.Context, corpusID int64, f DocumentFilter, p page.Request) (page.Of[Document], error)
	// UpdateDocument changes a document; ErrDuplicate as for AddDocument.
	UpdateDocument(ctx context.Context, id int64, change func(*Document) error) (Document, error)
	// RemoveDocuments removes documents of one corpus. From the commit on no
	// question finds them; their passages stay until Clear.
	RemoveDocuments(ctx context.Context, corpusID int64, documents []Document) error
	// Twins answers the documents of the corpus, but for the one of that id,
	// that did not fail and have one of the names or contents: for each of
	// these the one with the lowest id.
	Twins(ctx context.Context, corpusID, except int64, names, contents []string) ([]Twin, error)
	// Uncomposed answers documents whose names may have been stored before names
	// were composed, ordered by id; Composed notes that those of some are.
	Uncomposed(ctx context.Context, limit int) ([]int64, error)
	Composed(ctx context.Context, documentIDs []int64) error
	// RepairNames corrects what names of documents are looked for by, where a
	// process of the version before has left it as it was before a change.
	RepairNames(ctx context.Context) error
	// Existing answers which of the documents exist, with their corpora.
	Existing(ctx context.Context, documentIDs []int64) (map[int64]int64, error)
}

// Twin is a document that has a name or a content already.
type Twin struct {
	DocumentID int64
	ByContent  bool
	Value      string // the name, or the content's SHA-256
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
	// Connection answers ErrNotConnected when there is none.
	Connection(ctx context.Context, organizationID, agentID, corpusID int64) (Connection, error)
	// UpdateConnection and RemoveConnection answer ErrNotConnected when there is
	// none.
	UpdateConnection(ctx context.Context, organizationID, agentID, corpusID int64, change func(*Connection) error) (Connection, error)
	RemoveConnection(ctx context.Context, organizationID, agentID, corpusID int64) (Connection, error)
	// DropAgent and DropCorpus remove all connections of one that is gone;
	// DropCorpus also the roles on it.
	DropAgent(ctx context.Context, organizationID, agentID int64) error
	DropCorpus(ctx context.Context, organizationID, corpusID int64) error
	// ConnectionsOf answers those of agents, by agent, in one query; AgentsOf the
	// agents that are connected to a corpus, ordered by id.
	ConnectionsOf(ctx context.Context, organizationID int64, agentIDs []int64) (map[int64][]Connection, error)
	AgentsOf(ctx context.Context, organizationID, corpusID int64) ([]int64, error)
	// Connections answers an agent's, ordered by id, with their corpora. Their
	// number of documents is left out. Shown is by the rights of v.
	Connections(ctx context.Context, v access.VisibleCorpora, agentID int64) ([]Connected, error)
}

// Indexed is a passage on its way into the index.
type Indexed struct {
	Number int
	Title  string
	Text   string
	Page   int
	Terms  map[string]int
	Length int
	// Sections begin within Text.
	Sections []corpora.Section
}

// Hold keeps a job the worker's own until the end of the unit of ctx, or says
// that it is not any more: the fence of writes that take several units.
type Hold func(ctx context.Context) error

// After is hold once what comes before the job in Store's order was done, with
// its error. A document that is gone says less than hold, which knows whether
// the job was cancelled with it.
func (hold Hold) After(ctx context.Context, err error) error {
	if err != nil && !errors.Is(err, ErrDocumentNotFound) {
		return err
	}
	return cmp.Or(hold(ctx), err)
}

// Index is the work of the indexer, and what questions search.
type Index interface {
	ranking.Source
	// Begin moves a document to step extracting, unless it is completed, and
	// answers it as it was before. ErrDocumentNotFound when it is gone.
	Begin(ctx context.Context, documentID int64) (Document, error)
	// Clear removes some of what no question sees of a document (what is staged,
	// what a new text took the place of, and what is left of a removed one), and
	// reports whether nothing of that is left. Each call is one short transaction, which hold fences.
	Clear(ctx context.Context, documentID int64, hold Hold) (done bool, err error)
	// Stage writes passages that no question sees yet and moves the document to
	// step indexing, unless it is completed, in several short transactions that hold fences, so that
	// others get their turn. What a failure leaves behind is for Clear.
	Stage(ctx context.Context, d Document, passages []Indexed, hold Hold) error
	// Finish ends the work on a document: completed, with what is staged and
	// the last passages visible from the commit of ctx's unit on and counted, in
	// place of those that were, and of this IndexVersion; or failed with a reason, when nothing may be
	// staged, and nothing is claimed any more. The chunk count of a document that
	// failed stays: it is that of the text that is found. It calls hold once it
	// has the document, even if that is gone.
	Finish(ctx context.Context, d Document, last []Indexed, hold Hold) (Document, error)
	// Outdated answers corpora after an id, by their ids and organizations alone
	// and ordered by id, that have passages whose words were read by an older
	// text.Version.
	Outdated(ctx context.Context, after int64, limit int) ([]Corpus, error)
	// Renew reads the words of some of these passages again, in short
	// transactions that hold fences, and reports whether there were none. What
	// is found by words that are read as before is found all the time.
	Renew(ctx context.Context, corpusID int64, hold Hold) (done bool, err error)
	// StaleCorpora answers corpora after an id, by their ids and organizations
	// alone and ordered by id, that have completed documents of an older
	// IndexVersion; Stale answers some of these documents, ordered by id.
	StaleCorpora(ctx context.Context, after int64, limit int) ([]Corpus, error)
	Stale(ctx context.Context, corpusID int64, limit int) ([]Document, error)
	// Unfinished answers documents after an id that are neither completed nor
	// failed, ordered by id.
	Unfinished(ctx context.Context, after int64, limit int) ([]Document, error)
}

// Vectors keeps what an embedding model makes of passages.
type Vectors interface {
	// CorporaAfter answers corpora after an id, ordered by id.
	CorporaAfter(ctx context.Context, after int64, limit int) ([]Corpus, error)
	// Unembedded answers searchable passages of a corpus, or of one document of
	// it unless that is 0, after an id that have no vector of a model, ordered by
	// id.
	Unembedded(ctx context.Context, corpusID, documentID int64, model string, after int64, limit int) ([]ranking.Passage, error)
	// AddVectors keeps vectors in one short transaction, which hold fences. Those
	// of passages that are gone meanwhile it leaves out.
	AddVectors(ctx context.Context, corpusID int64, model string, vectors []ranking.Vector, hold Hold) error
	// IndexVectors puts some of the vectors of a corpus that are not there into
	// the index that ranking.Source.Closest asks, in one short transaction, which
	// hold fences, and answers how many: 0 when none are left, or when there is no
	// such index.
	IndexVectors(ctx context.Context, corpusID int64, model string, hold Hold) (int, error)
	// ShowVectors gives the corpus a new version in the unit of ctx: questions
	// may have kept what there was before vectors were added.
	ShowVectors(ctx context.Context, corpusID int64) error
}

// Embedder is an embedding model.
type Embedder interface {
	// Model names what vectors can be compared with each other.
	Model() string
	// Embed answers one vector for each of the texts, in their order and all of
	// one length. An error that work.IsPermanent is about the texts.
	Embed(ctx context.Context, texts []string) ([][]float32, error)
}

// Extractor turns a file into text. Its errors that the owner of the file can
// act on are sentences.
type Extractor interface {
	Extract(ctx context.Context, src io.ReaderAt, size int64, hint document.Hint) (document.Extracted, error)
	// Reason answers the sentence for the owner of the file, and whether
	// trying again could help.
	Reason(err error) (sentence string, again bool)
}

// Fetcher reads pages of the world outside, and of nothing inside.
type Fetcher interface {
	// Fetch reads the page behind a link. etag and lastModified are of the copy
	// that is kept, or "". A *FetchError is for the owner of the document.
	Fetch(ctx context.Context, link, etag, lastModified string) (Fetched, error)
}

// Fetched is a page. The caller closes the body.
type Fetched struct {
	Body         io.ReadCloser // as the server sent it; nil when the copy that is kept is that page
	MimeType     string
	Charset      string // of a text, as its server declared it; "" for none
	ETag         string
	LastModified string
}

// FetchError says why a page could not be had.
type FetchError struct {
	Sentence string
	Again    bool // trying again could help
	Err      error
}

// Error implements error.
func (e *FetchError) Error() string {
	if e.Err == nil {
		return e.Sentence
	}
	return e.Sentence + " " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *FetchError) Unwrap() error { return e.Err }
