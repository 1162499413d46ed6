CREATE TABLE projects_recents (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  project_id BIGINT NOT NULL,
  created_on {{.Time}} NOT NULL
);
--bun:split
CREATE UNIQUE INDEX projects_recents_one ON projects_recents (user_id, project_id);
--bun:split
CREATE INDEX projects_recents_project ON projects_recents (project_id);
