CREATE TABLE analytics_facts (
  id {{.ID}},
  origin TEXT NOT NULL,
  organization_id BIGINT NOT NULL,
  team_id BIGINT NOT NULL,
  project_id BIGINT NOT NULL,
  agent_id BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  thread_id BIGINT NOT NULL,
  agent_type TEXT NOT NULL,
  query_source TEXT NOT NULL,
  model TEXT NOT NULL,
  state TEXT NOT NULL,
  occurred_on {{.Time}} NOT NULL,
  quarter BIGINT NOT NULL,
  runs BIGINT NOT NULL,
  threads BIGINT NOT NULL,
  upvotes BIGINT NOT NULL,
  downvotes BIGINT NOT NULL,
  prompt_tokens BIGINT NOT NULL,
  completion_tokens BIGINT NOT NULL,
  cost_nano BIGINT NOT NULL
);
--bun:split
CREATE UNIQUE INDEX analytics_facts_origin ON analytics_facts (origin);
--bun:split
CREATE INDEX analytics_facts_period ON analytics_facts (organization_id, quarter);
--bun:split
CREATE INDEX analytics_facts_askers ON analytics_facts (organization_id, team_id, project_id, agent_id, user_id) WHERE runs > 0;
--bun:split
CREATE TABLE analytics_items (
  id {{.ID}},
  kind TEXT NOT NULL,
  entity_id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  team_id BIGINT NOT NULL,
  project_id BIGINT NOT NULL
);
--bun:split
CREATE UNIQUE INDEX analytics_items_one ON analytics_items (organization_id, kind, entity_id);
