package core

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"parley/platform/kernel/text"
	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
)

// renewKind is the kind of the jobs that read the words of a corpus again.
const renewKind = "corpora.renew"

// renewJob takes a place of the organization's share; its key is the corpus, and
// its payload the version of how words are read.
func renewJob(organizationID, corpusID int64) work.Job {
	return work.Job{Kind: renewKind, Tenant: organizationID, Key: strconv.FormatInt(corpusID, 10), Payload: strconv.Itoa(text.Version)}
}

// newerPause is when a job that a newer program put comes back.
const newerPause = time.Minute

// leaveToNewer puts a job back that a newer program put, in an upgrade during
// which both run: this one would find nothing to do. It reports whether it was
// one. An older program does not start any more then, so this has an end.
func (s *Service) leaveToNewer(ctx context.Context, c work.Claim, version int) (left bool, err error) {
	job := c.Job()
	asked, _ := strconv.Atoi(job.Payload) // 0 of a program that said nothing
	if asked <= version {
		return false, nil
	}
	job.DueAt = s.Clock.Now().Add(newerPause)
	return true, s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		if err := c.Finish(ctx); err != nil {
			return err
		}
		return s.Queue.Put(ctx, job)
	})
}

func (s *Service) adoptCorpora(ctx context.Context) error {
	for after := int64(0); ; {
		outdated, err := s.Store.Outdated(ctx, after, adoptSize)
		if err != nil || len(outdated) == 0 {
			return err
		}
		jobs := make([]work.Job, len(outdated))
		for i, c := range outdated {
			jobs[i] = renewJob(c.OrganizationID, c.ID)
			after = c.ID
		}
		if err := s.Queue.Put(ctx, jobs...); err != nil {
			return err
		}
	}
}

// renew does a part of a corpus and puts the rest into the queue again, so that
// other organizations get their turn in between.
func (s *Service) renew(ctx context.Context, c work.Claim) error {
	id, err := strconv.ParseInt(c.Job().Key, 10, 64)
	if err != nil {
		return work.Permanent(fmt.Errorf("reading which corpus a job is about: %w", err))
	}
	if left, err := s.leaveToNewer(ctx, c, text.Version); left {
		return err
	}
	done, err := s.Store.Renew(ctx, id, c.Hold)
	if err != nil || done {
		return err
	}
	return s.Unit.Do(ctx, func(ctx context.Context, _ uow.Tx) error {
		if err := c.Finish(ctx); err != nil {
			return err
		}
		return s.Queue.Put(ctx, renewJob(c.Job().Tenant, id))
	})
}
