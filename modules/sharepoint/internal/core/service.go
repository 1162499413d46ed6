package core

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"parley/modules/corpora"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
)

// Deps is what a Service needs.
type Deps struct {
	Unit     uow.Unit
	Store    Store
	Backends Backends
	Corpora  corpora.Keeper
	Queue    work.Queue
	Clock    clock.Clock
	Log      *slog.Logger
	// MaxBytes is the largest file that is kept in a corpus.
	MaxBytes int64
}

// Service is the use cases of SharePoint items.
type Service struct{ Deps }

// New returns the use cases over their dependencies.
func New(d Deps) *Service { return &Service{Deps: d} }

// Decider decides about items: application admins may do everything, and
// nobody else sees one.
func (s *Service) Decider() access.Decider {
	return access.Decider{Resource: actor.SharePointItem, May: func(ctx context.Context, who actor.Actor, id int64, _ access.Action) error {
		if authorize(who) != nil {
			return ErrNotFound
		}
		_, err := s.Store.Item(ctx, who.OrganizationID, id)
		return err
	}}
}

func authorize(who actor.Actor) error {
	if who.Level < actor.ApplicationAdmin {
		return ErrNotAdmin
	}
	return nil
}

// Shown is an item as it is shown.
type Shown struct {
	Item
	FullPath string
	ParentID *int64
	// InCorpusID is the corpus that it is linked to or kept in.
	InCorpusID *int64
}

// show answers the item whose chain it is, as it is now.
func show(chain []Item) Shown {
	out := Shown{Item: chain[0]}
	names := make([]string, len(chain))
	for i, c := range chain {
		names[len(chain)-1-i] = c.Name
	}
	out.FullPath = JoinPath(names)
	if len(chain) > 1 {
		out.ParentID = &chain[1].ID
	}
	if link := linkOf(chain); link != nil {
		out.InCorpusID = link.CorpusID
		if out.State == Unlinked || out.Kind == File && out.Revision > out.Handled && out.State != Failed {
			out.State = Pending
		}
		if out.Kind != File && link.ID != out.Item.ID {
			out.State, out.InCorpusID = Unlinked, nil // its files are kept, and not it
		}
	}
	return out
}

// linkOf is the nearest item of a chain that is linked; nil when none is.
func linkOf(chain []Item) *Item {
	for i := range chain {
		if chain[i].CorpusID != nil {
			return &chain[i]
		}
	}
	return nil
}

// maxDepth bounds a chain. A path has at most 400 characters.
const maxDepth = 250

// lineage asks the backend for an entry and all above it, the entry first.
func lineage(ctx context.Context, b Backend, e Entry) ([]Entry, error) {
	out := []Entry{e}
	for e.ParentID != "" && len(out) < maxDepth {
		var err error
		if e, err = b.Entry(ctx, e.ParentID); err != nil {
			return nil, err
		}
		out = append(out, e)
	}
	return out, nil
}

// record stores what a backend said of entries as far as it is new, in the unit
// of ctx. The entries hold each other, the innermost first.
func (s *Service) record(ctx context.Context, org int64, entries []Entry) error {
	known, err := s.known(ctx, org, entries)
	if err != nil {
		return err
	}
	fresh := slices.DeleteFunc(slices.Clone(entries), func(e Entry) bool {
		i, ok := known[e.ID]
		changed, _ := i.take(e)
		return ok && !changed
	})
	if len(fresh) == 0 {
		return nil
	}
	if err := s.lockDrive(ctx, org, fresh[0].DriveID); err != nil {
		return err
	}
	for _, e := range slices.Backward(fresh) {
		if _, err := s.save(ctx, org, audit.System, e, 0); err != nil {
			return err
		}
	}
	return nil
}

// lockDrive keeps everybody else from the items of a drive until the unit of
// ctx ends, if the drive is followed. Units that write items lock their drive
// first, so that they can't wait for each other in a circle.
func (s *Service) lockDrive(ctx context.Context, org int64, drive string) error {
	d, followed, err := s.Store.DriveOf(ctx, org, drive)
	if err != nil || !followed {
		return err
	}
	_, err = s.Store.UpdateDrive(ctx, d.ID, func(*FollowedDrive) error { return nil })
	if errors.Is(err, ErrNotFound) { // let go of just now
		return nil
	}
	return err
}

// save stores one entry; a generation other than 0 is that of a list of
// everything. What is below an entry in another place has to be looked at.
func (s *Service) save(ctx context.Context, org int64, by string, e Entry, generation int64) (Item, error) {
	moved := false
	i, err := s.Store.SaveItem(ctx, org, e.ID, func(i *Item) error {
		fresh := i.CreatedBy == ""
		if fresh {
			i.Audit, i.State = audit.New(by, s.Clock.Now()), Unlinked
		}
		var changed bool
		if changed, moved = i.take(e); changed && !fresh && by != audit.System {
			i.Touch(by, s.Clock.Now())
		}
		if generation != 0 {
			i.Generation = generation
		}
		return nil
	})
	if err == nil && moved && e.Kind != File {
		err = s.Store.TouchTree(ctx, org, e.ID)
	}
	return i, err
}

// found stores an entry with all above it and answers it as it is shown.
func (s *Service) found(ctx context.Context, b Backend, org int64, e Entry) (Shown, error) {
	entries, err := lineage(ctx, b, e)
	if err != nil {
		return Shown{}, err
	}
	var out Shown
	err = s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		if err := s.record(ctx, org, entries); err != nil {
			return err
		}
		out, err = s.shown(ctx, org, e.ID)
		return err
	})
	return out, err
}

func (s *Service) shown(ctx context.Context, org int64, externalID string) (Shown, error) {
	chain, err := s.Store.Chain(ctx, org, externalID)
	if err != nil {
		return Shown{}, err
	}
	if len(chain) == 0 || chain[0].IsDeleted {
		return Shown{}, ErrNotFound
	}
	return show(chain), nil
}
