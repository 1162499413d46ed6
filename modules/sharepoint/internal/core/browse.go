package core

import (
	"context"
	"errors"

	"parley/platform/kernel/actor"
	"parley/platform/kernel/uow"
)

// ItemAt answers the item at a full path, and what is in it.
func (s *Service) ItemAt(ctx context.Context, who actor.Actor, path string) (Shown, []Shown, error) {
	if err := authorize(who); err != nil {
		return Shown{}, nil, err
	}
	if _, err := SplitPath(path); err != nil {
		return Shown{}, nil, err
	}
	b, err := s.Backends.Backend(who.OrganizationID)
	if err != nil {
		return Shown{}, nil, hide(err)
	}
	e, err := b.At(ctx, path)
	if err != nil {
		return Shown{}, nil, err
	}
	is, err := s.found(ctx, b, who.OrganizationID, e)
	if err != nil || e.Kind == File {
		return is, nil, err
	}
	in, err := s.children(ctx, b, is)
	return is, in, err
}

// hide makes what is in no backend something that is not there.
func hide(err error) error {
	if errors.Is(err, ErrNotConnected) {
		return ErrNotFound
	}
	return err
}

func (s *Service) children(ctx context.Context, b Backend, of Shown) ([]Shown, error) {
	entries, err := b.Children(ctx, of.ExternalID)
	if err != nil {
		return nil, err
	}
	out := make([]Shown, 0, len(entries))
	err = s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		above, err := s.Store.Chain(ctx, of.OrganizationID, of.ExternalID)
		if err != nil {
			return err
		}
		if err := s.record(ctx, of.OrganizationID, entries); err != nil {
			return err
		}
		known, err := s.known(ctx, of.OrganizationID, entries)
		if err != nil {
			return err
		}
		for _, e := range entries {
			out = append(out, show(append([]Item{known[e.ID]}, above...)))
		}
		return nil
	})
	return out, err
}

// maxKnown bounds the ids of one question to the store.
const maxKnown = 500

func (s *Service) known(ctx context.Context, org int64, entries []Entry) (map[string]Item, error) {
	out := make(map[string]Item, len(entries))
	for at := 0; at < len(entries); at += maxKnown {
		var ids []string
		for _, e := range entries[at:min(len(entries), at+maxKnown)] {
			ids = append(ids, e.ID)
		}
		found, err := s.Store.ItemsByExternalID(ctx, org, ids)
		if err != nil {
			return nil, err
		}
		for _, i := range found {
			out[i.ExternalID] = i
		}
	}
	return out, nil
}

// ItemByID answers an item as the backend has it now.
func (s *Service) ItemByID(ctx context.Context, who actor.Actor, id int64) (Shown, error) {
	i, b, err := s.item(ctx, who, id)
	if err != nil {
		return Shown{}, err
	}
	e, err := s.entry(ctx, b, i)
	if err != nil {
		return Shown{}, err
	}
	return s.found(ctx, b, who.OrganizationID, e)
}

// item answers what is stored of an item, and the backend that it is in.
func (s *Service) item(ctx context.Context, who actor.Actor, id int64) (Item, Backend, error) {
	if err := authorize(who); err != nil {
		return Item{}, nil, err
	}
	i, err := s.Store.Item(ctx, who.OrganizationID, id)
	if err != nil {
		return i, nil, err
	}
	b, err := s.Backends.Backend(who.OrganizationID)
	return i, b, hide(err)
}

// entry reads an item from its backend. One that is gone there is deleted here.
func (s *Service) entry(ctx context.Context, b Backend, i Item) (Entry, error) {
	e, err := b.Entry(ctx, i.ExternalID)
	if errors.Is(err, ErrNotFound) {
		if deleting := s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error { return s.deleted(ctx, i) }); deleting != nil {
			return e, deleting
		}
	}
	return e, err
}

// deleted notes that an item is gone, in the unit of ctx.
func (s *Service) deleted(ctx context.Context, i Item) error {
	if err := s.lockDrive(ctx, i.OrganizationID, i.DriveExternalID); err != nil {
		return err
	}
	_, err := s.Store.UpdateItem(ctx, i.OrganizationID, i.ID, func(i *Item) error {
		i.IsDeleted = true
		i.Revision++
		return nil
	})
	if err == nil && i.Kind != File {
		err = s.Store.TouchTree(ctx, i.OrganizationID, i.ExternalID)
	}
	if err == nil {
		err = s.wake(ctx, i.OrganizationID, i.DriveExternalID)
	}
	return err
}
