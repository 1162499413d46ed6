CREATE TABLE analytics_names (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  entity_id BIGINT NOT NULL,
  name TEXT NOT NULL
);
--bun:split
CREATE UNIQUE INDEX analytics_names_one ON analytics_names (organization_id, kind, entity_id);
