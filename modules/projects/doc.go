// Package projects owns teams and projects, and says who is what on them.
//
// Owns: teams, projects. Tables: projects_*. Memberships are permissions,
// which users keeps.
//
// Publishes: projects.team_created.v1, projects.project_created.v1.
//
// Consumes: agents.agent_created.v1 (counts the project's agents).
// Memberships of a deleted user go with their permissions.
//
// Rules: a role on a team holds for the team's projects; the highest role
// wins. Whoever creates a team or a project is its admin. Who has no role on
// it does not see it, but for global admins, who see everything.
package projects
