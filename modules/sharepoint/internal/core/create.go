package core

import (
	"context"
	"errors"
	"io"

	"parley/platform/kernel/actor"
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
