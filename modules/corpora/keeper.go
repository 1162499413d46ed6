package corpora

import (
	"context"
	"io"

	"parley/platform/kernel/actor"
)

// StoredFile is a file whose bytes are kept and that is no document yet.
type StoredFile struct {
	Key    string
	Size   int64 // in bytes
	SHA256 string
}

// KeptDocument is a document that another module keeps in step with a file
// elsewhere.
type KeptDocument struct {
	OrganizationID int64
	CorpusID       int64
	UserID         int64  // whose document it is
	By             string // who caused the change, for the audit fields
	// DocumentID is the document that this one takes the place of; 0, or one
	// that is gone, for none.
	DocumentID int64
	Name       string
	UploadFrom string // where it comes from
	File       StoredFile
}

// Keeper keeps documents in step with files elsewhere. It decides about rights
// in MayKeep alone: the user who linked a file has had that answer.
type Keeper interface {
	// MayKeep answers nil when who may have documents kept in the corpus, as an
	// editor of it may; else NotFound or Forbidden.
	MayKeep(ctx context.Context, who actor.Actor, corpusID int64) error
	// Store keeps the bytes of a file, outside of any unit of work. They become
	// a document by Keep, or go by Discard.
	Store(ctx context.Context, r io.Reader) (StoredFile, error)
	Discard(ctx context.Context, f StoredFile)
	// Keep adds a document or replaces one, in the unit of ctx, and answers its
	// id, which may be another than before. It is indexed in the background.
	// NotFound when there is no such corpus any more.
	Keep(ctx context.Context, d KeptDocument) (documentID int64, err error)
	// Drop removes a document in the unit of ctx: the very next question does
	// not find it. One that is gone is no error.
	Drop(ctx context.Context, organizationID, documentID int64) error
}
