ALTER TABLE chat_runs ADD COLUMN cost_nano BIGINT NOT NULL DEFAULT 0;
--bun:split
ALTER TABLE chat_runs DROP COLUMN cost;
--bun:split
ALTER TABLE chat_ledger DROP COLUMN cost_source;
--bun:split
ALTER TABLE chat_ledger DROP COLUMN cost;
