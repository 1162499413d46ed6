CREATE TABLE analytics_horizons (
  organization_id {{if .Postgres}}BIGINT{{else}}INTEGER{{end}} PRIMARY KEY,
  horizon BIGINT NOT NULL,
  first BIGINT NOT NULL,
  version BIGINT NOT NULL
);
--bun:split
CREATE TABLE analytics_marks (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  quarter BIGINT NOT NULL
);
--bun:split
CREATE INDEX analytics_marks_open ON analytics_marks (organization_id, quarter);
--bun:split
CREATE TABLE analytics_stale (
  organization_id BIGINT NOT NULL,
  level BIGINT NOT NULL,
  start BIGINT NOT NULL,
  due BIGINT NOT NULL,
  PRIMARY KEY (organization_id, level, start)
);
--bun:split
CREATE TABLE analytics_cells (
  organization_id BIGINT NOT NULL,
  number BIGINT NOT NULL,
  team_id BIGINT NOT NULL,
  project_id BIGINT NOT NULL,
  agent_id BIGINT NOT NULL,
  agent_type TEXT NOT NULL,
  query_source TEXT NOT NULL,
  model TEXT NOT NULL,
  PRIMARY KEY (organization_id, number)
);
--bun:split
CREATE TABLE analytics_segments (
  organization_id BIGINT NOT NULL,
  face BIGINT NOT NULL,
  level BIGINT NOT NULL,
  start BIGINT NOT NULL,
  version BIGINT NOT NULL,
  data {{.Bytes}} NOT NULL,
  PRIMARY KEY (organization_id, face, level, start)
);
--bun:split
CREATE INDEX analytics_segments_changed ON analytics_segments (organization_id, version);
--bun:split
-- Packed numbers do not get smaller when they are compressed.
{{if .Postgres}}ALTER TABLE analytics_segments ALTER COLUMN data SET STORAGE EXTERNAL;{{else}}SELECT 1;{{end}}
--bun:split
CREATE INDEX analytics_facts_user ON analytics_facts (organization_id, user_id, quarter);
--bun:split
DROP INDEX analytics_facts_askers;
