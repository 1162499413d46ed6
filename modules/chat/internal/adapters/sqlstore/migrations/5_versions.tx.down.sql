DROP INDEX chat_runs_cached;
--bun:split
ALTER TABLE chat_runs DROP COLUMN cache_key;
--bun:split
ALTER TABLE chat_runs DROP COLUMN agent_version;
