ALTER TABLE chat_runs ADD COLUMN agent_version BIGINT NOT NULL DEFAULT 0;
--bun:split
ALTER TABLE chat_runs ADD COLUMN cache_key TEXT NOT NULL DEFAULT '';
--bun:split
CREATE INDEX chat_runs_cached ON chat_runs (cache_key, id) WHERE cache_key <> '';
