ALTER TABLE agents_agents ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
--bun:split
CREATE TABLE agents_versions (
  id {{.ID}},
  agent_id BIGINT NOT NULL REFERENCES agents_agents (id),
  version BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  created_on {{.Time}} NOT NULL,
  changes TEXT NOT NULL,
  configuration TEXT NOT NULL,
  connections TEXT NOT NULL
);
--bun:split
CREATE UNIQUE INDEX agents_versions_one ON agents_versions (agent_id, version);
--bun:split
CREATE INDEX agents_versions_agent ON agents_versions (agent_id, id);
--bun:split
CREATE INDEX agents_versions_stale ON agents_versions (agent_id) WHERE connections = 'null';
--bun:split
INSERT INTO agents_versions (agent_id, version, created_by, created_on, changes, configuration, connections)
SELECT a.id, 1, CASE WHEN a.modified_by = '' THEN a.created_by ELSE a.modified_by END, a.modified_on, '[]',
{{if .Postgres}}
  json_build_object('prefix_prompt', a.prefix_prompt,
    'custom_instructions', coalesce((SELECT json_agg(i.instruction ORDER BY i.id) FROM agents_instructions AS i WHERE i.agent_id = a.id AND NOT i.is_deleted), '[]'::json),
    'llm_model', a.llm_model, 'caching_enabled', a.caching_enabled, 'chunk_count', a.chunk_count,
    'react_enabled', a.react_enabled, 'react_max_iteration_count', a.react_max_iteration_count)::text,
{{else}}
  json_object('prefix_prompt', a.prefix_prompt,
    'custom_instructions', json((SELECT json_group_array(o.instruction) FROM
      (SELECT i.instruction FROM agents_instructions AS i WHERE i.agent_id = a.id AND NOT i.is_deleted ORDER BY i.id) AS o)),
    'llm_model', a.llm_model, 'caching_enabled', json(iif(a.caching_enabled, 'true', 'false')), 'chunk_count', a.chunk_count,
    'react_enabled', json(iif(a.react_enabled, 'true', 'false')), 'react_max_iteration_count', a.react_max_iteration_count),
{{end}}
  CASE WHEN a.is_deleted THEN '[]' ELSE 'null' END
FROM agents_agents AS a;
