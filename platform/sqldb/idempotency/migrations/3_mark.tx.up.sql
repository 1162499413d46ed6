-- Status 1 marks a request whose effect is committed and whose answer is not
-- stored yet; upload is the digest of the upload that was answered.
ALTER TABLE web_idempotency ADD COLUMN upload TEXT NOT NULL DEFAULT '';
--bun:split
DROP INDEX web_idempotency_running;
--bun:split
CREATE INDEX web_idempotency_running ON web_idempotency (owner) WHERE status < 2;
