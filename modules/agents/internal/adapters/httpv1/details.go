package httpv1

import (
	"context"

	"parley/modules/projects/projectswire"
	"parley/modules/users/userswire"
	"parley/platform/kernel/actor"
	"parley/platform/web"
)

// briefView is an agent in the details of its project.
type briefView struct {
	_ struct{} `schema:"AgentBrief"`

	ID         int64    `json:"id"`
	AgentName  string   `json:"agent_name"`
	Domain     string   `json:"domain" doc:"The description."`
	AgentImage string   `json:"agent_image"`
	User       int64    `json:"user" doc:"Its owner."`
	Access     string   `json:"access" enum:"Only me,Only team,Public"`
	Status     string   `json:"status" enum:"Live,Draft,Paused"`
	CreatedBy  string   `json:"created_by"`
	CreatedOn  web.Time `json:"created_on"`
}

type countsView struct {
	_ struct{} `schema:"ProjectCounts"`

	Users  int64 `json:"users"`
	Agents int64 `json:"agents"`
}

type detailView struct {
	_ struct{} `schema:"ProjectDetails"`

	Project projectswire.Project  `json:"project"`
	Users   []projectswire.Member `json:"users" doc:"The first 100 with a role on the project itself, in the order of their ids; counts says how many there are."`
	Agents  []briefView           `json:"agents" doc:"The first 100 that the caller may see."`
	Counts  countsView            `json:"counts" doc:"Of all, listed or not."`
}

type detailsRequest struct {
	Body struct {
		ProjectIDs []int64 `json:"project_ids" minItems:"1" maxItems:"200"`
	}
}

// notFound is the meta of an answer that some ids are missing from.
type notFound struct {
	_ struct{} `schema:"ProjectsNotFound"`

	IDs []int64 `json:"not_found_ids"`
}

func (a *API) details(ctx context.Context, r detailsRequest) (web.WithMeta[[]detailView, notFound], error) {
	var out web.WithMeta[[]detailView, notFound]
	who := actor.From(ctx)
	found, missing, err := a.service.Details(ctx, who, r.Body.ProjectIDs)
	if err != nil {
		return out, err
	}
	ids := []int64{}
	for _, d := range found {
		for _, m := range d.Members {
			ids = append(ids, m.UserID)
		}
	}
	people, err := a.people(ctx, who, ids)
	if err != nil {
		return out, err
	}
	user, err := userswire.Whole(ctx, a.directory, who.OrganizationID)
	if err != nil {
		return out, err
	}
	out.Data = make([]detailView, len(found))
	for i, d := range found {
		v := detailView{
			Project: projectswire.ShowProject(d.Project, d.Users), Users: []projectswire.Member{}, Agents: []briefView{},
			Counts: countsView{Users: d.Users, Agents: d.Project.AgentCount},
		}
		for _, m := range d.Members {
			v.Users = append(v.Users, projectswire.Member{ID: m.ID, User: user(people[m.UserID]), Role: m.Role})
		}
		for _, b := range d.Agents {
			v.Agents = append(v.Agents, briefView{
				ID: b.ID, AgentName: b.AgentName, Domain: b.Domain, AgentImage: b.AgentImage, User: b.UserID,
				Access: b.Access, Status: b.Status, CreatedBy: b.CreatedBy, CreatedOn: web.At(b.CreatedOn),
			})
		}
		out.Data[i] = v
	}
	if len(missing) > 0 {
		out.Meta = &notFound{IDs: missing}
	}
	return out, nil
}
