package chat

import "time"

// What a user thinks of an answer, in ResponseRated.
const (
	NoVote   = "" // none was given before
	Upvote   = "upvote"
	Downvote = "downvote"
)

// ResponseCommented tells that a user commented on an answer. The text stays
// where it is.
type ResponseCommented struct {
	CommentID       int64     `json:"comment_id"`
	AgentResponseID int64     `json:"agent_response_id"`
	OrganizationID  int64     `json:"organization_id"`
	ThreadID        int64     `json:"thread_id"`
	AgentID         int64     `json:"agent_id"`
	UserID          int64     `json:"user_id"`
	CommentedOn     time.Time `json:"commented_on"`
}

// EventName implements event.Event.
func (ResponseCommented) EventName() string { return "chat.response_commented.v1" }

// AggregateKey implements event.Event.
func (e ResponseCommented) AggregateKey() string { return threadKey(e.ThreadID) }

// ResponseRated tells that a user voted on an answer, or changed the vote. A vote
// that repeats the one before is no event. The project and the team are those of
// the agent at the moment of the question.
type ResponseRated struct {
	FeedbackID      int64     `json:"feedback_id"`
	Change          int64     `json:"change"` // 1 for the user's first vote on the answer, and one more for each that follows
	Before          string    `json:"before"` // upvote, downvote, or empty for none
	After           string    `json:"after"`  // upvote or downvote
	AgentResponseID int64     `json:"agent_response_id"`
	OrganizationID  int64     `json:"organization_id"`
	ThreadID        int64     `json:"thread_id"`
	AgentID         int64     `json:"agent_id"`
	AgentType       string    `json:"agent_type"`
	ProjectID       int64     `json:"project_id"`
	TeamID          int64     `json:"team_id"`
	UserID          int64     `json:"user_id"`
	QuerySource     string    `json:"query_source"`
	Model           string    `json:"model"`    // that answered; empty while none has
	AskedOn         time.Time `json:"asked_on"` // the moment that figures count it under
	RatedOn         time.Time `json:"rated_on"`
}

// EventName implements event.Event.
func (ResponseRated) EventName() string { return "chat.response_rated.v1" }

// AggregateKey implements event.Event.
func (e ResponseRated) AggregateKey() string { return threadKey(e.ThreadID) }
