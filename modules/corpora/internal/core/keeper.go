package core

import (
	"context"
	"errors"
	"io"

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

// Keep implements corpora.Keeper. Questions find the old text of a replaced
// document until the new one is completed. A document of another corpus is
// removed there and added here, in one transaction.
func (k keeper) Keep(ctx context.Context, d corpora.KeptDocument) (id int64, err error) {
	kept := Document{
		OrganizationID: d.OrganizationID, CorpusID: d.CorpusID, UserID: d.UserID, Tags: []string{}, UploadFrom: d.UploadFrom, Audit: audit.New(d.By, k.Clock.Now()),
	}
	source := NewDocument{Stored: Stored{Key: d.File.Key, Size: d.File.Size, SHA256: d.File.SHA256}, FileName: d.Name}
	err = k.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		all := access.VisibleCorpora{OrganizationID: d.OrganizationID, All: true}
		if _, err := k.Service.Store.Corpus(ctx, all, d.CorpusID); err != nil {
			return err
		}
		documents, err := k.lockBoth(ctx, all, d)
		if err != nil {
			return err
		}
		if d.DocumentID != 0 {
			now, err := k.Service.Store.Document(ctx, all, d.DocumentID)
			switch {
			case err == nil && now.CorpusID == d.CorpusID:
				id = now.ID
				return k.replace(ctx, tx, now, source, d.By)
			case err == nil:
				err = k.Drop(ctx, d.OrganizationID, d.DocumentID)
			case errors.Is(err, ErrDocumentNotFound):
				err = nil
			}
			if err != nil {
				return err
			}
		}
		if documents >= maxDocuments {
			return ErrFull
		}
		if _, err := source.source(&kept); err != nil {
			return err
		}
		made, err := k.Service.Store.AddDocument(ctx, kept)
		if err != nil {
			return err
		}
		id = made.ID
		tx.Publish(corpora.DocumentAdded{DocumentID: made.ID, CorpusID: made.CorpusID, OrganizationID: made.OrganizationID, UserID: made.UserID})
		return k.Queue.Put(ctx, indexJob(made))
	})
	return id, err
}

// lockBoth locks the corpus of a document and, before or after it by their ids,
// the one that it is in now, and answers how many documents the first one has.
func (k keeper) lockBoth(ctx context.Context, all access.VisibleCorpora, d corpora.KeptDocument) (documents int64, err error) {
	if d.DocumentID == 0 {
		return k.Service.Store.LockCorpus(ctx, d.CorpusID)
	}
	now, err := k.Service.Store.Document(ctx, all, d.DocumentID)
	if err != nil && !errors.Is(err, ErrDocumentNotFound) {
		return 0, err
	}
	if err == nil && now.CorpusID < d.CorpusID { // Drop locks a higher one
		if _, err := k.Service.Store.LockCorpus(ctx, now.CorpusID); err != nil && !errors.Is(err, ErrNotFound) {
			return 0, err
		}
	}
	return k.Service.Store.LockCorpus(ctx, d.CorpusID)
}

// replace gives a document of a locked corpus another file.
func (k keeper) replace(ctx context.Context, tx uow.Tx, before Document, source NewDocument, by string) error {
	changed, err := k.Service.Store.UpdateDocument(ctx, before.ID, func(d *Document) error {
		if _, err := source.source(d); err != nil {
			return err
		}
		d.Revision, d.ClaimedName, d.ClaimedContent = d.Revision+1, "", ""
		d.Touch(by, k.Clock.Now())
		return nil
	})
	if err != nil {
		return err
	}
	tx.Publish(corpora.DocumentUpdated{DocumentID: changed.ID, CorpusID: changed.CorpusID, OrganizationID: changed.OrganizationID, Revision: changed.Revision})
	return k.replaced(ctx, before, changed)
}

// Drop implements corpora.Keeper.
func (k keeper) Drop(ctx context.Context, organizationID, documentID int64) error {
	return k.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		d, err := k.Service.Store.Document(ctx, access.VisibleCorpora{OrganizationID: organizationID, All: true}, documentID)
		if errors.Is(err, ErrDocumentNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		if _, err := k.Service.Store.LockCorpus(ctx, d.CorpusID); err != nil {
			return err
		}
		switch d, err = k.reread(ctx, d); {
		case errors.Is(err, ErrDocumentNotFound):
			return nil
		case err != nil:
			return err
		}
		return k.remove(ctx, tx, d.CorpusID, []Document{d}, 0)
	})
}
