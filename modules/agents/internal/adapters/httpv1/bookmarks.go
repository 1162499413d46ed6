package httpv1

import (
	"context"

	"parley/modules/agents/internal/core"
	"parley/modules/users/userswire"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

// bookmarkView is an agent in one of the caller's lists.
type bookmarkView struct {
	_ struct{} `schema:"MarkedAgent"`

	ID        int64            `json:"id"`
	Agent     agentView        `json:"agent"`
	User      userswire.Person `json:"user"`
	CreatedOn web.Time         `json:"created_on"`
}

// WithoutSecrets implements web.ShownOnce: a user who repeats the request may
// no longer be an admin of the agent.
func (v bookmarkView) WithoutSecrets() any {
	v.Agent.PrefixPrompt, v.Agent.Instructions, v.Agent.LLMConfig = "", []instructionView{}, nil
	return v
}

// showBookmark returns how the caller sees their bookmarks; all owners are looked up
// in one query, together with the caller.
func (a *API) showBookmark(ctx context.Context, who actor.Actor, bookmarks []core.BookmarkedAgent) (func(core.BookmarkedAgent) bookmarkView, error) {
	ids := []int64{who.UserID}
	for _, m := range bookmarks {
		ids = append(ids, m.Agent.UserID)
	}
	people, err := a.people(ctx, who, ids)
	if err != nil {
		return nil, err
	}
	return func(m core.BookmarkedAgent) bookmarkView {
		return bookmarkView{
			ID: m.ID, Agent: showAgent(m.Agent, people[m.Agent.UserID]), User: userswire.ShowPerson(people[who.UserID]), CreatedOn: web.At(m.CreatedOn),
		}
	}, nil
}

func (a *API) bookmarks(k core.Kind) web.Handler[listRequest, web.List[bookmarkView]] {
	return func(ctx context.Context, r listRequest) (web.List[bookmarkView], error) {
		who := actor.From(ctx)
		bookmarks, err := a.service.Bookmarks(ctx, who, k, r.Request())
		if err != nil {
			return web.List[bookmarkView]{}, err
		}
		show, err := a.showBookmark(ctx, who, bookmarks.Items)
		return web.Listed(bookmarks, show), err
	}
}

func (a *API) addBookmark(k core.Kind) web.Handler[agentRequest, bookmarkView] {
	return func(ctx context.Context, r agentRequest) (bookmarkView, error) {
		who := actor.From(ctx)
		m, err := a.service.AddBookmark(ctx, who, k, r.AgentID)
		if err != nil {
			return bookmarkView{}, err
		}
		show, err := a.showBookmark(ctx, who, []core.BookmarkedAgent{m})
		if err != nil {
			return bookmarkView{}, err
		}
		return show(m), nil
	}
}

func (a *API) removeBookmark(k core.Kind) web.Handler[agentRequest, []bookmarkView] {
	return func(ctx context.Context, r agentRequest) ([]bookmarkView, error) {
		who := actor.From(ctx)
		left, err := a.service.RemoveBookmark(ctx, who, k, r.AgentID)
		if err != nil {
			return nil, err
		}
		show, err := a.showBookmark(ctx, who, left)
		if err != nil {
			return nil, err
		}
		out := make([]bookmarkView, len(left))
		for i, m := range left {
			out[i] = show(m)
		}
		return out, nil
	}
}
