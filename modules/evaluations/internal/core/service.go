package core

import (
	"context"
	"errors"
	"log/slog"
	"sync"

	"parley/modules/agents"
	"parley/modules/chat"
	"parley/modules/corpora"
	"parley/modules/evaluations/internal/core/metrics"
	"parley/platform/kernel/access"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
	"parley/platform/kernel/work"
)

// Documents answers which documents somebody may read; corpora.Retriever does.
type Documents interface {
	Readable(ctx context.Context, who actor.Actor, agentID int64, documentIDs []int64) ([]int64, error)
}

var _ Documents = corpora.Retriever(nil)

// Deps is what a Service needs.
type Deps struct {
	Unit      uow.Unit
	Store     Store
	Agents    agents.Catalog
	Documents Documents
	Runner    chat.Runner
	Judge     chat.Judge
	Answered  chat.Answered
	Metrics   []metrics.Metric // those that need no model
	Queue     work.Queue
	Clock     clock.Clock
	Log       *slog.Logger
	// Parallel is how many queries of one organization this process puts at a
	// time.
	Parallel int
}

// Service is the use cases of datasets and tests.
type Service struct {
	Deps
	judges  []metrics.Metric // those that ask a model
	places  places
	waiters waiters
}

// New returns the use cases over their dependencies.
func New(d Deps) *Service {
	s := &Service{Deps: d}
	s.judges = metrics.Judge(judge{s})
	s.places = places{size: max(d.Parallel, 1), of: map[int64]chan struct{}{}}
	return s
}

// manage refuses everybody but admins of the agent.
func (s *Service) manage(ctx context.Context, who actor.Actor, agentID int64) error {
	administers, err := s.Agents.Administers(ctx, who, agentID)
	if err == nil && !administers {
		return ErrNotAdmin
	}
	return err
}

// MayManage is manage for callers who are about to send much.
func (s *Service) MayManage(ctx context.Context, who actor.Actor, agentID int64) error {
	return s.manage(ctx, who, agentID)
}

// belongs is manage for what is seen by admins of its agent alone.
func (s *Service) belongs(ctx context.Context, who actor.Actor, agentID int64, missing error) error {
	err := s.manage(ctx, who, agentID)
	if kind := apperr.KindOf(err); err != nil && (kind == apperr.NotFound || errors.Is(err, ErrNotAdmin)) {
		return missing
	}
	return err
}

// dataset answers a dataset that who may manage.
func (s *Service) dataset(ctx context.Context, who actor.Actor, id int64) (Dataset, error) {
	d, err := s.Store.Dataset(ctx, who.OrganizationID, id)
	if err == nil {
		err = s.belongs(ctx, who, d.AgentID, ErrNoDataset)
	}
	if err != nil {
		return Dataset{}, err
	}
	return d, nil
}

// datasetOf is dataset for one of an agent, which is looked for first.
func (s *Service) datasetOf(ctx context.Context, who actor.Actor, agentID, id int64) (Dataset, error) {
	if _, err := s.Agents.Administers(ctx, who, agentID); err != nil {
		return Dataset{}, err
	}
	d, err := s.dataset(ctx, who, id)
	if err == nil && d.AgentID != agentID {
		err = ErrNoDataset
	}
	if err != nil {
		return Dataset{}, err
	}
	return d, nil
}

// test answers a test that who may manage.
func (s *Service) test(ctx context.Context, who actor.Actor, id int64) (Test, error) {
	t, err := s.Store.Test(ctx, who.OrganizationID, id)
	if err == nil {
		err = s.belongs(ctx, who, t.AgentID, ErrNoTest)
	}
	if err != nil {
		return Test{}, err
	}
	return t, nil
}

// Deciders decide about datasets and tests: admins of their agents may do
// everything, and nobody else sees one.
func (s *Service) Deciders() access.Deciders {
	return access.Deciders{
		{Resource: actor.EvaluationDataset, May: func(ctx context.Context, who actor.Actor, id int64, _ access.Action) error {
			_, err := s.dataset(ctx, who, id)
			return err
		}},
		{Resource: actor.Evaluation, May: func(ctx context.Context, who actor.Actor, id int64, _ access.Action) error {
			_, err := s.test(ctx, who, id)
			return err
		}},
	}
}

// readable answers which of the documents who may read.
func (s *Service) readable(ctx context.Context, who actor.Actor, agentID int64, documents map[int64]bool) (map[int64]bool, error) {
	if len(documents) == 0 {
		return nil, nil
	}
	ids := make([]int64, 0, len(documents))
	for id := range documents {
		ids = append(ids, id)
	}
	out := map[int64]bool{}
	for len(ids) > 0 {
		part := ids[:min(len(ids), maxDocuments)]
		ids = ids[len(part):]
		may, err := s.Documents.Readable(ctx, who, agentID, part)
		if err != nil {
			return nil, err
		}
		for _, id := range may {
			out[id] = true
		}
	}
	return out, nil
}

// maxDocuments bounds the documents that are asked about at once.
const maxDocuments = 1000

// every reports whether all ids are in a set.
func every(ids []int64, in map[int64]bool) bool {
	for _, id := range ids {
		if !in[id] {
			return false
		}
	}
	return true
}

// places bounds how much is done at a time for each organization.
type places struct {
	mu   sync.Mutex
	size int
	of   map[int64]chan struct{}
}

// enter waits for a place and answers how to leave it; nil when ctx ends first.
func (p *places) enter(ctx context.Context, org int64) func() {
	p.mu.Lock()
	c := p.of[org]
	if c == nil { // there are as many as organizations
		c = make(chan struct{}, p.size)
		p.of[org] = c
	}
	p.mu.Unlock()
	select {
	case c <- struct{}{}:
		return func() { <-c }
	case <-ctx.Done():
		return nil
	}
}
