package core

import (
	"context"
	"time"

	"parley/modules/agents"
	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
)

// Store keeps agents with what belongs to them. It finds nothing that is not
// visible, or that is deleted.
type Store interface {
	AddAgent(ctx context.Context, a Agent) (Agent, error)
	// Agent answers ErrNotFound for one that is not visible.
	Agent(ctx context.Context, v Visible, id int64) (Agent, error)
	// Agents answers those of ids that are visible, ordered by id.
	Agents(ctx context.Context, v Visible, ids []int64) ([]Agent, error)
	// AgentsPage is ordered by id. Projects narrow it; nil means all.
	AgentsPage(ctx context.Context, v Visible, projects []int64, p page.Request) (page.Of[Agent], error)
	// FirstAgents answers the visible agents of projects, at most perProject
	// of each, ordered by project and id, without their prompts.
	FirstAgents(ctx context.Context, v Visible, projects []int64, perProject int) ([]Agent, error)
	// UpdateAgent answers ErrNotFound for a deleted one.
	UpdateAgent(ctx context.Context, organizationID, id int64, change func(*Agent) error) (Agent, error)
	// DeleteAgentsOf deletes the agents of a project and answers their ids.
	DeleteAgentsOf(ctx context.Context, organizationID, project int64, by string, at time.Time) ([]int64, error)
	// PassAgents makes another user the owner of all that one owned, and
	// answers how many those are.
	PassAgents(ctx context.Context, organizationID, from, to int64) (int64, error)

	Types
	Instructions
	Versions
	Bookmarks
	Opinions
	Aliases
}

// Types keeps the types of agents.
type Types interface {
	// SeedTypes adds types whose names the organization doesn't have.
	SeedTypes(ctx context.Context, types []Type) error
	// Types answers an organization's, ordered by id.
	Types(ctx context.Context, organizationID int64) ([]Type, error)
	// UpdateType answers ErrTypeNotFound, or ErrTypeTaken for a name that
	// another one has, in any case.
	UpdateType(ctx context.Context, organizationID, id int64, change func(*Type) error) (Type, error)
}

// Instructions keeps the lines of prompts.
type Instructions interface {
	// AddInstructions answers them with their ids, in the order given.
	AddInstructions(ctx context.Context, list []Instruction) ([]Instruction, error)
	// Instructions answers those of agents, ordered by id, in one query.
	Instructions(ctx context.Context, agents []int64) ([]Instruction, error)
	// DeleteInstructions takes all of one agent's away.
	DeleteInstructions(ctx context.Context, agentID int64) error
}

// Versions keeps what agents answered with. Nothing of a version changes but that
// its connections become known.
type Versions interface {
	// LockAgents makes the unit of ctx the only one that changes these agents,
	// and answers those that exist, by id.
	LockAgents(ctx context.Context, organizationID int64, ids []int64) ([]int64, error)
	// RaiseVersions counts the versions of these agents one up, and answers the
	// agents by id.
	RaiseVersions(ctx context.Context, organizationID int64, ids []int64) ([]Agent, error)
	AddVersions(ctx context.Context, list []Version) error
	// Version answers ErrNoVersion when the agent has none of that number.
	Version(ctx context.Context, agentID, version int64) (Version, error)
	// VersionsPage answers an agent's, newest first.
	VersionsPage(ctx context.Context, agentID int64, p page.Request) (page.Of[Head], error)
	// LastConnections answers the connections of the last version of each agent,
	// nil where they are not known.
	LastConnections(ctx context.Context, agentIDs []int64) (map[int64][]agents.Connection, error)
	// SetConnections makes them those of the agent's versions whose connections
	// are not known.
	SetConnections(ctx context.Context, agentID int64, connections []agents.Connection) error
	// StaleVersions answers agents after an id that have versions whose
	// connections are not known, ordered by id.
	StaleVersions(ctx context.Context, after int64, limit int) ([]agents.Stale, error)
}

// Bookmarks keeps each user's recent and starred agents, one row for each.
type Bookmarks interface {
	// AddBookmark adds the agent to the list, or moves it to the bookmark's time; one
	// never moves back.
	AddBookmark(ctx context.Context, k Kind, m Bookmark) (Bookmark, error)
	// BookmarksPage answers the user's list as far as they see the agents, newest
	// first.
	BookmarksPage(ctx context.Context, k Kind, v Visible, p page.Request) (page.Of[Bookmark], error)
	// CountBookmarks answers the length of a user's list, seen or not.
	CountBookmarks(ctx context.Context, k Kind, userID int64) (int64, error)
	// RemoveBookmark removes one agent from a user's list; none is no error.
	RemoveBookmark(ctx context.Context, k Kind, userID, agentID int64) error
	// Trim keeps the newest of each user's list, in one step.
	Trim(ctx context.Context, k Kind, users []int64, keep int) error
}

// Opinions keeps who ran which agent, and what they think of it.
type Opinions interface {
	// NoteAgain does for each question what NoteQuestions does, if its user has run
	// the agent before and has it among the recents: both are there then. It answers
	// the others. No two are of one user and agent.
	NoteAgain(ctx context.Context, questions []Question) (others []Question, err error)
	// NoteQuestions remembers in one step which users have run which agents, no
	// two of one user and agent: it does for each what AddBookmark does for one,
	// and keeps the newest recents of the askers. Again is no error.
	NoteQuestions(ctx context.Context, questions []Question, keep int) error
	HasRun(ctx context.Context, userID, agentID int64) (bool, error)

	// AddReview answers ErrReviewed when the user has one on the agent.
	AddReview(ctx context.Context, r Review) (Review, error)
	// Review answers ErrReviewNotFound also for another agent's.
	Review(ctx context.Context, agentID, id int64) (Review, error)
	// ReviewByID answers one on whatever agent of the organization.
	ReviewByID(ctx context.Context, organizationID, id int64) (Review, error)
	// ReviewsPage is ordered by id, newest first.
	ReviewsPage(ctx context.Context, agentID int64, p page.Request) (page.Of[Review], error)
	UpdateReview(ctx context.Context, agentID, id int64, change func(*Review) error) (Review, error)
	DeleteReview(ctx context.Context, agentID, id int64) error

	// ToggleRating turns a user's rating of an agent over, in one step.
	ToggleRating(ctx context.Context, r Rating) error
	// CountRatings answers how many rate the agent, and whether the user does.
	CountRatings(ctx context.Context, agentID, userID int64) (count int64, rated bool, err error)

	// ForgetUser removes all that a user alone has: bookmarks, runs, reviews and
	// ratings.
	ForgetUser(ctx context.Context, userID int64) error
	// ForgetAgents removes what hangs on agents: bookmarks, runs, reviews,
	// ratings and aliases.
	ForgetAgents(ctx context.Context, agents []int64) error
}

// Aliases keeps the addresses of agents.
type Aliases interface {
	// AddAlias answers ErrHasAlias when the agent has one, else ErrAliasTaken
	// when another has the address, in any case.
	AddAlias(ctx context.Context, a Alias) (Alias, error)
	// UpdateAlias answers ErrNoAlias or ErrAliasTaken.
	UpdateAlias(ctx context.Context, agentID int64, change func(*Alias) error) (Alias, error)
	// Aliases answers those of agents, in one query.
	Aliases(ctx context.Context, agents []int64) ([]Alias, error)
	// AliasesPage answers those of visible agents, ordered by id.
	AliasesPage(ctx context.Context, v Visible, p page.Request) (page.Of[Alias], error)
}

// Actors knows what users hold. users.Actors is it.
type Actors interface {
	// ActorsOn answers those of ids who are active, by id, each with what they
	// hold directly on the resources of on, as it is stored now.
	ActorsOn(ctx context.Context, organizationID int64, ids []int64, on ...users.On) (map[int64]actor.Actor, error)
}
