// Package core has the rules and use cases of chat, and the ports they need.
package core

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"parley/modules/agents"
	"parley/modules/corpora"
	"parley/platform/kernel/clock"
	"parley/platform/kernel/uow"
)

// Intervals is how often things are looked at. Zero fields take the defaults.
type Intervals struct {
	Lease time.Duration // how long a run survives its process; 20 s
	Flush time.Duration // how long pieces of an answer are gathered; 40 ms
	Poll  time.Duration // how often the runs of other processes are looked at; 250 ms
	Limit time.Duration // the longest that one run may take; 10 min
}

// Deps is what a Service needs.
type Deps struct {
	Unit      uow.Group
	Store     Store
	Agents    agents.Catalog
	Askers    Askers
	Corpora   corpora.Retriever
	Models    Models // at least one
	Clock     clock.Clock
	Log       *slog.Logger
	Intervals Intervals
	Places    Places
	// Owner names this process among those that share the database.
	Owner string
	// AnswerLinkHosts are the hosts that answers may link beside what stands in
	// their passages.
	AnswerLinkHosts []string
	// Meter is told what operators watch; nil: nobody is.
	Meter Meter
	// StreamRetention is how long the stored stream of a run is kept after its
	// end; 0 is for ever.
	StreamRetention time.Duration
	// Peers tells dead processes from living ones; nil leaves that to leases.
	Peers Peers
}

// Service is the use cases of chat.
type Service struct {
	Deps
	journal *journal
	remote  remote
	readers readers
	places  *places
	gate    *gate
	learned learned

	mu sync.Mutex
	// live are the runs of this process that have not ended, from before their
	// question is stored; byID has those whose question is.
	live map[*execution]struct{}
	byID map[int64]*execution
	base context.Context //nolint:containedctx // of all runs; ends when the process goes down
	stop context.CancelCauseFunc

	suspects map[string]bool // owners that looked dead the last time; of Tend alone

	recent  recent
	waiting []int64 // the last answer that waited to be indexed, of each of the last rounds; of Tend alone
}

// New returns the use cases over their dependencies. Open comes before the first
// run.
func New(d Deps) *Service {
	set := func(d *time.Duration, def time.Duration) {
		if *d <= 0 {
			*d = def
		}
	}
	set(&d.Intervals.Lease, 20*time.Second)
	set(&d.Intervals.Flush, 40*time.Millisecond)
	set(&d.Intervals.Poll, 250*time.Millisecond)
	set(&d.Intervals.Limit, 10*time.Minute)
	if d.Meter == nil {
		d.Meter = unmetered{}
	}
	s := &Service{Deps: d, places: newPlaces(d.Places), gate: newGate(d.Places.Working, d.Clock), live: map[*execution]struct{}{}, byID: map[int64]*execution{}}
	s.journal = &journal{service: s}
	return s
}

// Open lets runs in. They live until Close, whatever becomes of ctx: they belong
// to the server, not to the request that began them.
func (s *Service) Open(ctx context.Context) {
	s.base, s.stop = context.WithCancelCause(context.WithoutCancel(ctx))
}

// Close comes after Open. It lets no new run in, interrupts the running ones and waits until each
// is closed, or ctx ends.
func (s *Service) Close(ctx context.Context) error {
	closed := s.places.close()
	s.stop(errShutdown)
	select {
	case <-closed:
		return nil
	case <-ctx.Done():
		s.Log.Warn("runs are still open at the stop of the server; they are closed once their leases end", slog.Any("error", ctx.Err()))
		return ctx.Err()
	}
}

// execution answers the live run with an id, or nil.
func (s *Service) execution(run int64) *execution {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.byID[run]
}
