package agents

import (
	"context"
	"encoding/json"
	"time"

	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/uow"
)

// ErrNotFound is the error about an agent that is not there for the caller.
var ErrNotFound = apperr.New(apperr.NotFound, "agents.not_found", "The agent does not exist, or you may not view it.")

// Configuration is what an agent answers with: of all its fields those that
// change its answers. Who may ask it and what it is called is no part of it.
type Configuration struct {
	PrefixPrompt           string   `json:"prefix_prompt"`
	Instructions           []string `json:"custom_instructions"`
	Model                  string   `json:"llm_model"`
	CachingEnabled         bool     `json:"caching_enabled"`
	ChunkCount             int      `json:"chunk_count"`
	ReactEnabled           bool     `json:"react_enabled"`
	ReactMaxIterationCount int      `json:"react_max_iteration_count"`
}

// Connection is how an agent uses a corpus, as its versions keep it.
type Connection struct {
	CorpusID      int64 `json:"corpus"`
	IsEnabled     bool  `json:"is_enabled"`
	IsDefault     bool  `json:"is_default"`
	SharesContent bool  `json:"shares_content"`
}

// FieldCorpora is the Field of a Change that is about a connection.
const FieldCorpora = "corpora"

// Change is one difference between a version and the one before.
type Change struct {
	Field    string `json:"field"`               // as in the JSON of Configuration, or FieldCorpora
	CorpusID int64  `json:"corpus_id,omitempty"` // of a connection
	// Old and New are the values, long texts cut; null for a connection that was
	// not there.
	Old json.RawMessage `json:"old"`
	New json.RawMessage `json:"new"`
	// Note says, of a version that restores another one, why this is not as it
	// was then.
	Note string `json:"note,omitempty"`
}

// Version is what an agent answered with from a moment on. It never changes.
type Version struct {
	AgentID   int64
	Version   int64 // from 1, without gaps
	CreatedBy string
	CreatedOn time.Time
	Changes   []Change // none in the first

	// What follows is not filled in lists.

	Configuration Configuration
	// Connections are ordered by corpus. Nil stands for those of a version that
	// was made before connections were kept with versions.
	Connections []Connection
}

// Reconnected is what an agent is connected to before and after a change, both
// ordered by corpus.
type Reconnected struct {
	AgentID       int64
	Before, After []Connection
}

// Restored is a version that an agent is to be equal to again, as far as its
// connections could be restored.
type Restored struct {
	Version
	Reconnected
	Notes []Change // about connections that are not as they were
}

// Stale is an agent whose versions don't say what it is connected to.
type Stale struct{ OrganizationID, AgentID int64 }

// Versions is for the owner of connections, who makes each change of them a
// version of the agent in the same unit of work.
type Versions interface {
	// Lock makes the unit of ctx the only one that changes what the agents
	// answer with until it ends, and answers those that exist, by id. A unit
	// calls it before it locks anything else, so that two of them can't wait for
	// each other.
	Lock(ctx context.Context, organizationID int64, agentIDs []int64) ([]int64, error)
	// Reconnect makes a version of each agent that is connected otherwise than
	// in its last one. It runs in the unit of tx, which has locked the agents.
	Reconnect(ctx context.Context, tx uow.Tx, who actor.Actor, changed []Reconnected) error
	// Version answers a version of an agent that who administers.
	Version(ctx context.Context, who actor.Actor, agentID, version int64) (Version, error)
	// Restore gives an agent that who administers the settings of an earlier
	// version, together with the connections that were restored, and answers the
	// version that is made; the last one when nothing is different. It runs in the
	// unit of tx, which has locked the agent.
	Restore(ctx context.Context, tx uow.Tx, who actor.Actor, to Restored) (v Version, made bool, err error)
	// Stale answers agents after an id whose versions don't say what they are
	// connected to, ordered by id. Reconnect tells it with what is before.
	Stale(ctx context.Context, after int64, limit int) ([]Stale, error)
}
