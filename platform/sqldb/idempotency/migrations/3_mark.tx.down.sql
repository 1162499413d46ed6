DROP INDEX web_idempotency_running;
--bun:split
CREATE INDEX web_idempotency_running ON web_idempotency (owner) WHERE status = 0;
--bun:split
ALTER TABLE web_idempotency DROP COLUMN upload;
