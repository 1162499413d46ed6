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
	ErrNotFound       = apperr.New(apperr.NotFound, "agents.not_found", "There is no such agent, or none that you may see.")
	ErrNotLive        = apperr.New(apperr.Forbidden, "agents.not_live", "This agent is not live; only its admins can ask it.")
	ErrNotGlobal      = apperr.New(apperr.Forbidden, "agents.not_global_admin", "Only a global admin changes the types of agents.")
	ErrNotAdmin       = apperr.New(apperr.Forbidden, "agents.not_admin", "Only the agent's admins do this.")
	ErrNotCreator     = apperr.New(apperr.Forbidden, "agents.may_not_create", "Only the project's admins create agents in it.")
	ErrUnknownType    = apperr.New(apperr.Unprocessable, "agents.unknown_type", "There is no agent type of this name; see GET /api/agent-type.").WithField("type", "names no agent type")
	ErrTypeNotFound   = apperr.New(apperr.NotFound, "agents.type_not_found", "There is no such agent type.")
	ErrTypeTaken      = apperr.New(apperr.Conflict, "agents.type_name_taken", "Another agent type has this name already.")
	ErrInstruction    = apperr.New(apperr.Unprocessable, "agents.bad_instruction", "An instruction has 1 to 4000 characters that are not all blank.")
	ErrTooMany        = apperr.New(apperr.Conflict, "agents.too_many_stars", "You have starred 500 agents already; take a star away first.")
	ErrBlankName      = apperr.New(apperr.Unprocessable, "agents.blank_name", "An agent needs a name.").WithField("name", "is blank")
	ErrReviewNotFound = apperr.New(apperr.NotFound, "agents.review_not_found", "The agent has no such review.")
	ErrNotRunYet      = apperr.New(apperr.Conflict, "agents.not_run_yet", "Ask the agent something first; a review is for who has seen it answer.")
	ErrReviewed       = apperr.New(apperr.Conflict, "agents.already_reviewed", "You have reviewed this agent already; change that review.")
	ErrNotAuthor      = apperr.New(apperr.Forbidden, "agents.not_author", "Only the author changes a review, and deletes it beside the agent's admins.")
	ErrBlankReview    = apperr.New(apperr.Unprocessable, "agents.blank_review", "A review needs words.").WithField("review", "is blank")
	ErrNoAlias        = apperr.New(apperr.NotFound, "agents.alias_not_found", "The agent has no alias; create one.")
	ErrHasAlias       = apperr.New(apperr.Conflict, "agents.has_alias", "The agent has an alias already; change that one.")
	ErrAliasTaken     = apperr.New(apperr.Conflict, "agents.alias_taken", "This address is in use already; choose another one.")
	ErrAliasForm      = apperr.New(apperr.Unprocessable, "agents.invalid_alias", "An alias is an e-mail address of letters, digits and . _ + - in front of the @.").WithField("alias", "is no such address")
	ErrAliasDomain    = apperr.New(apperr.Unprocessable, "agents.foreign_domain", "An alias must be in your organization's own domain.")
	ErrUserNotFound   = apperr.New(apperr.NotFound, "users.not_found", "There is no such user, or none that you may see.")
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

// Agent is somebody to ask.
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

func runnable(f Full) agents.Runnable {
	r := agents.Runnable{
		ID: f.ID, OrganizationID: f.OrganizationID, ProjectID: f.ProjectID, TeamID: f.TeamID, AgentType: f.Type.Name, Name: f.AgentName,
		PrefixPrompt: f.PrefixPrompt, Model: f.LLMModel, CachingEnabled: f.CachingEnabled, Admin: f.Decision.Allowed.Manage,
	}
	for _, i := range f.Instructions {
		r.Instructions = append(r.Instructions, i.Instruction)
	}
	return r
}
