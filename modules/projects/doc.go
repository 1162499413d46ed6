// Package projects owns teams and projects, and answers what users may do with
// them.
//
// Owns: teams, projects, each user's recent projects. Tables: projects_*.
// Memberships are permissions, which users keeps.
//
// Publishes: projects.team_created.v1, projects.team_updated.v1,
// projects.team_deleted.v1, projects.project_created.v1,
// projects.project_updated.v1, projects.project_moved.v1,
// projects.project_deleted.v1. What is older than the events that carry names is
// told once at the start, as updated.
//
// Consumes: agents.agent_created.v1, agents.agent_updated.v1 and
// agents.agent_deleted.v1 (counts the project's agents; one that came to a
// deleted project makes the deletion be told again), users.user_deleted.v1
// (recents go). Memberships of a deleted user go with their permissions. Its
// own projects.project_moved.v1 and projects.project_deleted.v1, in every
// process, to let go of the teams of projects that it keeps in memory.
//
// Rules: package access decides. The creator of a team or a project becomes its
// admin. A team that still has projects can't be deleted, because the members
// of the team would lose the projects; move or delete the projects first.
// Deleting a project deletes its agents.
package projects
