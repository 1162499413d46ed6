package core

import (
	"context"
	"strings"
	"time"

	"parley/modules/chat"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/kernel/uow"
)

// maxComments bounds the comments of one answer, all of which are shown with
// it. ErrTooManyComments says it, too.
const maxComments = 100

// The errors of comments.
var (
	ErrBlankComment    = apperr.New(apperr.Unprocessable, "chat.blank_comment", "A comment needs a text.").WithField("comment", "is empty")
	ErrTooManyComments = apperr.New(apperr.Conflict, "chat.too_many_comments", "This answer has 100 comments, and cannot have more.")
)

// Comment is what a user says about an answer.
type Comment struct {
	ID        int64
	RunID     int64 // agent_response_id
	UserID    int64
	Comment   string
	CreatedBy string
	CreatedOn time.Time
}

// Vote is what a user thinks of an answer. Each has at most one on each.
type Vote struct {
	ID        int64
	RunID     int64 // agent_response_id
	UserID    int64
	IsUpvote  bool  // else it is a downvote
	Changes   int64 // how often the user gave another one; 1 for the first
	CreatedBy string
	CreatedOn time.Time // when it was given as it is now
}

// word is the vote as events have it.
func (v Vote) word() string {
	if v.IsUpvote {
		return chat.Upvote
	}
	return chat.Downvote
}

// before is the vote that a changed one took the place of, as events have it.
func (v Vote) before() string {
	if v.Changes == 1 {
		return chat.NoVote
	}
	return Vote{IsUpvote: !v.IsUpvote}.word()
}

// Feedback keeps what users say about answers.
type Feedback interface {
	// LockRun is Run within the unit of ctx, until whose end nobody else
	// changes or deletes the run.
	LockRun(ctx context.Context, userID, id int64) (Run, error)
	AddComment(ctx context.Context, c Comment) (Comment, error)
	CountComments(ctx context.Context, run int64) (int64, error)
	// SetVote stores a vote in the place of the user's other one on the run, in
	// one statement: of many at once none is lost, and none stored twice. It
	// answers what is stored now, and false when that was there before.
	SetVote(ctx context.Context, v Vote) (Vote, bool, error)
	// Comments and Votes answer those on runs, by run id and oldest first, in
	// one query each.
	Comments(ctx context.Context, runs []int64) (map[int64][]Comment, error)
	Votes(ctx context.Context, runs []int64) (map[int64][]Vote, error)
}

// Comment adds a comment of the caller's to an answer of theirs.
func (s *Service) Comment(ctx context.Context, who actor.Actor, run int64, text string) (Comment, error) {
	if text = strings.TrimSpace(text); text == "" {
		return Comment{}, ErrBlankComment
	}
	c := Comment{RunID: run, UserID: who.UserID, Comment: text, CreatedBy: who.Name(), CreatedOn: s.Clock.Now()}
	err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		r, err := s.Store.LockRun(ctx, who.UserID, run)
		if err != nil {
			return err
		}
		n, err := s.Store.CountComments(ctx, run)
		if err != nil {
			return err
		}
		if n >= maxComments {
			return ErrTooManyComments
		}
		if c, err = s.Store.AddComment(ctx, c); err != nil {
			return err
		}
		tx.Publish(chat.ResponseCommented{
			CommentID:       c.ID,
			AgentResponseID: r.ID,
			OrganizationID:  r.OrganizationID,
			ThreadID:        r.ThreadID,
			AgentID:         r.AgentID,
			UserID:          c.UserID,
			CommentedOn:     c.CreatedOn,
		})
		return nil
	})
	return c, s.refusedRun(ctx, who, run, err)
}

// Vote makes a vote the caller's on an answer of theirs. One that repeats the
// vote before changes nothing and publishes nothing.
func (s *Service) Vote(ctx context.Context, who actor.Actor, run int64, up bool) (Vote, error) {
	v := Vote{RunID: run, UserID: who.UserID, IsUpvote: up, CreatedBy: who.Name(), CreatedOn: s.Clock.Now()}
	err := s.Unit.Do(ctx, func(ctx context.Context, tx uow.Tx) error {
		r, err := s.Store.LockRun(ctx, who.UserID, run)
		if err != nil {
			return err
		}
		var changed bool
		if v, changed, err = s.Store.SetVote(ctx, v); err != nil || !changed {
			return err
		}
		tx.Publish(chat.ResponseRated{
			FeedbackID: v.ID, Change: v.Changes, Before: v.before(), After: v.word(), AgentResponseID: r.ID, OrganizationID: r.OrganizationID, ThreadID: r.ThreadID,
			AgentID: r.AgentID, AgentType: r.AgentType, ProjectID: r.ProjectID, TeamID: r.TeamID, UserID: v.UserID, QuerySource: r.QuerySource, Model: r.Model,
			AskedOn: r.CreatedOn, RatedOn: v.CreatedOn,
		})
		return nil
	})
	return v, s.refusedRun(ctx, who, run, err)
}

// addFeedback puts what was said about them into records, in two queries.
func (s *Service) addFeedback(ctx context.Context, runs []int64, records []Record) error {
	if len(runs) == 0 {
		return nil
	}
	comments, err := s.Store.Comments(ctx, runs)
	if err != nil {
		return err
	}
	votes, err := s.Store.Votes(ctx, runs)
	for i := range records {
		records[i].Comments, records[i].Votes = comments[records[i].ID], votes[records[i].ID]
	}
	return err
}
