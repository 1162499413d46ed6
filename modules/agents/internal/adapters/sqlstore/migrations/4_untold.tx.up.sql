CREATE TABLE agents_untold (
  name TEXT PRIMARY KEY,
  last_id BIGINT NOT NULL,
  until_id BIGINT NOT NULL
);
--bun:split
INSERT INTO agents_untold (name, last_id, until_id) SELECT 'agent', 0, max(id) FROM agents_agents HAVING max(id) IS NOT NULL;
