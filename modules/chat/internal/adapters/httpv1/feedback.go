package httpv1

import (
	"context"

	"parley/modules/chat/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

// feedbackRoutes are what is done to threads and answers that are there: they
// are commented, rated, renamed and deleted.
func (a *API) feedbackRoutes() []web.Route {
	say := web.On(actor.Answer, "agent_response_id", web.Edit)
	return web.Group("Chat",
		web.POST("/api/agent-response/{agent_response_id}/comment", "Add Comment Feedback", a.comment,
			say,
			web.Created(),
			web.Message("Comment added successfully."),
		),
		web.POST("/api/agent-response/{agent_response_id}/upvote", "Add Upvote Feedback", a.upvote,
			say,
			web.Message("Feedback saved successfully."),
		),
		web.POST("/api/agent-response/{agent_response_id}/downvote", "Add Downvote Feedback", a.downvote,
			say,
			web.Message("Feedback saved successfully."),
		),
		web.DELETE("/api/agent-response/{agent_response_id}", "Delete Agent Response", a.deleteResponse,
			web.On(actor.Answer, "agent_response_id", web.Delete),
			web.Message("Agent Response deleted successfully."),
		),
		web.PUT("/api/chat-thread/{chat_thread_id}", "Edit Chat Thread", a.renameThread,
			web.On(actor.Thread, "chat_thread_id", web.Edit),
			web.Message("Chat Thread updated successfully."),
		),
		web.DELETE("/api/chat-thread/{chat_thread_id}", "Delete Chat Thread", a.deleteThread,
			web.On(actor.Thread, "chat_thread_id", web.Delete),
			web.Message("Chat Thread deleted successfully."),
		),
	)
}

// commentView is what a user said about an answer.
type commentView struct {
	ID        int64    `json:"id"`
	Comment   string   `json:"comment"`
	CreatedBy string   `json:"created_by"`
	CreatedOn web.Time `json:"created_on"`
	Response  int64    `json:"response"`
}

func showComment(c core.Comment) commentView {
	return commentView{ID: c.ID, Comment: c.Comment, CreatedBy: c.CreatedBy, CreatedOn: web.At(c.CreatedOn), Response: c.RunID}
}

// feedbackView is a user's vote on an answer.
type feedbackView struct {
	ID         int64    `json:"id"`
	IsUpvote   bool     `json:"is_upvote"`
	IsDownvote bool     `json:"is_downvote"`
	CreatedBy  string   `json:"created_by"`
	CreatedOn  web.Time `json:"created_on" doc:"When the vote became what it is."`
	Response   int64    `json:"response"`
}

func showVote(v core.Vote) feedbackView {
	return feedbackView{ID: v.ID, IsUpvote: v.IsUpvote, IsDownvote: !v.IsUpvote, CreatedBy: v.CreatedBy, CreatedOn: web.At(v.CreatedOn), Response: v.RunID}
}

type commentRequest struct {
	ID   int64 `path:"agent_response_id"`
	Body struct {
		Comment string `json:"comment" minLength:"1" maxLength:"4000"`
	}
}

func (a *API) comment(ctx context.Context, r commentRequest) (commentView, error) {
	c, err := a.service.Comment(ctx, actor.From(ctx), r.ID, r.Body.Comment)
	return showComment(c), err
}

func (a *API) upvote(ctx context.Context, r responseRequest) (feedbackView, error) {
	v, err := a.service.Vote(ctx, actor.From(ctx), r.ID, true)
	return showVote(v), err
}

func (a *API) downvote(ctx context.Context, r responseRequest) (feedbackView, error) {
	v, err := a.service.Vote(ctx, actor.From(ctx), r.ID, false)
	return showVote(v), err
}

func (a *API) deleteResponse(ctx context.Context, r responseRequest) (recordView, error) {
	record, err := a.service.DeleteResponse(ctx, actor.From(ctx), r.ID)
	return showRecord(record), err
}

type renameThreadRequest struct {
	ID   int64 `path:"chat_thread_id"`
	Body struct {
		Title string `json:"title" minLength:"1" maxLength:"255"`
	}
}

func (a *API) renameThread(ctx context.Context, r renameThreadRequest) (threadView, error) {
	t, err := a.service.RenameThread(ctx, actor.From(ctx), r.ID, r.Body.Title)
	return showThread(t), err
}

type deleteThreadRequest struct {
	ID int64 `path:"chat_thread_id"`
}

func (a *API) deleteThread(ctx context.Context, r deleteThreadRequest) (threadView, error) {
	t, err := a.service.DeleteThread(ctx, actor.From(ctx), r.ID)
	return showThread(t), err
}
