package agents

import (
	"context"

	"parley/platform/kernel/actor"
)

// Runnable is an agent as chat needs it, decided for one caller.
type Runnable struct {
	ID             int64
	OrganizationID int64
	ProjectID      int64
	TeamID         int64 // of the project, at this moment; 0 when it has none
	AgentType      string
	Name           string
	PrefixPrompt   string
	Instructions   []string
	Model          string // as the agent asks for; "" for the server's
	CachingEnabled bool   // whether answers may be used again, unless a question says
	Version        int64  // that has this prompt, these instructions and this model
	// Admin is whether the caller administers the agent and so may read its
	// prompt and instructions.
	Admin bool
}

// Catalog answers which agents a caller may use. It is the one place where
// that is decided; other modules ask it and never decide themselves.
type Catalog interface {
	// Run, View and Administers answer from memory. A change is seen at once in
	// the process that makes it, and in others when its event has arrived.

	// Run answers the agent when the actor may run it now. An agent that the actor
	// can't view is ErrNotFound; one that they may view but not run (it is not Live)
	// is a Forbidden error that says so.
	Run(ctx context.Context, who actor.Actor, agentID int64) (Runnable, error)
	// View answers the agent when the actor may view it, whatever its status.
	View(ctx context.Context, who actor.Actor, agentID int64) (Runnable, error)
	// Administers reports whether who administers the agent; ErrNotFound when
	// who can't see it.
	Administers(ctx context.Context, who actor.Actor, agentID int64) (bool, error)
	// Runners answers those of users who may run the agent now, ordered by id,
	// in at most four queries. It decides by the stored grants, not by
	// those of a request: a suspended or deleted user may run no agent, and no
	// user may run a deleted agent.
	Runners(ctx context.Context, organizationID, agentID int64, users []int64) ([]int64, error)
	// Forget drops what is kept of an agent, or of all of an organization when
	// agentID is 0. Who handles an event about agents or projects calls it,
	// because it is not told in which order a process handles one event.
	Forget(organizationID, agentID int64)
}
