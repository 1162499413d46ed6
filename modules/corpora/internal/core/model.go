package core

import (
	"parley/modules/corpora"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
)

// Corpus is a set of documents that questions are answered from.
type Corpus struct {
	ID             int64
	OrganizationID int64
	OwnerID        int64
	Name           string
	Description    string
	IndexingModeID int
	IsPublic       bool // readable by the whole organization
	IsDeleted      bool
	Tags           []string
	// Grants are the roles of the user who reads the corpus and of their teams, the
	// owner's left out. Only Store.Corpus fills them.
	Grants []access.CorpusGrant `bun:"-"`
	audit.Audit
}

// Resource is the corpus as rights are decided about.
func (c Corpus) Resource() access.Corpus {
	return access.Corpus{ID: c.ID, OrganizationID: c.OrganizationID, OwnerID: c.OwnerID, Public: c.IsPublic, Deleted: c.IsDeleted, Grants: c.Grants}
}

// decide answers what who may do on the corpus.
func (c Corpus) decide(who actor.Actor) access.CorpusDecision {
	return access.DecideCorpus(who, c.Resource())
}

// Modes are the indexing modes by id. All of them index every passage; the
// names are kept for clients.
var Modes = map[int]string{1: "exhaustive", 2: "standard", 3: "basic"}

// DefaultMode is the mode of a corpus when none is given.
const DefaultMode = 2

// Step is how far a document is.
type Step string

// The steps, in order.
const (
	Pending    Step = "pending"
	Extracting Step = "extracting"
	Indexing   Step = "indexing"
	Completed  Step = corpora.StepCompleted
	Failed     Step = corpora.StepFailed
)

// Document is one file or text of a corpus. Its text is in passages, which
// lists never read.
type Document struct {
	ID             int64
	OrganizationID int64
	CorpusID       int64
	UserID         int64
	Name           string
	Source         string // as it was given: a file name, "text", or a URL
	ContentType    string // file, text or weblink
	MimeType       string
	// Charset is the encoding that a text was read in, and before that the one
	// that the server of a page declared; "" for none.
	Charset       string
	Size          int64
	SHA256        string
	Tags          []string
	Description   string
	UploadFrom    string
	Step          Step
	FailureReason *string
	Warnings      []string // what could not be read of a completed document
	ChunkCount    int
	PageCount     *int
	BlobKey       string // "" for a page that was not fetched yet
	Revision      int    // of its source, from 0
	IndexVersion  int    // that the text of a completed document is by
	// What no other document of the corpus may claim; "" claims nothing.
	ClaimedName    string
	ClaimedContent string
	// What the server of a page said about the copy that is kept.
	ETag         string `bun:"etag"`
	LastModified string
	audit.Audit
}

// Connection lets an agent answer from a corpus.
type Connection struct {
	ID             int64
	OrganizationID int64
	AgentID        int64
	CorpusID       int64
	IsEnabled      bool
	IsDefault      bool
	SharesContent  bool
	ConnectedBy    string
	audit.Audit
}

// Connected is a connection with its corpus.
type Connected struct {
	Connection
	Corpus    Corpus
	Documents int64 // of the corpus
	Shown     bool  // in a list, whether who asks may read the corpus
}

// Permission is a role of one user or of one team on a corpus.
type Permission struct {
	ID             int64
	OrganizationID int64
	CorpusID       int64
	UserID         int64 // 0 when it is a team's
	TeamID         int64 // 0 when it is a user's
	Role           access.CorpusRole
	audit.Audit
}

// ByID orders corpora, documents and permissions.
func ByID[T interface{ key() int64 }](v T) page.Key { return page.Key{ID: v.key()} }

func (c Corpus) key() int64     { return c.ID }
func (d Document) key() int64   { return d.ID }
func (p Permission) key() int64 { return p.ID }
