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

// Limits of what runs at the same time.
const (
	maxRunning = 64   // runs that are being answered by one process
	maxWaiting = 1024 // runs that wait for their turn
)

// Intervals is how often the service looks at runs. Zero fields take the defaults.
type Intervals struct {
	Lease time.Duration // how long a run survives its process; 20 s
	Flush time.Duration // how long pieces of an answer are gathered; 40 ms
	Poll  time.Duration // how often a watcher looks without being woken; 1 s
	Limit time.Duration // the longest that one run may take; 10 min
}

// Deps is what a Service needs.
type Deps struct {
	Unit      uow.Unit
	Store     Store
	Agents    agents.Catalog
	Corpora   corpora.Retriever
	Model     Model
	Clock     clock.Clock
	Log       *slog.Logger
	Intervals Intervals
	// Owner names this process among those that share the database.
	Owner string
	// Peers tells dead processes from living ones; nil leaves that to leases.
	Peers Peers
}

// Service is the use cases of chat.
type Service struct {
	Deps
	hub   hub
	slots chan struct{} // one for each run that is being answered

	mu   sync.Mutex
	open map[int64]openRun // by run, of this process
	// admitted counts accepted runs that have not ended here.
	admitted int
	closed   bool
	base     context.Context // of all runs; ends when the process goes down
	stop     context.CancelCauseFunc
	running  sync.WaitGroup
}

// New returns the use cases over their dependencies. Runs live as long as base and
// the service: they belong to the server, not to the request that began them.
func New(base context.Context, d Deps) *Service {
	set := func(d *time.Duration, def time.Duration) {
		if *d <= 0 {
			*d = def
		}
	}
	set(&d.Intervals.Lease, 20*time.Second)
	set(&d.Intervals.Flush, 40*time.Millisecond)
	set(&d.Intervals.Poll, time.Second)
	set(&d.Intervals.Limit, 10*time.Minute)
	s := &Service{Deps: d, slots: make(chan struct{}, maxRunning), open: map[int64]openRun{}}
	s.base, s.stop = context.WithCancelCause(base)
	return s
}
