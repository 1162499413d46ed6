CREATE TABLE web_idempotency (
  id {{.ID}},
  user_id BIGINT NOT NULL,
  idempotency_key TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  claim TEXT NOT NULL,
  status INTEGER NOT NULL,
  body {{.Bytes}},
  leased_until {{.Time}} NOT NULL,
  created_on {{.Time}} NOT NULL
);
--bun:split
CREATE UNIQUE INDEX web_idempotency_key ON web_idempotency (user_id, idempotency_key);
--bun:split
CREATE INDEX web_idempotency_created ON web_idempotency (created_on);
