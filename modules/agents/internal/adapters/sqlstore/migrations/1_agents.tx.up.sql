CREATE TABLE agents_types (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_on {{.Time}} NOT NULL,
  modified_by TEXT NOT NULL,
  modified_on {{.Time}} NOT NULL
);
--bun:split
CREATE UNIQUE INDEX agents_types_name ON agents_types (organization_id, lower(name));
--bun:split
CREATE TABLE agents_agents (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  project_id BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  agent_type_id BIGINT NOT NULL REFERENCES agents_types (id),
  agent_name TEXT NOT NULL,
  industry_area TEXT NOT NULL,
  domain TEXT NOT NULL,
  sample_q1 TEXT NOT NULL,
  sample_q2 TEXT NOT NULL,
  sample_q3 TEXT NOT NULL,
  prefix_prompt TEXT NOT NULL,
  llm_model TEXT NOT NULL,
  is_active BOOLEAN NOT NULL,
  is_deleted BOOLEAN NOT NULL,
  agent_image TEXT NOT NULL,
  access TEXT NOT NULL,
  status TEXT NOT NULL,
  caching_enabled BOOLEAN NOT NULL,
  chunk_count BIGINT NOT NULL,
  react_enabled BOOLEAN NOT NULL,
  react_max_iteration_count BIGINT NOT NULL,
  cloned_from BIGINT,
  created_by TEXT NOT NULL,
  created_on {{.Time}} NOT NULL,
  modified_by TEXT NOT NULL,
  modified_on {{.Time}} NOT NULL
);
--bun:split
CREATE INDEX agents_agents_organization ON agents_agents (organization_id, id);
--bun:split
CREATE INDEX agents_agents_project ON agents_agents (project_id, id);
--bun:split
CREATE INDEX agents_agents_user ON agents_agents (user_id);
--bun:split
CREATE TABLE agents_instructions (
  id {{.ID}},
  agent_id BIGINT NOT NULL REFERENCES agents_agents (id),
  instruction TEXT NOT NULL,
  is_deleted BOOLEAN NOT NULL,
  created_by TEXT NOT NULL,
  created_on {{.Time}} NOT NULL
);
--bun:split
CREATE INDEX agents_instructions_agent ON agents_instructions (agent_id, id);
--bun:split
CREATE TABLE agents_recents (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  agent_id BIGINT NOT NULL,
  created_on {{.Time}} NOT NULL
);
--bun:split
CREATE UNIQUE INDEX agents_recents_one ON agents_recents (user_id, agent_id);
--bun:split
CREATE TABLE agents_stars (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  agent_id BIGINT NOT NULL,
  created_on {{.Time}} NOT NULL
);
--bun:split
CREATE UNIQUE INDEX agents_stars_one ON agents_stars (user_id, agent_id);
