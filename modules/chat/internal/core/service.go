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

// Rhythm is how often things are looked at. Zero fields take the defaults.
type Rhythm struct {
	Lease time.Duration // how long a run survives its process; 20 s
	Flush time.Duration // how long pieces of an answer are gathered; 40 ms
	Poll  time.Duration // how often a watcher looks without being woken; 1 s
	Limit time.Duration // the longest that one run may take; 10 min
}

// Parts is what a Service is made of.
type Parts struct {
	Unit    uow.Unit
	Store   Store
	Agents  agents.Catalog
	Corpora corpora.Retriever
	Model   Model
	Clock   clock.Clock
	Log     *slog.Logger
	Rhythm  Rhythm
	// Owner names this process among those that share the database.
	Owner string
	// Peers tells dead processes from living ones; nil leaves that to leases.
	Peers Peers
}

// Service is the use cases of chat.
type Service struct {
	Parts
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

// New returns the use cases over their parts. Runs live as long as base and
// the service: they belong to the server, not to the request that began them.
func New(base context.Context, p Parts) *Service {
	set := func(d *time.Duration, def time.Duration) {
		if *d <= 0 {
			*d = def
		}
	}
	set(&p.Rhythm.Lease, 20*time.Second)
	set(&p.Rhythm.Flush, 40*time.Millisecond)
	set(&p.Rhythm.Poll, time.Second)
	set(&p.Rhythm.Limit, 10*time.Minute)
	s := &Service{Parts: p, slots: make(chan struct{}, maxRunning), open: map[int64]openRun{}}
	s.base, s.stop = context.WithCancelCause(base)
	return s
}
