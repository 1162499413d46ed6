package core

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"parley/platform/kernel/apperr"
	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
)

// How drives are followed.
const (
	syncKind    = "sharepoint.sync"
	places      = 2                // drives that one process follows at a time
	maxAttempts = 20               // that end with their process; trouble of the backend is none
	maxRun      = 30 * time.Minute // of one job; the next goes on where it stopped
	interval    = 5 * time.Minute  // between two looks at a drive
	maxInterval = time.Hour        // when looking fails again and again
	fullEvery   = 24 * time.Hour   // from one list of everything to the next
	pageSize    = 500              // changes that are stored in one transaction
	maxResyncs  = 3                // in one run
	maxTrouble  = 5                // times that trouble on the server is tried again at once
)

// Kinds are the kinds of work of this module.
func (s *Service) Kinds() []work.Kind {
	return []work.Kind{{Name: syncKind, Concurrency: places, MaxAttempts: maxAttempts, Timeout: maxRun, Work: s.sync, TriedAnew: true}}
}

// A drive has two jobs at most: the one that comes back, and one for a change
// that shall not wait for it.
func jobOf(d FollowedDrive, due time.Time) work.Job {
	return work.Job{Kind: syncKind, Tenant: d.OrganizationID, Key: strconv.FormatInt(d.ID, 10), DueAt: due}
}

const nowSuffix = "/now"

func soonOf(d FollowedDrive) work.Job {
	soon := jobOf(d, time.Time{})
	soon.Key += nowSuffix
	return soon
}

// wake has a drive looked at soon, in the unit of ctx; nothing when it is not
// followed.
func (s *Service) wake(ctx context.Context, org int64, drive string) error {
	d, followed, err := s.Store.DriveOf(ctx, org, drive)
	if err != nil || !followed {
		return err
	}
	return s.Queue.Put(ctx, jobOf(d, s.Clock.Now().Add(interval)), soonOf(d))
}

// Adopt puts the jobs of drives back into the queue that lost them.
func (s *Service) Adopt(ctx context.Context) error {
	for after := int64(0); ; {
		drives, err := s.Store.DrivesAfter(ctx, after, maxKnown)
		if err != nil || len(drives) == 0 {
			return err
		}
		for _, d := range drives {
			after = d.ID
			if err := s.Queue.Put(ctx, jobOf(d, time.Time{})); err != nil {
				return err
			}
		}
	}
}

// run is one look at a drive.
type run struct {
	*Service
	claim   work.Claim
	drive   FollowedDrive
	backend Backend
	readers map[string][]string // of linked items, by external id
}

// errOvertaken answers a write about something that has changed meanwhile.
var errOvertaken = errors.New("somebody else was here meanwhile")

// sync does one job: it reads what changed, looks at each file that this is
// about, and comes back later. Trouble of the backend fails no job.
func (s *Service) sync(ctx context.Context, c work.Claim) error {
	id, err := strconv.ParseInt(strings.TrimSuffix(c.Job().Key, nowSuffix), 10, 64)
	if err != nil {
		return work.Permanent(fmt.Errorf("reading which drive a job is about: %w", err))
	}
	r := &run{Service: s, claim: c, readers: map[string][]string{}}
	if r.drive, err = s.Store.Drive(ctx, id); err != nil {
		if errors.Is(err, ErrNotFound) {
			return nil
		}
		return err
	}
	if r.backend, err = s.Backends.Backend(r.drive.OrganizationID); err == nil {
		if err = r.follow(ctx); err == nil {
			err = r.settle(ctx)
		}
	}
	if ctx.Err() != nil || errors.Is(err, work.ErrLost) || errors.Is(err, work.ErrCancelled) {
		if errors.Is(context.Cause(ctx), context.DeadlineExceeded) {
			return r.end(context.WithoutCancel(ctx), nil) // there is more than one run can do
		}
		return err
	}
	if err != nil && !errors.Is(err, errOvertaken) && internal(err) && c.Attempts() < maxTrouble {
		return err // trouble on the server, which the queue knows to wait for
	}
	return r.end(ctx, err)
}

// internal reports whether an error is none of the backend's.
func internal(err error) bool {
	var known *apperr.Error
	return !errors.As(err, &known)
}

// end finishes the job and has the drive looked at again, or lets go of it when
// nothing of it is linked any more. It is looked at soon when something happened
// to a file while the job ran: the job that was put for that may have been left
// out, because this one was there.
func (r *run) end(ctx context.Context, trouble error) error {
	overtaken := errors.Is(trouble, errOvertaken)
	if overtaken {
		trouble = nil
	}
	if trouble != nil {
		r.Log.WarnContext(ctx, "following a drive failed", "drive", r.drive.ID, "error", trouble)
	}
	return r.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		d, err := r.Store.UpdateDrive(ctx, r.drive.ID, func(d *FollowedDrive) error {
			if d.LastError = ""; trouble == nil {
				d.Failures = 0
				return nil
			}
			d.Failures++
			d.LastError = sentence(trouble)
			return nil
		})
		if err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		// The job goes after the drive is locked: who holds the drive may be
		// about to put the same job.
		if finishing := r.claim.Finish(ctx); finishing != nil || err != nil {
			return finishing
		}
		if trouble == nil {
			waiting, err := r.Store.PendingItems(ctx, d.OrganizationID, d.ExternalID, 0, 1)
			if err != nil {
				return err
			}
			if overtaken || len(waiting) > 0 {
				return r.Queue.Put(ctx, jobOf(d, r.Clock.Now().Add(interval)), soonOf(d))
			}
		}
		links, err := r.Store.CountLinks(ctx, d.OrganizationID, d.ExternalID)
		if err != nil {
			return err
		}
		if links == 0 && trouble == nil {
			return r.Store.DeleteDrive(ctx, d.ID)
		}
		state := Synced
		if trouble != nil {
			state = Failed
		}
		now := r.Clock.Now()
		if err := r.Store.MarkLinks(ctx, d.OrganizationID, d.ExternalID, state, d.LastError, now); err != nil {
			return err
		}
		pause := interval
		for range min(d.Failures, 4) {
			pause = min(2*pause, maxInterval)
		}
		return r.Queue.Put(ctx, jobOf(d, now.Add(pause)))
	})
}
