package core

import (
	"time"

	"parley/modules/agents"
	"parley/platform/kernel/access"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/audit"
	"parley/platform/kernel/page"
)

// The errors of this module. Their codes are a promise to clients.
var (
	ErrNotFound    = agents.ErrNotFound
	ErrNotLive     = apperr.New(apperr.Forbidden, "agents.not_live", "This agent is not live; only its admins can ask it.")
	ErrNotGlobal   = apperr.New(apperr.Forbidden, "agents.not_global_admin", "Only a global admin can change agent types.")
	ErrNotAdmin    = apperr.New(apperr.Forbidden, "agents.not_admin", "Only an admin of the agent can do this.")
	ErrNotCreator  = apperr.New(apperr.Forbidden, "agents.may_not_create", "Only an admin of the project can create agents in it.")
	ErrUnknownType = apperr.New(apperr.Unprocessable, "agents.unknown_type", "No agent type has this name; GET /api/agent-type lists them.").
			WithField("type", "is not an agent type")
	ErrTypeNotFound = apperr.New(apperr.NotFound, "agents.type_not_found", "The agent type does not exist.")
	ErrTypeTaken    = apperr.New(apperr.Conflict, "agents.type_name_taken", "Another agent type already has this name.")
	ErrUnknownModel = apperr.New(apperr.Unprocessable, "agents.unknown_model", "This server has no such model; choose one of those that are named here.")
	ErrInstruction  = apperr.New(apperr.Unprocessable, "agents.bad_instruction", "An instruction must have 1 to 4000 characters, not all of them spaces.")
	ErrInstructions = apperr.New(apperr.Conflict, "agents.too_many_instructions",
		"An agent can have at most 50 instructions; send all that it is to have as custom_instructions of PUT /api/agent/{agent_id}.")
	ErrNoVersion      = apperr.New(apperr.NotFound, "agents.version_not_found", "The agent has no such version.")
	ErrTooMany        = apperr.New(apperr.Conflict, "agents.too_many_stars", "You can star at most 500 agents; remove a star first.")
	ErrBlankName      = apperr.New(apperr.Unprocessable, "agents.blank_name", "An agent needs a name.").WithField("name", "is empty")
	ErrReviewNotFound = apperr.New(apperr.NotFound, "agents.review_not_found", "The agent has no such review.")
	ErrNotRunYet      = apperr.New(apperr.Conflict, "agents.not_run_yet", "Only users who have run the agent can review it; ask it a question first.")
	ErrReviewed       = apperr.New(apperr.Conflict, "agents.already_reviewed", "You have already reviewed this agent; change that review.")
	ErrNotAuthor      = apperr.New(apperr.Forbidden, "agents.not_author", "Only its author can change a review; its author and admins of the agent can delete it.")
	ErrBlankReview    = apperr.New(apperr.Unprocessable, "agents.blank_review", "A review needs a text.").WithField("review", "is empty")
	ErrNoAlias        = apperr.New(apperr.NotFound, "agents.alias_not_found", "The agent has no alias; create one.")
	ErrHasAlias       = apperr.New(apperr.Conflict, "agents.has_alias", "The agent already has an alias; change that alias.")
	ErrAliasTaken     = apperr.New(apperr.Conflict, "agents.alias_taken", "This address is already in use; choose another one.")
	ErrAliasForm      = apperr.New(apperr.Unprocessable, "agents.invalid_alias",
		"An alias must be an e-mail address with only letters, digits and . _ + - before the @.").WithField("alias", "is not such an address")
	ErrAliasDomain = apperr.New(apperr.Unprocessable, "agents.foreign_domain", "An alias must be in your organization's own domain.")
)

// Access levels.
const (
	OnlyMe   = string(access.OnlyMe)
	OnlyTeam = string(access.OnlyTeam)
	Public   = string(access.Public)
)

// Live is the status in which an agent answers everybody who may use it; the
// others are Draft and Paused.
const Live = "Live"

// Agent is what answers questions, with the settings that every run needs. Its
// instructions, alias and versions are rows of their own.
type Agent struct {
	ID                     int64
	OrganizationID         int64
	ProjectID              int64
	UserID                 int64 // its owner
	AgentTypeID            int64
	AgentName              string
	IndustryArea           string
	Domain                 string // the description
	SampleQ1               string
	SampleQ2               string
	SampleQ3               string
	PrefixPrompt           string
	LLMModel               string
	IsActive               bool
	IsDeleted              bool
	AgentImage             string
	Access                 string
	Status                 string
	CachingEnabled         bool
	ChunkCount             int
	ReactEnabled           bool
	ReactMaxIterationCount int
	ClonedFrom             *int64
	Version                int64 // of what it answers with, from 1
	audit.Audit
}

// Type is a kind of agent; each organization has its own.
type Type struct {
	ID             int64
	OrganizationID int64
	Name           string
	Description    string
	audit.Audit
}

// seedTypes are the types that every organization starts with.
var seedTypes = []Type{
	{Name: "QnA", Description: "Answers questions from its documents."},
	{Name: "Custom", Description: "Does what its prompt says."},
}

// Instruction is a line of an agent's prompt.
type Instruction struct {
	ID          int64
	AgentID     int64
	Instruction string
	IsDeleted   bool
	CreatedBy   string
	CreatedOn   time.Time
}

// Bookmark is an agent among a user's recent or starred ones.
type Bookmark struct {
	ID             int64
	OrganizationID int64
	UserID         int64
	AgentID        int64
	CreatedOn      time.Time
}

// Question is that a user asked an agent.
type Question struct {
	OrganizationID int64
	UserID         int64
	AgentID        int64
	AskedOn        time.Time
}

// Kind says which list a bookmark is in.
type Kind string

// The lists.
const (
	Recent  Kind = "recents"
	Starred Kind = "stars"
)

// Full is an agent with what belongs to it.
type Full struct {
	Decided
	Type         Type
	Instructions []Instruction
	Alias        string // "" without one
}

// ByTime is the order of bookmarks, newest first.
func ByTime(m Bookmark) page.Key { return page.Key{At: m.CreatedOn, ID: m.ID} }

// ByID is the order of agents.
func ByID(a Agent) page.Key { return page.Key{ID: a.ID} }
