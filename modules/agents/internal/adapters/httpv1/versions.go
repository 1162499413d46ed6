package httpv1

import (
	"context"

	"parley/modules/agents"
	"parley/modules/agents/agentswire"
	"parley/modules/agents/internal/core"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

type addInstructionsRequest struct {
	AgentID int64 `path:"agent_id"`
	Body    struct {
		Instructions []string `json:"instructions" minItems:"1" maxItems:"50" doc:"Each of 1 to 4000 characters; an agent has at most 50."`
	}
}

func (a *API) addInstructions(ctx context.Context, r addInstructionsRequest) ([]instructionView, error) {
	added, err := a.service.AddInstructions(ctx, actor.From(ctx), r.AgentID, r.Body.Instructions)
	return showInstructions(added), err
}

func showInstructions(list []core.Instruction) []instructionView {
	out := make([]instructionView, len(list))
	for i, l := range list {
		out[i] = instructionView{
			ID: l.ID, Instruction: l.Instruction, IsDeleted: l.IsDeleted, CreatedBy: l.CreatedBy, CreatedOn: web.At(l.CreatedOn), Agent: l.AgentID,
		}
	}
	return out
}

type versionsRequest struct {
	AgentID int64 `path:"agent_id"`
	web.ListQuery
}

func (a *API) versions(ctx context.Context, r versionsRequest) (web.List[agentswire.Summary], error) {
	found, admin, err := a.service.Versions(ctx, actor.From(ctx), r.AgentID, r.Request())
	return web.Listed(found, func(v agents.Version) agentswire.Summary { return agentswire.ShowSummary(v, admin) }), err
}

type versionRequest struct {
	AgentID int64 `path:"agent_id"`
	Version int64 `path:"version"`
}

func (a *API) version(ctx context.Context, r versionRequest) (agentswire.Version, error) {
	v, admin, err := a.service.ViewVersion(ctx, actor.From(ctx), r.AgentID, r.Version)
	return agentswire.ShowVersion(v, admin), err
}
