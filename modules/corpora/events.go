package corpora

import (
	"fmt"

	"parley/platform/kernel/event"
)

// Events are those that the module publishes; a test holds the list complete.
func Events() []event.Event {
	return []event.Event{
		CorpusCreated{}, CorpusUpdated{}, CorpusDeleted{}, PermissionsChanged{},
		ConnectionChanged{}, CorpusDisconnected{}, DocumentUpdated{}, DocumentDeleted{}, DocumentAdded{}, DocumentIndexed{},
	}
}

// CorpusCreated tells that a corpus was created.
type CorpusCreated struct {
	CorpusID       int64 `json:"corpus_id"`
	OrganizationID int64 `json:"organization_id"`
	OwnerID        int64 `json:"owner_id"`
}

// EventName implements event.Event.
func (CorpusCreated) EventName() string { return "corpora.corpus_created.v1" }

// AggregateKey implements event.Event.
func (e CorpusCreated) AggregateKey() string { return corpusKey(e.CorpusID) }

// CorpusUpdated tells that a corpus has another name, description or
// visibility.
type CorpusUpdated struct {
	CorpusID       int64 `json:"corpus_id"`
	OrganizationID int64 `json:"organization_id"`
	IsPublic       bool  `json:"is_public"`
	// Narrowed is whether users who could read the corpus may have lost that right.
	Narrowed bool `json:"narrowed"`
}

// EventName implements event.Event.
func (CorpusUpdated) EventName() string { return "corpora.corpus_updated.v1" }

// AggregateKey implements event.Event.
func (e CorpusUpdated) AggregateKey() string { return corpusKey(e.CorpusID) }

// CorpusDeleted tells that nobody can see a corpus or be answered from it any
// more. Its documents are deleted after that, each with an event of its own.
type CorpusDeleted struct {
	CorpusID       int64 `json:"corpus_id"`
	OrganizationID int64 `json:"organization_id"`
	DeletedBy      int64 `json:"deleted_by"` // user id; 0 for the server
}

// EventName implements event.Event.
func (CorpusDeleted) EventName() string { return "corpora.corpus_deleted.v1" }

// AggregateKey implements event.Event.
func (e CorpusDeleted) AggregateKey() string { return corpusKey(e.CorpusID) }

// PermissionsChanged tells that users and teams have another role on a corpus.
type PermissionsChanged struct {
	CorpusID       int64   `json:"corpus_id"`
	OrganizationID int64   `json:"organization_id"`
	UserIDs        []int64 `json:"user_ids"`
	TeamIDs        []int64 `json:"team_ids"`
	Role           string  `json:"role"`       // viewer, editor or admin; "" when it was taken away
	ChangedBy      int64   `json:"changed_by"` // user id; 0 for the server
}

// EventName implements event.Event.
func (PermissionsChanged) EventName() string { return "corpora.permissions_changed.v1" }

// AggregateKey implements event.Event.
func (e PermissionsChanged) AggregateKey() string { return corpusKey(e.CorpusID) }

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

// The steps at which the reading of a document ends.
const (
	StepCompleted = "completed"
	StepFailed    = "failed"
)

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

// DocumentUpdated tells that a document has another name or description, or is
// to be read again. When questions find a new revision,
// corpora.document_indexed.v1 tells it.
type DocumentUpdated struct {
	DocumentID     int64 `json:"document_id"`
	CorpusID       int64 `json:"corpus_id"`
	OrganizationID int64 `json:"organization_id"`
	Revision       int   `json:"revision"` // of its source, from 0
}

// EventName implements event.Event.
func (DocumentUpdated) EventName() string { return "corpora.document_updated.v1" }

// AggregateKey implements event.Event.
func (e DocumentUpdated) AggregateKey() string { return documentKey(e.DocumentID) }

// DocumentDeleted tells that no question finds a document any more.
type DocumentDeleted struct {
	DocumentID     int64 `json:"document_id"`
	CorpusID       int64 `json:"corpus_id"`
	OrganizationID int64 `json:"organization_id"`
	DeletedBy      int64 `json:"deleted_by"` // user id; 0 for the server
}

// EventName implements event.Event.
func (DocumentDeleted) EventName() string { return "corpora.document_deleted.v1" }

// AggregateKey implements event.Event.
func (e DocumentDeleted) AggregateKey() string { return documentKey(e.DocumentID) }

// ConnectionChanged tells that an agent answers from a corpus from now on, or
// otherwise than before.
type ConnectionChanged struct {
	AgentID        int64 `json:"agent_id"`
	CorpusID       int64 `json:"corpus_id"`
	OrganizationID int64 `json:"organization_id"`
	IsEnabled      bool  `json:"is_enabled"`
	SharesContent  bool  `json:"shares_content"`
	ChangedBy      int64 `json:"changed_by"` // user id; 0 for the server
}

// EventName implements event.Event.
func (ConnectionChanged) EventName() string { return "corpora.connection_changed.v1" }

// AggregateKey implements event.Event.
func (e ConnectionChanged) AggregateKey() string { return agentKey(e.AgentID) }

// CorpusDisconnected tells that an agent does not answer from a corpus any more.
type CorpusDisconnected struct {
	AgentID        int64 `json:"agent_id"`
	CorpusID       int64 `json:"corpus_id"`
	OrganizationID int64 `json:"organization_id"`
	ChangedBy      int64 `json:"changed_by"` // user id; 0 for the server
}

// EventName implements event.Event.
func (CorpusDisconnected) EventName() string { return "corpora.corpus_disconnected.v1" }

// AggregateKey implements event.Event.
func (e CorpusDisconnected) AggregateKey() string { return agentKey(e.AgentID) }

func agentKey(id int64) string    { return fmt.Sprintf("agent/%d", id) }
func corpusKey(id int64) string   { return fmt.Sprintf("corpus/%d", id) }
func documentKey(id int64) string { return fmt.Sprintf("document/%d", id) }
