package corpora

import "fmt"

// CorpusCreated tells that a corpus exists.
type CorpusCreated struct {
	CorpusID       int64 `json:"corpus_id"`
	OrganizationID int64 `json:"organization_id"`
	OwnerID        int64 `json:"owner_id"`
}

// EventName implements event.Event.
func (CorpusCreated) EventName() string { return "corpora.corpus_created.v1" }

// AggregateKey implements event.Event.
func (e CorpusCreated) AggregateKey() string { return fmt.Sprintf("corpus/%d", e.CorpusID) }

// DocumentAdded tells that a document was stored and waits to be indexed.
type DocumentAdded struct {
	DocumentID     int64 `json:"document_id"`
	CorpusID       int64 `json:"corpus_id"`
	OrganizationID int64 `json:"organization_id"`
	UserID         int64 `json:"user_id"`
}

// EventName implements event.Event.
func (DocumentAdded) EventName() string { return "corpora.document_added.v1" }

// AggregateKey implements event.Event.
func (e DocumentAdded) AggregateKey() string { return documentKey(e.DocumentID) }

// DocumentIndexed tells that a document can be found, or why it can't.
type DocumentIndexed struct {
	DocumentID     int64  `json:"document_id"`
	CorpusID       int64  `json:"corpus_id"`
	OrganizationID int64  `json:"organization_id"`
	UserID         int64  `json:"user_id"`
	Step           string `json:"step"` // completed or failed
	ChunkCount     int    `json:"chunk_count"`
}

// EventName implements event.Event.
func (DocumentIndexed) EventName() string { return "corpora.document_indexed.v1" }

// AggregateKey implements event.Event.
func (e DocumentIndexed) AggregateKey() string { return documentKey(e.DocumentID) }

func documentKey(id int64) string { return fmt.Sprintf("document/%d", id) }
