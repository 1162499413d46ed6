package core

import (
	"context"
	"errors"

	"parley/platform/kernel/audit"
	"parley/platform/kernel/uow"
)

// follow reads the changes to their end.
func (r *run) follow(ctx context.Context) error {
	if d := r.drive; !d.IsFull && (d.CompletedOn == nil || r.Clock.Now().Sub(*d.CompletedOn) >= fullEvery) {
		if err := r.restart(ctx, ""); err != nil {
			return err
		}
	}
	for resyncs := 0; ; {
		got, err := r.backend.Changes(ctx, r.drive.ExternalID, r.drive.Token)
		var again *Resync
		switch {
		case errors.As(err, &again) && resyncs < maxResyncs:
			resyncs++
			if err := r.restart(ctx, again.From); err != nil {
				return err
			}
			continue
		case r.startFails(err):
			if err := r.restart(ctx, ""); err != nil {
				return err
			}
			continue
		case errors.Is(err, ErrNotFound):
			r.Log.InfoContext(ctx, "a followed drive is gone", "drive", r.drive.ID)
			got, err = Changes{}, nil
			if err := r.restart(ctx, ""); err != nil {
				return err
			}
		}
		if err != nil {
			return err
		}
		if err := r.note(ctx, got); err != nil {
			return err
		}
		if !got.More {
			return nil
		}
	}
}

// startFails reports whether the place where a new list was to start does not
// answer, so that the very beginning has to do.
func (r *run) startFails(err error) bool {
	return errors.Is(err, ErrUnavailable) && r.drive.IsFull && r.drive.Start != "" && r.drive.Token == r.drive.Start
}

// restart begins a list of everything.
func (r *run) restart(ctx context.Context, from string) error {
	return r.update(ctx, func(d *FollowedDrive) error {
		d.Token, d.Start, d.IsFull = from, from, true
		d.Generation++
		return nil
	})
}

// update changes the row of the drive, fenced. Every unit locks the drive before
// items and its job last: who changes an item has both, and puts that job.
func (r *run) update(ctx context.Context, change func(*FollowedDrive) error) error {
	return r.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		d, err := r.Store.UpdateDrive(ctx, r.drive.ID, change)
		if err != nil {
			return err
		}
		r.drive = d
		return r.claim.Hold(ctx)
	})
}

// note stores a part of the changes together with how far the drive has been
// read. What another run has read meanwhile is left to it.
func (r *run) note(ctx context.Context, got Changes) error {
	items := got.Items
	for {
		n := min(pageSize, len(items))
		last := n == len(items)
		err := r.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
			d, err := r.Store.UpdateDrive(ctx, r.drive.ID, func(d *FollowedDrive) error {
				if d.Token != r.drive.Token || d.Generation != r.drive.Generation {
					return errOvertaken
				}
				if last {
					d.Token = got.Token
				}
				if last && !got.More && d.IsFull {
					now := r.Clock.Now()
					d.IsFull, d.Start, d.CompletedOn = false, "", &now
				}
				return nil
			})
			if err != nil {
				return err
			}
			for _, c := range items[:n] {
				if err := r.noteOne(ctx, c); err != nil {
					return err
				}
			}
			if last && r.drive.IsFull && !d.IsFull {
				if err := r.Store.SweepItems(ctx, d.OrganizationID, d.ExternalID, d.Generation); err != nil {
					return err
				}
				if err := r.Store.TouchFailed(ctx, d.OrganizationID, d.ExternalID); err != nil {
					return err
				}
			}
			if err := r.claim.Hold(ctx); err != nil {
				return err
			}
			if last {
				r.drive = d
			}
			return nil
		})
		if err != nil || last {
			return err
		}
		items = items[n:]
	}
}

func (r *run) noteOne(ctx context.Context, c FeedChange) error {
	if !c.Deleted {
		_, err := r.save(ctx, r.drive.OrganizationID, audit.System, c.Entry, r.drive.Generation)
		return err
	}
	known, err := r.Store.ItemsByExternalID(ctx, r.drive.OrganizationID, []string{c.ID})
	if err != nil || len(known) == 0 || known[0].IsDeleted {
		return err
	}
	_, err = r.Store.UpdateItem(ctx, r.drive.OrganizationID, known[0].ID, func(i *Item) error {
		i.IsDeleted = true
		i.Revision++
		return nil
	})
	if err == nil && known[0].Kind != File {
		err = r.Store.TouchTree(ctx, r.drive.OrganizationID, c.ID)
	}
	return err
}
