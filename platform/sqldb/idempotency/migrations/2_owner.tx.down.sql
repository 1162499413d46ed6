DROP INDEX web_idempotency_running;
--bun:split
ALTER TABLE web_idempotency DROP COLUMN owner;
