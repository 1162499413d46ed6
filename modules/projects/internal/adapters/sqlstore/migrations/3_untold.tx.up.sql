CREATE TABLE projects_untold (
  name TEXT PRIMARY KEY,
  last_id BIGINT NOT NULL,
  until_id BIGINT NOT NULL
);
--bun:split
INSERT INTO projects_untold (name, last_id, until_id) SELECT 'team', 0, max(id) FROM projects_teams HAVING max(id) IS NOT NULL;
--bun:split
INSERT INTO projects_untold (name, last_id, until_id) SELECT 'project', 0, max(id) FROM projects_projects HAVING max(id) IS NOT NULL;
