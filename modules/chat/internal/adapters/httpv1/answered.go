package httpv1

import (
	"context"
	"time"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/apperr"
	"parley/platform/web"
)

// answeredRoutes are those of the questions that an agent has answered.
func (a *API) answeredRoutes() []web.Route {
	return web.Group("Evaluation",
		web.GET("/api/agent/{agent_id}/query", "Get Agent Queries", a.answered,
			web.On(actor.Agent, "agent_id", web.Manage).And(web.On(actor.ContentGrant, "content_grant_id", web.Run).IfSent()).
				Note("answers whose sources the caller may read, without the asker"),
			web.Message("Agent queries retrieved successfully."),
			web.Audited(),
		),
	)
}

type answeredRequest struct {
	web.ListQuery
	AgentID        int64  `path:"agent_id"`
	From           string `query:"from" maxLength:"40" doc:"The first day (2024-10-02, in UTC), or the first moment (2024-10-02T00:02:24Z), of the question."`
	To             string `query:"to" maxLength:"40" doc:"The last day, or the moment after the last."`
	Feedback       string `query:"feedback" enum:"upvote,downvote,none" doc:"What the asker thinks of the answer."`
	Q              string `query:"q" maxLength:"200" doc:"Words that question and answer have, all of them, in any order and inflection."`
	ContentGrantID int64  `query:"content_grant_id" minimum:"1" doc:"A live content grant of one's own: the list says who asked, as far as the grant is on them."`
}

type answeredView struct {
	_ struct{} `schema:"AgentQuery"`

	AgentResponse int64    `json:"agent_response"`
	Query         string   `json:"query"`
	Answer        string   `json:"answer"`
	CreatedOn     web.Time `json:"created_on"`
	IsUpvote      bool     `json:"is_upvote"`
	IsDownvote    bool     `json:"is_downvote"`
	User          *int64   `json:"user" doc:"Who asked; null without a content grant."`
}

// answered lists newest first, and counts nothing: which answers there are for
// the caller is known only by looking at each.
func (a *API) answered(ctx context.Context, r answeredRequest) (web.List[answeredView], error) {
	f := core.AnsweredFilter{AgentID: r.AgentID, Text: r.Q}
	for _, edge := range []struct {
		into  *time.Time
		field string
		text  string
		days  int // that a date lasts
	}{{&f.From, "from", r.From, 0}, {&f.To, "to", r.To, 1}} {
		at, err := moment(edge.field, edge.text, edge.days)
		if err != nil {
			return web.List[answeredView]{}, err
		}
		*edge.into = at
	}
	if vote, given := map[string]int64{"upvote": core.Upvote, "downvote": core.Downvote, "none": core.NoVote}[r.Feedback]; given {
		f.Vote = &vote
	}
	found, err := a.service.AnsweredQuestions(ctx, actor.From(ctx), f, r.ContentGrantID, r.Request())
	return web.Listed(found, showAnswered), err
}

var errMoment = apperr.New(apperr.Unprocessable, "chat.invalid_moment", "Send a date such as 2024-10-02, or a date-time such as 2024-10-02T00:02:24Z.")

func moment(field, text string, days int) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	if date, err := time.Parse(time.DateOnly, text); err == nil {
		return date.AddDate(0, 0, days), nil
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return at, errMoment.WithField(field, "is neither a date nor a date-time")
	}
	return at.UTC(), nil
}

func showAnswered(q core.AnsweredQuestion) answeredView {
	v := answeredView{
		AgentResponse: q.ID,
		Query:         q.Question,
		Answer:        q.Answer,
		CreatedOn:     web.At(q.CreatedOn),
		IsUpvote:      q.Vote == core.Upvote,
		IsDownvote:    q.Vote == core.Downvote,
	}
	if q.ShowUser {
		v.User = &q.UserID
	}
	return v
}
