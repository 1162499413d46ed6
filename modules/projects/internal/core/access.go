package core

import (
	"context"

	"parley/modules/projects"
	"parley/platform/kernel/actor"
)

// visible is the access rule of this module: a role on a team shows the team
// and its projects, one on a project shows the project.
func visible(who actor.Actor) Visible {
	return Visible{
		OrganizationID: who.OrganizationID, All: who.IsGlobalAdmin(),
		Teams: who.Granted(actor.Team, actor.Member), Projects: who.Granted(actor.Project, actor.Member),
	}
}

// decide answers what an actor is on a project that they see. A grant on the
// project itself is named before an equal one on its team.
func decide(who actor.Actor, p projects.Project) projects.Standing {
	if who.IsGlobalAdmin() {
		return projects.Standing{Project: p, Role: actor.Admin, Because: projects.Reason{Rule: "global_admin", Resource: actor.Organization, ResourceID: p.OrganizationID, Role: who.Level.String()}}
	}
	best := projects.Standing{Project: p}
	consider := func(rule string, resource actor.Resource, id int64) {
		if role := who.Holds(resource, id); role > best.Role {
			best.Role, best.Because = role, projects.Reason{Rule: rule, Resource: resource, ResourceID: id, Role: role.String()}
		}
	}
	consider("project_role", actor.Project, p.ID)
	if p.TeamID != nil {
		consider("team_role", actor.Team, *p.TeamID)
	}
	return best
}

// Standing implements projects.Access.
func (s *Service) Standing(ctx context.Context, who actor.Actor, projectID int64) (projects.Standing, error) {
	p, err := s.Store.Project(ctx, visible(who), projectID)
	if err != nil {
		return projects.Standing{}, err
	}
	return decide(who, p), nil
}

// maxStandings bounds the projects that one user can have a role on.
const maxStandings = 10_000

// Standings implements projects.Access.
func (s *Service) Standings(ctx context.Context, who actor.Actor) (map[int64]projects.Standing, bool, error) {
	v := visible(who)
	if v.All {
		return nil, true, nil
	}
	if len(v.Teams) == 0 && len(v.Projects) == 0 {
		return map[int64]projects.Standing{}, false, nil
	}
	found, err := s.Store.Projects(ctx, v, maxStandings)
	if err != nil {
		return nil, false, err
	}
	out := make(map[int64]projects.Standing, len(found))
	for _, p := range found {
		out[p.ID] = decide(who, p)
	}
	return out, false, nil
}

// Teams implements projects.Access.
func (s *Service) Teams(ctx context.Context, organizationID int64, projectIDs []int64) (map[int64]int64, error) {
	if len(projectIDs) == 0 {
		return map[int64]int64{}, nil
	}
	return s.Store.ProjectTeams(ctx, organizationID, projectIDs)
}
