package core

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
)

// IndexVersion is the version of how files are read and cut into passages. A
// higher one, for which the store needs a migration that a test asks for, has
// documents read again, as IsStale says.
const IndexVersion = 3

// Version 3 differs from version 2 in short documents alone, which were
// mostCut passages at most: of two that follow each other, the second one ends
// over 400 characters behind what was before, and chunking.Whole is 3,000.
const mostCut = 17

// IsStale reports whether the document is to be read again. SQL says the same.
func (d Document) IsStale() bool {
	return d.Step == Completed && (d.IndexVersion < 2 || d.IndexVersion < 3 && d.ChunkCount >= 2 && d.ChunkCount <= mostCut)
}

// staleKind is the kind of the jobs that have documents of a corpus read again
// whose text is by an older version.
const staleKind = "corpora.stale"

const (
	// readAnew is the payload of an index job that reads the same file again.
	readAnew = "anew"
	// anewPriority puts it behind everything that somebody waits for.
	anewPriority = -1
	// staleAtOnce is how many documents of a corpus wait to be read again.
	staleAtOnce = 20
	// stalePause is when the next ones follow.
	stalePause = 5 * time.Second
)

// staleJob takes a place of the organization's share; its key is the corpus, and
// its payload the version of how files are read.
func staleJob(organizationID, corpusID int64) work.Job {
	return work.Job{Kind: staleKind, Tenant: organizationID, Key: strconv.FormatInt(corpusID, 10), Payload: strconv.Itoa(IndexVersion)}
}

func (s *Service) adoptStale(ctx context.Context) error {
	for after := int64(0); ; {
		corpora, err := s.Store.StaleCorpora(ctx, after, adoptSize)
		if err != nil || len(corpora) == 0 {
			return err
		}
		jobs := make([]work.Job, len(corpora))
		for i, c := range corpora {
			jobs[i] = staleJob(c.OrganizationID, c.ID)
			after = c.ID
		}
		if err := s.Queue.Put(ctx, jobs...); err != nil {
			return err
		}
	}
}

// readStale puts some documents of a corpus into the queue, and itself, until
// none are left. Those that wait already are left out by their keys, and those
// that are changed or deleted meanwhile by their revisions.
func (s *Service) readStale(ctx context.Context, c work.Claim) error {
	id, err := strconv.ParseInt(c.Job().Key, 10, 64)
	if err != nil {
		return work.Permanent(fmt.Errorf("reading which corpus a job is about: %w", err))
	}
	if left, err := s.leaveToNewer(ctx, c, IndexVersion); left {
		return err
	}
	stale, err := s.Store.Stale(ctx, id, staleAtOnce)
	if err != nil || len(stale) == 0 {
		return err
	}
	jobs := make([]work.Job, 0, len(stale)+1)
	for _, d := range stale {
		job := indexJob(d)
		job.Payload, job.Priority = readAnew, anewPriority
		jobs = append(jobs, job)
	}
	next := staleJob(c.Job().Tenant, id)
	next.DueAt = s.Clock.Now().Add(stalePause)
	return s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		if err := c.Finish(ctx); err != nil {
			return err
		}
		return s.Queue.Put(ctx, append(jobs, next)...)
	})
}

// beginAnew is begin for a document that is read again as it is: it stays
// completed, and questions find its old text until the new one is there.
func (s *Service) beginAnew(ctx context.Context, id int64, revision int, c work.Claim) (d Document, found bool, err error) {
	there, err := s.Store.DocumentsByID(ctx, []int64{id})
	if err != nil || len(there) == 0 {
		return d, false, err
	}
	if d = there[0]; d.Revision != revision || d.Step != Completed {
		return d, false, nil
	}
	// An earlier attempt may have left new passages, or old ones.
	if err := s.clear(ctx, d, c.Hold); err != nil {
		return d, false, err
	}
	return d, d.IndexVersion < IndexVersion, nil
}

// completeAnew shows the new passages in place of the old ones. To everybody
// else the document is what it was, so nobody is told.
func (s *Service) completeAnew(ctx context.Context, d Document, last []Indexed, c work.Claim) error {
	err := s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		now, err := s.reread(ctx, d)
		switch {
		case err != nil:
			return Hold(c.Hold).After(ctx, err)
		case now.Revision != d.Revision: // its page has changed; what was staged is cleared
			return nil
		}
		d.ModifiedOn = now.ModifiedOn // its tags may have changed meanwhile
		if _, err := s.Store.Finish(ctx, d, last, c.Hold); err != nil {
			return err
		}
		return s.embedDocument(ctx, d)
	})
	if err != nil {
		return err
	}
	return s.clear(ctx, d, c.Hold)
}

// keepOld leaves a document that can't be read any more with the text that it
// has, and ends the job: it was the last attempt of this version, and must not be
// in the way of one of the next version.
func (s *Service) keepOld(ctx context.Context, d Document, c work.Claim, cause error) error {
	if err := s.clear(ctx, d, c.Hold); err != nil {
		return err
	}
	s.Log.WarnContext(ctx, "a document could not be read again and keeps its old text", "document", d.ID, "error", cause)
	return s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		_, err := s.Store.UpdateDocument(ctx, d.ID, func(d *Document) error { d.IndexVersion = IndexVersion; return nil })
		if err := Hold(c.Hold).After(ctx, err); err != nil {
			return err
		}
		return c.Finish(ctx)
	})
}
