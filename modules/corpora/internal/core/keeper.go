package core

import (
	"context"
	"errors"
	"io"
	"strconv"

	"parley/modules/corpora"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/uow"
)

// keeper implements corpora.Keeper.
type keeper struct{ *Service }

// Keeper answers what other modules keep documents by.
func (s *Service) Keeper() corpora.Keeper { return keeper{s} }

// MayKeep implements corpora.Keeper.
func (k keeper) MayKeep(ctx context.Context, who actor.Actor, corpusID int64) error {
	_, err := k.MayUpload(ctx, who, corpusID)
	return err
}

// Store implements corpora.Keeper.
func (k keeper) Store(ctx context.Context, r io.Reader) (corpora.StoredFile, error) {
	u, err := k.Service.Keep(ctx, r)
	return corpora.StoredFile{Key: u.Key, Size: u.Size, SHA256: u.SHA256}, err
}

// Discard implements corpora.Keeper.
func (k keeper) Discard(ctx context.Context, f corpora.StoredFile) {
	k.Service.Discard(ctx, Stored{Key: f.Key})
}

// Keep implements corpora.Keeper. Until documents can be given another file, a
// replaced one is removed and added anew in one transaction.
func (k keeper) Keep(ctx context.Context, d corpora.KeptDocument) (id int64, err error) {
	err = k.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		all := access.VisibleCorpora{OrganizationID: d.OrganizationID, All: true}
		if _, err := k.Service.Store.Corpus(ctx, all, d.CorpusID); err != nil {
			return err
		}
		if d.DocumentID != 0 {
			if err := k.Drop(ctx, d.OrganizationID, d.DocumentID); err != nil {
				return err
			}
		}
		documents, err := k.Service.Store.LockCorpus(ctx, d.CorpusID)
		if err != nil {
			return err
		}
		if documents >= maxDocuments {
			return ErrFull
		}
		name := clean(d.Name)
		if name == "" {
			name = "Untitled"
		}
		made, err := k.Service.Store.AddDocument(ctx, Document{
			OrganizationID: d.OrganizationID, CorpusID: d.CorpusID, UserID: d.UserID, Name: name, Source: name, ContentType: "file",
			MimeType: "application/octet-stream", Size: d.File.Size, SHA256: d.File.SHA256, Tags: []string{}, UploadFrom: d.UploadFrom, Step: Pending, BlobKey: d.File.Key, Audit: audit.New(d.By, k.Clock.Now()),
		})
		if err != nil {
			return err
		}
		id = made.ID
		tx.Publish(corpora.DocumentAdded{DocumentID: made.ID, CorpusID: made.CorpusID, OrganizationID: made.OrganizationID, UserID: made.UserID})
		return k.Queue.Put(ctx, indexJob(made))
	})
	return id, err
}

// Drop implements corpora.Keeper. The job goes first: whoever works on it
// writes nothing any more. The file goes after the commit.
func (k keeper) Drop(ctx context.Context, organizationID, documentID int64) error {
	return k.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		if err := k.Queue.Cancel(ctx, indexKind, strconv.FormatInt(documentID, 10)); err != nil {
			return err
		}
		gone, err := k.Service.Store.RemoveDocument(ctx, organizationID, documentID)
		if errors.Is(err, ErrDocumentNotFound) {
			return nil
		}
		if err == nil {
			uow.AfterCommit(ctx, func() { k.Service.Discard(ctx, Stored{Key: gone.BlobKey}) })
		}
		return err
	})
}
