package httpv1

import (
	"context"
	"slices"

	"parley/modules/agents/internal/core"
	"parley/modules/users"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

type typeView struct {
	ID          int64  `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	web.Audit
}

type instructionView struct {
	ID          int64    `json:"id"`
	Instruction string   `json:"instruction"`
	IsDeleted   bool     `json:"is_deleted"`
	CreatedBy   string   `json:"created_by"`
	CreatedOn   web.Time `json:"created_on"`
	Agent       int64    `json:"agent"`
}

type personView struct {
	ID           int64   `json:"id"`
	Email        string  `json:"email"`
	FirstName    *string `json:"first_name"`
	LastName     *string `json:"last_name"`
	Organization int64   `json:"organization"`
}

// agentView is an agent as the API shows it. Prompt, instructions and model
// are empty for all but its admins.
type agentView struct {
	ID                     int64             `json:"id"`
	AgentType              typeView          `json:"agent_type"`
	Instructions           []instructionView `json:"instructions"`
	User                   personView        `json:"user"`
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
	LLMConfig              *int64            `json:"llm_config"`
	ClonedFrom             *int64            `json:"cloned_from"`
}

// people answers the owners of agents by id, in one query.
func (a *API) people(ctx context.Context, who actor.Actor, list []core.Full) (map[int64]users.User, error) {
	ids := make([]int64, len(list))
	for i, f := range list {
		ids[i] = f.UserID
	}
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

// show returns how the caller sees agents.
func (a *API) show(ctx context.Context, who actor.Actor, list []core.Full) (func(core.Full) agentView, error) {
	people, err := a.people(ctx, who, list)
	if err != nil {
		return nil, err
	}
	return func(f core.Full) agentView { return showAgent(f, people[f.UserID]) }, nil
}

func showAgent(f core.Full, owner users.User) agentView {
	v := agentView{
		ID: f.ID, AgentType: typeView{ID: f.Type.ID, Name: f.Type.Name, Description: f.Type.Description, Audit: web.ShowAudit(f.Type.Audit)},
		Instructions: []instructionView{}, User: showPerson(owner), ConnectedToolNames: []string{}, AgentName: f.AgentName, IndustryArea: f.IndustryArea,
		Domain: f.Domain, SampleQ1: f.SampleQ1, SampleQ2: f.SampleQ2, SampleQ3: f.SampleQ3, IsActive: f.IsActive, IsDeleted: f.IsDeleted,
		CreatedBy: f.CreatedBy, CreatedOn: web.At(f.CreatedOn), AgentImage: f.AgentImage, Access: f.Access, Status: f.Status, CachingEnabled: f.CachingEnabled,
		ChunkCount: f.ChunkCount, ReactEnabled: f.ReactEnabled, ReactMaxIterationCount: f.ReactMaxIterationCount, Project: f.ProjectID, ClonedFrom: f.ClonedFrom,
	}
	if f.Decision.Allowed.Manage {
		v.PrefixPrompt = f.PrefixPrompt
		for _, i := range f.Instructions {
			v.Instructions = append(v.Instructions, instructionView{ID: i.ID, Instruction: i.Instruction, IsDeleted: i.IsDeleted, CreatedBy: i.CreatedBy, CreatedOn: web.At(i.CreatedOn), Agent: i.AgentID})
		}
	}
	return v
}

func showPerson(u users.User) personView {
	return personView{ID: u.ID, Email: u.Email, FirstName: u.FirstName, LastName: u.LastName, Organization: u.OrganizationID}
}

func (a *API) showOne(ctx context.Context, who actor.Actor, f core.Full) (agentView, error) {
	show, err := a.show(ctx, who, []core.Full{f})
	if err != nil {
		return agentView{}, err
	}
	return show(f), nil
}

// markView is an agent in one of the caller's lists.
type markView struct {
	ID        int64      `json:"id"`
	Agent     agentView  `json:"agent"`
	User      personView `json:"user"`
	CreatedOn web.Time   `json:"created_on"`
}

// showMark returns how the caller sees their marks; all owners are looked up
// in one query, together with the caller.
func (a *API) showMark(ctx context.Context, who actor.Actor, marks []core.Marked) (func(core.Marked) markView, error) {
	list := make([]core.Full, 0, len(marks)+1)
	for _, m := range marks {
		list = append(list, m.Agent)
	}
	people, err := a.people(ctx, who, append(list, core.Full{Agent: core.Agent{UserID: who.UserID}}))
	if err != nil {
		return nil, err
	}
	return func(m core.Marked) markView {
		return markView{ID: m.ID, Agent: showAgent(m.Agent, people[m.Agent.UserID]), User: showPerson(people[who.UserID]), CreatedOn: web.At(m.CreatedOn)}
	}, nil
}
