package core

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
)

const (
	sealKind     = "analytics.seal"
	sealAttempts = 5
	// The first sealing of a large history takes minutes. Each step of it
	// commits.
	sealTimeout = 6 * time.Hour
	// sealGrace is how long after the end of a quarter of an hour it is sealed,
	// so that most runs that were asked in it are over.
	sealGrace = time.Minute
)

// sealing puts the jobs that seal, one for each organization and quarter of an
// hour in which it got facts.
type sealing struct {
	queue work.Queue

	mu  sync.Mutex
	put map[int64]int64 // the quarter that the last job of an organization is of
}

// SealBy makes the facts that are recorded from now on be sealed by jobs of the
// queue.
func (s *Service) SealBy(q work.Queue) *Service {
	s.sealing = &sealing{queue: q, put: map[int64]int64{}}
	return s
}

// Kinds are the kinds of work of this module.
func (s *Service) Kinds() []work.Kind {
	return []work.Kind{{Name: sealKind, Concurrency: 1, MaxAttempts: sealAttempts, Timeout: sealTimeout, Work: s.seal}}
}

// seal seals an organization until now. It is safe to repeat.
func (s *Service) seal(ctx context.Context, c work.Claim) error {
	first, _, _ := strings.Cut(c.Job().Key, "/")
	org, err := strconv.ParseInt(first, 10, 64)
	if err != nil {
		return work.Permanent(fmt.Errorf("the job %q names no organization: %w", c.Job().Key, err))
	}
	return s.store.Seal(ctx, org, s.clock.Now())
}

// later puts the jobs for facts that were recorded at a moment, in the unit of
// ctx.
func (p *sealing) later(ctx context.Context, facts []Fact, now time.Time) error {
	if p == nil {
		return nil
	}
	quarter := QuarterOf(now)
	var jobs []work.Job
	var orgs []int64
	seen := map[int64]bool{}
	p.mu.Lock()
	for _, f := range facts {
		if org := f.OrganizationID; !seen[org] && p.put[org] != quarter {
			seen[org] = true
			orgs = append(orgs, org)
			jobs = append(jobs, work.Job{
				Kind: sealKind, Tenant: org, Key: fmt.Sprintf("%d/%d", org, quarter), DueAt: time.Unix((quarter+1)*15*60, 0).Add(sealGrace),
			})
		}
	}
	p.mu.Unlock()
	if len(jobs) == 0 {
		return nil
	}
	if err := p.queue.Put(ctx, jobs...); err != nil {
		return err
	}
	uow.AfterCommit(ctx, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		for _, org := range orgs {
			p.put[org] = quarter
		}
	})
	return nil
}
