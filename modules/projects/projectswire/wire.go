// Package projectswire has the JSON shapes of projects and their members. The
// API shows them in answers of several modules; here is the one place that
// says how.
package projectswire

import (
	"parley/modules/projects"
	"parley/modules/users/userswire"
	"parley/platform/web"
)

// Project is a project as the API shows it.
type Project struct {
	ID           int64  `json:"id"`
	Name         string `json:"name"`
	Description  string `json:"description"`
	Team         *int64 `json:"team"`
	Organization int64  `json:"organization"`
	IsDeleted    bool   `json:"is_deleted"`
	AgentCount   int64  `json:"agent_count"`
	UserCount    int64  `json:"user_count" doc:"Users with a role on the project itself."`
	web.Audit
}

// Member is a user with the id of the row that makes them a member.
type Member struct {
	ID   int64          `json:"id"`
	User userswire.User `json:"user"`
	Role string         `json:"role"`
}

// ShowProject shows a project, on which so many users hold a role.
func ShowProject(p projects.Project, users int64) Project {
	return Project{
		ID: p.ID, Name: p.Name, Description: p.Description, Team: p.TeamID, Organization: p.OrganizationID, IsDeleted: p.IsDeleted,
		AgentCount: p.AgentCount, UserCount: users, Audit: web.ShowAudit(p.Audit),
	}
}
