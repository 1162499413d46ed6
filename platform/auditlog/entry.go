package auditlog

import (
	"context"
	"net/netip"
	"sync"

	"parley/platform/kernel/actor"
)

// Outcomes of an audited request.
const (
	Done    = "done"
	Refused = "refused" // 401 or 403, and 404 of a write
	Failed  = "failed"  // a defect or a broken dependency; what was committed stays
)

// Entry is what the audit log keeps of one request.
type Entry struct {
	Who      actor.Actor
	Action   string         // the operation's method and path in one word
	Target   string         // method and path, with ids
	Subjects []string       // the keys of what changed, such as "user/7"
	Detail   map[string]any // numbers, switches and choices of the body; never free text
	From     netip.Addr     // the client's address
	Outcome  string
	Status   int
	Code     string // of an error
	Request  string // the request's id
}

// Auditor keeps the audit log.
type Auditor interface {
	// Audit appends entries, within the unit of ctx when there is one.
	Audit(ctx context.Context, entries ...Entry) error
}

// Pending is the entry of a write that still runs. It is written once: within
// the first unit of work that commits for the request, or after the handler.
type Pending struct {
	Entry   Entry // as it is when the write succeeds
	auditor Auditor
	mu      sync.Mutex
	written bool
}

type pendingKey struct{}

// Begin puts an entry into the context, for the units of work that run in it.
func Begin(ctx context.Context, a Auditor, e Entry) (context.Context, *Pending) {
	p := &Pending{Entry: e, auditor: a}
	return context.WithValue(ctx, pendingKey{}, p), p
}

// Written reports whether a unit of work took the entry along.
func (p *Pending) Written() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.written
}

func (p *Pending) done() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.written = true
}
