ALTER TABLE chat_ledger ADD COLUMN cost TEXT NOT NULL DEFAULT '0';
--bun:split
ALTER TABLE chat_ledger ADD COLUMN cost_source TEXT NOT NULL DEFAULT 'none';
--bun:split
ALTER TABLE chat_runs ADD COLUMN cost TEXT NOT NULL DEFAULT '0';
--bun:split
-- Nothing had a price before: every cost was 0.
ALTER TABLE chat_runs DROP COLUMN cost_nano;
