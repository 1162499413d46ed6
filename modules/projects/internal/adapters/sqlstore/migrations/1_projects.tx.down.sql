DROP TABLE projects_projects;
--bun:split
DROP TABLE projects_teams;
