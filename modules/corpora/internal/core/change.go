package core

import (
	"context"

	"parley/modules/corpora"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
)

// DocumentChange is what a request changes of a document; nil leaves a field as
// it is. Under a new name the document is read again: the name may be its title,
// which is searched, and may say how it is to be read.
type DocumentChange struct {
	Name        *string
	Description *string
	Tags        *[]string
	// Source is read in place of the one that there is, which questions go on
	// finding until it is completed. Its tags and description don't count.
	Source         *NewDocument
	AllowDuplicate bool
}

// MayChange answers the document when the caller may change it. It is asked
// before the first byte of a new source is read.
func (s *Service) MayChange(ctx context.Context, who actor.Actor, id int64) (Document, error) {
	d, _, err := s.authorizeDocument(ctx, who, id, access.Edit)
	return d, err
}

// UpdateDocument changes a document of a corpus that the caller may edit.
func (s *Service) UpdateDocument(ctx context.Context, who actor.Actor, id int64, n DocumentChange) (Document, error) {
	if n.Name != nil && clean(*n.Name) == "" {
		return Document{}, ErrBlankDocument
	}
	var before, changed Document
	err := s.changing(ctx, who, id, func(ctx context.Context, tx uow.Tx, d Document) error {
		claimed, err := s.claimedBy(ctx, d, n)
		if err != nil {
			return err
		}
		different := false
		changed, err = s.Store.UpdateDocument(ctx, id, func(d *Document) error {
			before = *d
			touch := audit.Watch(d)
			if _, _, err := n.apply(d); err != nil {
				return err
			}
			if claimed != nil {
				d.ClaimedName, d.ClaimedContent = claimed.ClaimedName, claimed.ClaimedContent
			}
			different = touch(who.Name(), s.Clock.Now())
			return nil
		})
		if err != nil {
			return err
		}
		switch {
		case n.Source != nil:
			err = s.replaced(ctx, before, changed)
		case changed.Revision != before.Revision:
			err = s.readAgain(ctx, before, indexJob(changed))
		}
		if different {
			tx.Publish(corpora.DocumentUpdated{DocumentID: id, CorpusID: d.CorpusID, OrganizationID: d.OrganizationID, Revision: changed.Revision})
		}
		return err
	})
	return changed, err
}

// changing runs fn on a document that the caller may change, and that nobody
// else changes meanwhile.
func (s *Service) changing(ctx context.Context, who actor.Actor, id int64, fn func(ctx context.Context, tx uow.Tx, d Document) error) error {
	return s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		d, c, err := s.authorizeDocument(ctx, who, id, access.Edit)
		if err != nil {
			return err
		}
		if _, err := s.Store.LockCorpus(ctx, c.ID); err != nil {
			return err
		}
		if d, err = s.reread(ctx, d); err != nil {
			return err
		}
		return fn(ctx, tx, d)
	})
}

// reread answers a document as it is, and locks it. Who locks the corpus does so
// before.
func (s *Service) reread(ctx context.Context, d Document) (Document, error) {
	now, err := s.Store.LockDocuments(ctx, []int64{d.ID})
	if err != nil {
		return d, err
	}
	if len(now) == 0 {
		return d, ErrDocumentNotFound
	}
	return now[0], nil
}

// apply writes the fields that n is about, and no others, and answers the name
// and the content that the document is to claim.
func (n DocumentChange) apply(d *Document) (name, content string, err error) {
	name, content = d.ClaimedName, d.ClaimedContent
	if n.Source != nil {
		given := *n.Source
		if n.Name != nil {
			given.Name = *n.Name
		}
		if name, err = given.source(d); err != nil {
			return "", "", err
		}
		d.Revision, content = d.Revision+1, d.SHA256
	} else if n.Name != nil {
		before := d.Name
		if d.Name = clean(*n.Name); d.ContentType != linkType {
			name = d.Name
		}
		if d.Name != before { // what has no title of its own is found by its name
			d.Step, d.FailureReason, d.Revision = Pending, nil, d.Revision+1
		}
	}
	if n.Description != nil {
		d.Description = *n.Description
	}
	if n.Tags != nil {
		d.Tags = tidy(*n.Tags)
	}
	return name, content, nil
}

// claimedBy answers d with what it claims after n, and nil when n leaves that
// as it is: a document that fails meanwhile claims nothing any more.
func (s *Service) claimedBy(ctx context.Context, d Document, n DocumentChange) (*Document, error) {
	was := d.Revision
	name, content, err := n.apply(&d)
	if err != nil {
		return nil, err
	}
	switch {
	case n.AllowDuplicate:
		d.ClaimedName, d.ClaimedContent = "", ""
	case name != d.ClaimedName || content != d.ClaimedContent:
		if err := s.claim(ctx, &d, name, content); err != nil {
			return nil, err
		}
	case d.Revision == was:
		return nil, nil
	}
	return &d, nil
}

// replaced puts the new source of a document into the queue in place of what
// was to be done with the old one, whose file goes.
func (s *Service) replaced(ctx context.Context, before, d Document) error {
	jobs := eraseJobs(d.OrganizationID, nil, []string{before.BlobKey})
	return s.readAgain(ctx, before, append(jobs, indexJob(d))...)
}

// readAgain puts jobs into the queue in place of the one of a document as it
// was before.
func (s *Service) readAgain(ctx context.Context, before Document, jobs ...work.Job) error {
	if err := s.Queue.Cancel(ctx, indexKind, indexJob(before).Key); err != nil {
		return err
	}
	return s.Queue.Put(ctx, jobs...)
}

// Reindex reads a document again that the caller may change, and fetches a page
// again. Questions go on finding what they found until it is completed.
func (s *Service) Reindex(ctx context.Context, who actor.Actor, id int64) (Document, error) {
	var before, again Document
	err := s.changing(ctx, who, id, func(ctx context.Context, tx uow.Tx, d Document) (err error) {
		again, err = s.Store.UpdateDocument(ctx, id, func(d *Document) error {
			before = *d
			d.Step, d.FailureReason, d.Revision = Pending, nil, d.Revision+1
			d.Touch(who.Name(), s.Clock.Now())
			return nil
		})
		if err != nil {
			return err
		}
		tx.Publish(corpora.DocumentUpdated{DocumentID: id, CorpusID: d.CorpusID, OrganizationID: d.OrganizationID, Revision: again.Revision})
		job := indexJob(again)
		job.Payload = fetchAgain // a link
		return s.readAgain(ctx, before, job)
	})
	return again, err
}
