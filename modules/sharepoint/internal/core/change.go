package core

import (
	"context"

	"parley/modules/sharepoint"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/uow"
)

// Change is what is to change of an item; nil fields stay.
type Change struct {
	Name     *string
	ParentID *int64
	Link     *Link // to tie
	Unlink   bool  // to untie
	Content  *Content
}

// UpdateItem renames, moves, links or unlinks an item, or replaces the content
// of a file as it was when it was read last.
func (s *Service) UpdateItem(ctx context.Context, who actor.Actor, id int64, c Change) (Shown, error) {
	i, b, err := s.item(ctx, who, id)
	if err != nil {
		return Shown{}, err
	}
	if err := s.mayLink(ctx, who, i.Kind, c.Link); err != nil {
		return Shown{}, err
	}
	if c.Content != nil && i.Kind != File {
		return Shown{}, ErrNoContent.WithField("content", "belongs to a file and to nothing else")
	}
	known := i.Etag
	e, err := s.entry(ctx, b, i)
	if err != nil {
		return Shown{}, err
	}
	if e, err = s.move(ctx, who, b, e, c); err != nil {
		return Shown{}, err
	}
	if c.Content != nil {
		if c.Name != nil || c.ParentID != nil {
			known = e.ETag // a rename gave it another
		}
		if e, err = b.Upload(ctx, Upload{FileID: e.ID, IfMatch: known, Size: c.Content.Size, Content: c.Content}); err != nil {
			return Shown{}, err
		}
	}
	link := c.Link
	if c.Unlink {
		link = &Link{}
	}
	return s.changed(ctx, who, b, e, link, false)
}

// move gives an entry the name and the place that a change says.
func (s *Service) move(ctx context.Context, who actor.Actor, b Backend, e Entry, c Change) (Entry, error) {
	if c.Name == nil && c.ParentID == nil {
		return e, nil
	}
	if e.Kind != Folder && e.Kind != File {
		return e, ErrNotSupported.WithMessage("Only folders and files can be renamed and moved.")
	}
	name, to := e.Name, e.ParentID
	if c.Name != nil {
		if name = *c.Name; CheckName(name) != nil {
			return e, CheckName(name)
		}
	}
	if c.ParentID != nil {
		parent, err := s.Store.Item(ctx, who.OrganizationID, *c.ParentID)
		if err != nil {
			return e, err
		}
		if parent.DriveExternalID != e.DriveID || !parent.Kind.Holds(e.Kind) {
			return e, ErrBadPlace.WithField("parent_id", "is no drive and no folder of the same drive")
		}
		to = parent.ExternalID
	}
	if name == e.Name && to == e.ParentID {
		return e, nil
	}
	return b.Move(ctx, e.ID, to, name)
}

// changed stores what somebody did in the backend, ties the item, and tells of
// it. A Link without a corpus unties.
func (s *Service) changed(ctx context.Context, who actor.Actor, b Backend, e Entry, link *Link, created bool) (Shown, error) {
	entries, err := lineage(ctx, b, e)
	if err != nil {
		return Shown{}, err
	}
	var out Shown
	err = s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		if link != nil && link.CorpusID != 0 {
			if _, err := s.Store.FollowDrive(ctx, who.OrganizationID, e.DriveID); err != nil {
				return err
			}
		}
		if err := s.lockDrive(ctx, who.OrganizationID, e.DriveID); err != nil {
			return err
		}
		if err := s.record(ctx, who.OrganizationID, entries[1:]); err != nil {
			return err
		}
		i, err := s.save(ctx, who.OrganizationID, who.Name(), e, 0)
		if err != nil {
			return err
		}
		if link != nil {
			if i, err = s.tie(ctx, who, i, *link); err != nil {
				return err
			}
		}
		corpusID := int64(0)
		if i.CorpusID != nil {
			corpusID = *i.CorpusID
		}
		if created {
			tx.Publish(sharepoint.ItemCreated{ItemID: i.ID, OrganizationID: i.OrganizationID, CorpusID: corpusID, CreatedBy: who.UserID})
		} else {
			tx.Publish(sharepoint.ItemUpdated{ItemID: i.ID, OrganizationID: i.OrganizationID, CorpusID: corpusID, UpdatedBy: who.UserID})
		}
		if err := s.wake(ctx, i.OrganizationID, i.DriveExternalID); err != nil {
			return err
		}
		out, err = s.shown(ctx, who.OrganizationID, e.ID)
		return err
	})
	return out, err
}

// tie links an item to a corpus, or to none, in the unit of ctx. Its drive is
// followed.
func (s *Service) tie(ctx context.Context, who actor.Actor, i Item, l Link) (Item, error) {
	rights := l.Rights
	if rights == "" {
		rights = ItemRights
	}
	i, err := s.Store.UpdateItem(ctx, i.OrganizationID, i.ID, func(i *Item) error {
		touch := audit.Watch(i)
		i.CorpusID, i.Rights, i.LinkedBy, i.State, i.LastError = nil, "", 0, Unlinked, ""
		if l.CorpusID != 0 {
			corpusID := l.CorpusID
			i.CorpusID, i.Rights, i.LinkedBy, i.State = &corpusID, rights, who.UserID, Pending
		}
		touch(who.Name(), s.Clock.Now())
		return nil
	})
	if err != nil {
		return i, err
	}
	return i, s.Store.TouchTree(ctx, i.OrganizationID, i.ExternalID)
}

// DeleteItem deletes an item, with all below it, and answers what it was.
func (s *Service) DeleteItem(ctx context.Context, who actor.Actor, id int64) (Shown, error) {
	i, b, err := s.item(ctx, who, id)
	if err != nil {
		return Shown{}, err
	}
	e, err := s.entry(ctx, b, i)
	if err != nil {
		return Shown{}, err
	}
	was, err := s.found(ctx, b, who.OrganizationID, e)
	if err != nil {
		return Shown{}, err
	}
	if err := b.Delete(ctx, e.ID); err != nil {
		return Shown{}, err
	}
	err = s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		tx.Publish(sharepoint.ItemDeleted{ItemID: i.ID, OrganizationID: i.OrganizationID, DeletedBy: who.UserID})
		return s.deleted(ctx, was.Item)
	})
	return was, err
}
