package httpv1

import (
	"context"
	"slices"

	"parley/modules/agents/internal/core"
	"parley/modules/users"
	"parley/modules/users/userswire"
	"parley/platform/kernel/actor"
	"parley/platform/kernel/page"
	"parley/platform/web"
)

type typeView struct {
	_ struct{} `schema:"AgentType"`

	ID          int64  `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	web.Audit
}

func showType(t core.Type) typeView {
	return typeView{ID: t.ID, Name: t.Name, Description: t.Description, Audit: web.ShowAudit(t.Audit)}
}

type instructionView struct {
	_ struct{} `schema:"AgentInstruction"`

	ID          int64    `json:"id"`
	Instruction string   `json:"instruction"`
	IsDeleted   bool     `json:"is_deleted"`
	CreatedBy   string   `json:"created_by"`
	CreatedOn   web.Time `json:"created_on"`
	Agent       int64    `json:"agent"`
}

// agentView is an agent as the API shows it. Prompt and instructions are empty
// for all but its admins.
type agentView struct {
	ID                     int64             `json:"id"`
	AgentType              typeView          `json:"agent_type"`
	Instructions           []instructionView `json:"instructions"`
	User                   userswire.Person  `json:"user"`
	ConnectedToolNames     []string          `json:"connected_tool_names"`
	AgentName              string            `json:"agent_name"`
	IndustryArea           string            `json:"industry_area"`
	Domain                 string            `json:"domain" doc:"The description."`
	SampleQ1               string            `json:"sample_q1"`
	SampleQ2               string            `json:"sample_q2"`
	SampleQ3               string            `json:"sample_q3"`
	PrefixPrompt           string            `json:"prefix_prompt"`
	Alias                  *string           `json:"alias"`
	IsActive               bool              `json:"is_active"`
	IsDeleted              bool              `json:"is_deleted"`
	CreatedBy              string            `json:"created_by"`
	CreatedOn              web.Time          `json:"created_on"`
	AgentImage             string            `json:"agent_image"`
	Access                 string            `json:"access" enum:"Only me,Only team,Public"`
	Status                 string            `json:"status" enum:"Live,Draft,Paused"`
	CachingEnabled         bool              `json:"caching_enabled"`
	ChunkCount             int               `json:"chunk_count"`
	ReactEnabled           bool              `json:"react_enabled"`
	ReactMaxIterationCount int               `json:"react_max_iteration_count"`
	Project                int64             `json:"project"`
	LLMConfig              *int64            `json:"llm_config" doc:"Always null: there are no stored configurations of models."`
	ClonedFrom             *int64            `json:"cloned_from"`
}

// people answers users by id, in one query.
func (a *API) people(ctx context.Context, who actor.Actor, ids []int64) (map[int64]users.User, error) {
	slices.Sort(ids)
	found, err := a.directory.Users(ctx, who.OrganizationID, slices.Compact(ids))
	if err != nil {
		return nil, err
	}
	byID := make(map[int64]users.User, len(ids))
	for _, id := range ids { // who is gone keeps the id
		byID[id] = users.User{ID: id, OrganizationID: who.OrganizationID}
	}
	for _, u := range found {
		byID[u.ID] = u
	}
	return byID, nil
}

func owners(list []core.Full) []int64 {
	ids := make([]int64, len(list))
	for i, f := range list {
		ids[i] = f.UserID
	}
	return ids
}

// show returns how the caller sees agents.
func (a *API) show(ctx context.Context, who actor.Actor, list []core.Full) (func(core.Full) agentView, error) {
	people, err := a.people(ctx, who, owners(list))
	if err != nil {
		return nil, err
	}
	return func(f core.Full) agentView { return showAgent(f, people[f.UserID]) }, nil
}

func showAgent(f core.Full, owner users.User) agentView {
	v := agentView{
		ID: f.ID, AgentType: showType(f.Type),
		Instructions: []instructionView{}, User: userswire.ShowPerson(owner), ConnectedToolNames: []string{}, AgentName: f.AgentName, IndustryArea: f.IndustryArea,
		Domain: f.Domain, SampleQ1: f.SampleQ1, SampleQ2: f.SampleQ2, SampleQ3: f.SampleQ3, IsActive: f.IsActive, IsDeleted: f.IsDeleted,
		CreatedBy: f.CreatedBy, CreatedOn: web.At(f.CreatedOn), AgentImage: f.AgentImage, Access: f.Access, Status: f.Status, CachingEnabled: f.CachingEnabled,
		ChunkCount: f.ChunkCount, ReactEnabled: f.ReactEnabled, ReactMaxIterationCount: f.ReactMaxIterationCount, Project: f.ProjectID, ClonedFrom: f.ClonedFrom,
	}
	if f.Alias != "" {
		v.Alias = &f.Alias
	}
	if f.Decision.Allowed.Manage {
		v.PrefixPrompt = f.PrefixPrompt
		v.Instructions = showInstructions(f.Instructions)
	}
	return v
}

func (a *API) showOne(ctx context.Context, who actor.Actor, f core.Full) (agentView, error) {
	show, err := a.show(ctx, who, []core.Full{f})
	if err != nil {
		return agentView{}, err
	}
	return show(f), nil
}

// showPage answers one part of a list of agents, or the error that came
// instead.
func (a *API) showPage(ctx context.Context, who actor.Actor, found page.Of[core.Full], err error) (web.List[agentView], error) {
	if err != nil {
		return web.List[agentView]{}, err
	}
	show, err := a.show(ctx, who, found.Items)
	return web.Listed(found, show), err
}
