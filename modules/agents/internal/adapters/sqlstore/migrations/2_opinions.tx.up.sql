CREATE TABLE agents_runs (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  agent_id BIGINT NOT NULL
);
--bun:split
CREATE UNIQUE INDEX agents_runs_one ON agents_runs (user_id, agent_id);
--bun:split
CREATE INDEX agents_runs_agent ON agents_runs (agent_id);
--bun:split
CREATE TABLE agents_reviews (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  agent_id BIGINT NOT NULL REFERENCES agents_agents (id),
  user_id BIGINT NOT NULL,
  review TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_on {{.Time}} NOT NULL,
  modified_by TEXT NOT NULL,
  modified_on {{.Time}} NOT NULL
);
--bun:split
CREATE UNIQUE INDEX agents_reviews_one ON agents_reviews (user_id, agent_id);
--bun:split
CREATE INDEX agents_reviews_agent ON agents_reviews (agent_id, id);
--bun:split
CREATE TABLE agents_ratings (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  agent_id BIGINT NOT NULL REFERENCES agents_agents (id),
  user_id BIGINT NOT NULL,
  is_rated BOOLEAN NOT NULL,
  modified_on {{.Time}} NOT NULL
);
--bun:split
CREATE UNIQUE INDEX agents_ratings_one ON agents_ratings (user_id, agent_id);
--bun:split
CREATE INDEX agents_ratings_agent ON agents_ratings (agent_id);
--bun:split
CREATE TABLE agents_aliases (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  agent_id BIGINT NOT NULL REFERENCES agents_agents (id),
  alias TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_on {{.Time}} NOT NULL,
  modified_by TEXT NOT NULL,
  modified_on {{.Time}} NOT NULL
);
--bun:split
CREATE UNIQUE INDEX agents_aliases_agent ON agents_aliases (agent_id);
--bun:split
CREATE UNIQUE INDEX agents_aliases_alias ON agents_aliases (lower(alias));
--bun:split
CREATE INDEX agents_aliases_organization ON agents_aliases (organization_id, id);
--bun:split
CREATE INDEX agents_recents_agent ON agents_recents (agent_id);
--bun:split
CREATE INDEX agents_stars_agent ON agents_stars (agent_id);
--bun:split
CREATE INDEX agents_agents_access ON agents_agents (organization_id, access, id);
