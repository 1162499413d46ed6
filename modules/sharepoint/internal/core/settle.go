package core

import (
	"context"
	"errors"
	"fmt"

	"parley/platform/kernel/apperr"
	"parley/platform/kernel/uow"
)

// batch is how many files are looked at before the next are read.
const batch = 100

// settle looks at each file of the drive that something happened to, and puts
// its document where it belongs.
func (r *run) settle(ctx context.Context) error {
	org, drive := r.drive.OrganizationID, r.drive.ExternalID
	for after := int64(0); ; {
		items, err := r.Store.PendingItems(ctx, org, drive, after, batch)
		if err != nil {
			return err
		}
		if len(items) == 0 {
			return r.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
				if err := r.update(ctx, func(*FollowedDrive) error { return nil }); err != nil {
					return err
				}
				return r.Store.RemoveFolders(ctx, org, drive)
			})
		}
		for _, i := range items {
			after = i.ID
			if err := r.place(ctx, i); err != nil && !errors.Is(err, errOvertaken) {
				return err
			}
		}
	}
}

// standing is where a file is, in its drive and in the rules.
type standing struct {
	gone bool  // it, or something above it, is deleted
	link *Item // whose corpus it belongs to; nil for none
}

func (r *run) standing(ctx context.Context, i Item) (standing, error) {
	chain, err := r.Store.Chain(ctx, i.OrganizationID, i.ExternalID)
	if err != nil || len(chain) == 0 {
		return standing{gone: true}, err
	}
	whole := false
	for _, c := range chain {
		if c.IsDeleted {
			return standing{gone: true}, nil
		}
		whole = whole || c.Kind == Drive
	}
	if !whole { // in something that is no folder, such as a notebook
		return standing{}, nil
	}
	return standing{link: linkOf(chain)}, nil
}

// place puts the document of one file where it belongs. An error is trouble
// that ends the run; what is wrong with the file itself is stored with it.
func (r *run) place(ctx context.Context, i Item) error {
	at, err := r.standing(ctx, i)
	switch {
	case err != nil:
		return err
	case at.gone:
		return r.finish(ctx, i, nil, func(ctx context.Context, i *Item) error { return r.Store.RemoveItem(ctx, i.OrganizationID, i.ID) })
	case at.link == nil:
		return r.finish(ctx, i, func(i *Item) { i.State, i.LastError = Unlinked, "" }, nil)
	}
	if problem, err := r.mayKeep(ctx, i, *at.link); err != nil {
		return r.deletedMeanwhile(ctx, i, err)
	} else if problem != nil {
		return r.fail(ctx, i, problem)
	}
	if i.DocumentID != 0 && i.KeptCorpusID == *at.link.CorpusID && i.KeptEtag == i.Etag && i.KeptName == i.Name {
		return r.touched(ctx, i)
	}
	err = r.keep(ctx, i, *at.link)
	return r.deletedMeanwhile(ctx, i, err)
}

// deletedMeanwhile makes a file that the backend has no more a deleted one,
// and an error that no later run cures one of the file.
func (r *run) deletedMeanwhile(ctx context.Context, i Item, err error) error {
	var known *apperr.Error
	switch {
	case errors.Is(err, ErrNotFound):
		return r.finish(ctx, i, nil, func(ctx context.Context, i *Item) error { return r.Store.RemoveItem(ctx, i.OrganizationID, i.ID) })
	case errors.As(err, &known) && known.Kind != apperr.Unavailable && known.Kind != apperr.Internal:
		return r.fail(ctx, i, err)
	}
	return err
}

// locked runs fn on an item that is as it was, in one fenced unit.
func (r *run) locked(ctx context.Context, as Item, fn func(ctx context.Context, i *Item) error) error {
	return r.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		i, err := r.Store.UpdateItem(ctx, as.OrganizationID, as.ID, func(i *Item) error {
			if i.Revision != as.Revision || i.Handled != as.Handled {
				return errOvertaken
			}
			return nil
		})
		if errors.Is(err, ErrNotFound) {
			return errOvertaken
		}
		if err != nil {
			return err
		}
		if err := r.claim.Hold(ctx); err != nil { // after the item, see update
			return err
		}
		return fn(ctx, &i)
	})
}

// finish takes the document of a file away, and then changes or removes the
// item.
func (r *run) finish(ctx context.Context, i Item, change func(*Item), then func(ctx context.Context, i *Item) error) error {
	return r.locked(ctx, i, func(ctx context.Context, i *Item) error {
		if i.DocumentID != 0 {
			if err := r.Corpora.Drop(ctx, i.OrganizationID, i.DocumentID); err != nil {
				return err
			}
		}
		if then != nil {
			return then(ctx, i)
		}
		_, err := r.Store.UpdateItem(ctx, i.OrganizationID, i.ID, func(i *Item) error {
			i.DocumentID, i.KeptCorpusID, i.KeptEtag, i.KeptName = 0, 0, "", ""
			i.Handled = i.Revision
			change(i)
			return nil
		})
		return err
	})
}

// fail keeps a file out of the corpus and says why.
func (r *run) fail(ctx context.Context, i Item, why error) error {
	return r.finish(ctx, i, func(i *Item) { i.State, i.LastError = Failed, sentence(why) }, nil)
}

// touched notes that the document of a file is where it belongs.
func (r *run) touched(ctx context.Context, i Item) error {
	return r.locked(ctx, i, func(ctx context.Context, i *Item) error {
		now := r.Clock.Now()
		_, err := r.Store.UpdateItem(ctx, i.OrganizationID, i.ID, func(i *Item) error {
			i.LastSyncedOn, i.Handled = &now, i.Revision
			if i.State != Failed { // its document may have been unreadable
				i.State, i.LastError = Synced, ""
			}
			return nil
		})
		return err
	})
}

// sentence is what a person reads of an error.
func sentence(err error) string {
	var known *apperr.Error
	if errors.As(err, &known) {
		return known.Message
	}
	return "Something went wrong on this server; its log says what."
}

// DocumentIndexed notes that the document of a file could not be read.
func (s *Service) DocumentIndexed(ctx context.Context, org, documentID int64, failed bool) error {
	if !failed {
		return nil
	}
	return s.Store.FailDocument(ctx, org, documentID, fmt.Sprintf("The file could not be read; document %d says why.", documentID))
}

// DocumentsDeleted has the files looked at whose documents somebody deleted in
// the corpus. The corpus of a link has what the drive has, so a file that is
// still linked becomes a document again; to remove it for good, delete it in the
// drive, or unlink it.
func (s *Service) DocumentsDeleted(ctx context.Context, org int64, documentIDs []int64) error {
	drives, err := s.Store.DrivesOfDocuments(ctx, org, documentIDs)
	if err != nil || len(drives) == 0 {
		return err
	}
	for _, drive := range drives {
		if err := s.lockDrive(ctx, org, drive); err != nil {
			return err
		}
	}
	if err := s.Store.ForgetDocuments(ctx, org, documentIDs); err != nil {
		return err
	}
	for _, drive := range drives {
		if err := s.wake(ctx, org, drive); err != nil {
			return err
		}
	}
	return nil
}

// PassLinks makes the admin who deleted a user the one who linked what they had.
func (s *Service) PassLinks(ctx context.Context, org, from, to int64) error {
	return s.Store.PassLinks(ctx, org, from, to)
}
