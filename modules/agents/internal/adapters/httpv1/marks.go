package httpv1

import (
	"context"

	"parley/modules/agents/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

// markView is an agent in one of the caller's lists.
type markView struct {
	_ struct{} `schema:"MarkedAgent"`

	ID        int64      `json:"id"`
	Agent     agentView  `json:"agent"`
	User      personView `json:"user"`
	CreatedOn web.Time   `json:"created_on"`
}

// WithoutSecrets implements web.ShownOnce: whoever repeats the request may
// have ceased to be the agent's admin.
func (v markView) WithoutSecrets() any {
	v.Agent.PrefixPrompt, v.Agent.Instructions, v.Agent.LLMConfig = "", []instructionView{}, nil
	return v
}

// showMark returns how the caller sees their marks; all owners are looked up
// in one query, together with the caller.
func (a *API) showMark(ctx context.Context, who actor.Actor, marks []core.Marked) (func(core.Marked) markView, error) {
	ids := []int64{who.UserID}
	for _, m := range marks {
		ids = append(ids, m.Agent.UserID)
	}
	people, err := a.people(ctx, who, ids)
	if err != nil {
		return nil, err
	}
	return func(m core.Marked) markView {
		return markView{ID: m.ID, Agent: showAgent(m.Agent, people[m.Agent.UserID]), User: showPerson(people[who.UserID]), CreatedOn: web.At(m.CreatedOn)}
	}, nil
}

func (a *API) marked(k core.Kind) web.Handler[listRequest, web.List[markView]] {
	return func(ctx context.Context, r listRequest) (web.List[markView], error) {
		who := actor.From(ctx)
		marks, err := a.service.Marked(ctx, who, k, r.Request())
		if err != nil {
			return web.List[markView]{}, err
		}
		show, err := a.showMark(ctx, who, marks.Items)
		return web.Listed(marks, show), err
	}
}

func (a *API) mark(k core.Kind) web.Handler[agentRequest, markView] {
	return func(ctx context.Context, r agentRequest) (markView, error) {
		who := actor.From(ctx)
		m, err := a.service.Mark(ctx, who, k, r.AgentID)
		if err != nil {
			return markView{}, err
		}
		show, err := a.showMark(ctx, who, []core.Marked{m})
		if err != nil {
			return markView{}, err
		}
		return show(m), nil
	}
}

func (a *API) unmark(k core.Kind) web.Handler[agentRequest, []markView] {
	return func(ctx context.Context, r agentRequest) ([]markView, error) {
		who := actor.From(ctx)
		left, err := a.service.Unmark(ctx, who, k, r.AgentID)
		if err != nil {
			return nil, err
		}
		show, err := a.showMark(ctx, who, left)
		if err != nil {
			return nil, err
		}
		out := make([]markView, len(left))
		for i, m := range left {
			out[i] = show(m)
		}
		return out, nil
	}
}
