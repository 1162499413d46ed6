package core

import (
	"context"
	"errors"
	"io"

	"parley/modules/sharepoint"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/uow"
)

// Content is a file that was sent.
type Content struct {
	Size int64
	io.ReadSeeker
}

// NewItem is what an item is made of: FullPath, or ParentID and Name.
type NewItem struct {
	FullPath string
	ParentID int64
	Name     string
	Kind     Kind
	Link     *Link    // nil: none
	Content  *Content // of a file
}

// Link ties an item to a corpus.
type Link struct {
	CorpusID int64
	Rights   Rights // "" means ItemRights
}

// CreateItem makes an item in the backend, with the folders that are missing
// above it.
func (s *Service) CreateItem(ctx context.Context, who actor.Actor, n NewItem) (Shown, error) {
	if err := authorize(who); err != nil {
		return Shown{}, err
	}
	if err := s.mayLink(ctx, who, n.Kind, n.Link); err != nil {
		return Shown{}, err
	}
	if (n.Content != nil) != (n.Kind == File) {
		return Shown{}, ErrNoContent.WithField("content", "belongs to a file and to nothing else")
	}
	b, err := s.Backends.Backend(who.OrganizationID)
	if err != nil {
		if n.ParentID != 0 {
			err = hide(err)
		}
		return Shown{}, err
	}
	parentID, name, err := s.place(ctx, who, b, n)
	if err != nil {
		return Shown{}, err
	}
	var e Entry
	if n.Kind == File {
		e, err = b.Upload(ctx, Upload{ParentID: parentID, Name: name, Size: n.Content.Size, Content: n.Content})
	} else {
		e, err = b.Make(ctx, parentID, name, n.Kind)
	}
	if err != nil {
		return Shown{}, err
	}
	return s.changed(ctx, who, b, e, n.Link, true)
}

// place answers where a new item goes, and makes what is missing above.
func (s *Service) place(ctx context.Context, who actor.Actor, b Backend, n NewItem) (parentID, name string, err error) {
	if n.ParentID != 0 {
		if n.FullPath != "" {
			return "", "", ErrBadPath.WithMessage("Send full_path, or parent_id with name, and not both.").WithField("full_path", "stands beside parent_id")
		}
		if err := CheckName(n.Name); err != nil {
			return "", "", err
		}
		parent, err := s.Store.Item(ctx, who.OrganizationID, n.ParentID)
		if err != nil {
			return "", "", err
		}
		e, err := s.entry(ctx, b, parent)
		if err != nil {
			return "", "", err
		}
		if !e.Kind.Holds(n.Kind) {
			return "", "", ErrBadPlace.WithField("parent_id", "can't hold an item of this type")
		}
		is, err := s.found(ctx, b, who.OrganizationID, e)
		if err != nil {
			return "", "", err
		}
		return e.ID, n.Name, fits(is.FullPath + "/" + n.Name)
	}
	names, err := SplitPath(n.FullPath)
	if err != nil {
		return "", "", err
	}
	if n.Kind == Site && len(names) != 1 || n.Kind == Drive && len(names) != 2 || (n.Kind == Folder || n.Kind == File) && len(names) < 3 {
		return "", "", ErrBadPlace.WithField("full_path", "has no place for an item of this type")
	}
	parentID, err = parents(ctx, b, names[:len(names)-1])
	return parentID, names[len(names)-1], err
}

func fits(path string) error {
	_, err := SplitPath(path)
	return err
}

// parents answers the entry at a path, which it makes as far as it is missing.
func parents(ctx context.Context, b Backend, names []string) (string, error) {
	there := len(names)
	id := ""
	for ; there > 0; there-- {
		e, err := b.At(ctx, JoinPath(names[:there]))
		if err == nil {
			id = e.ID
			break
		}
		if !errors.Is(err, ErrNotFound) {
			return "", err
		}
	}
	for ; there < len(names); there++ {
		kind := []Kind{Site, Drive, Folder}[min(there, 2)]
		e, err := b.Make(ctx, id, names[there], kind)
		if errors.Is(err, ErrNameTaken) { // somebody was quicker
			e, err = b.At(ctx, JoinPath(names[:there+1]))
		}
		if err != nil {
			return "", err
		}
		id = e.ID
	}
	return id, nil
}

// mayLink checks that who may have an item of this kind kept in a corpus.
func (s *Service) mayLink(ctx context.Context, who actor.Actor, kind Kind, l *Link) error {
	if l == nil {
		return nil
	}
	if err := s.Corpora.MayKeep(ctx, who, l.CorpusID); err != nil {
		return err
	}
	if kind == Site {
		return ErrBadPlace.WithMessage("A site can't be linked; link its drives.").WithField("corpus_id", "can't be given to a site")
	}
	return nil
}

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
