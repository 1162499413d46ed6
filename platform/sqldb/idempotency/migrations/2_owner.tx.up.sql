-- Rows of a process that does not name itself yet keep to their leases.
ALTER TABLE web_idempotency ADD COLUMN owner TEXT NOT NULL DEFAULT '';
--bun:split
CREATE INDEX web_idempotency_running ON web_idempotency (owner) WHERE status = 0;
