CREATE INDEX analytics_facts_askers ON analytics_facts (organization_id, team_id, project_id, agent_id, user_id) WHERE runs > 0;
--bun:split
DROP INDEX analytics_facts_user;
--bun:split
DROP TABLE analytics_segments;
--bun:split
DROP TABLE analytics_cells;
--bun:split
DROP TABLE analytics_stale;
--bun:split
DROP TABLE analytics_marks;
--bun:split
DROP TABLE analytics_horizons;
