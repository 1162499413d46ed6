CREATE TABLE projects_teams (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  is_deleted BOOLEAN NOT NULL,
  created_by TEXT NOT NULL,
  created_on {{.Time}} NOT NULL,
  modified_by TEXT NOT NULL,
  modified_on {{.Time}} NOT NULL
);
--bun:split
CREATE INDEX projects_teams_organization ON projects_teams (organization_id, id);
--bun:split
CREATE TABLE projects_projects (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  team_id BIGINT REFERENCES projects_teams (id),
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  is_deleted BOOLEAN NOT NULL,
  agent_count BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  created_on {{.Time}} NOT NULL,
  modified_by TEXT NOT NULL,
  modified_on {{.Time}} NOT NULL
);
--bun:split
CREATE INDEX projects_projects_organization ON projects_projects (organization_id, id);
--bun:split
CREATE INDEX projects_projects_team ON projects_projects (team_id, id);
