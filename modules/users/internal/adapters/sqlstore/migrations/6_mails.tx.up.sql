CREATE TABLE users_mails (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  kind TEXT NOT NULL,
  email TEXT NOT NULL,
  full_name TEXT NOT NULL,
  password_hash TEXT NOT NULL,
  token_hash TEXT NOT NULL,
  seed TEXT NOT NULL,
  created_on {{.Time}} NOT NULL,
  expires_on {{.Time}} NOT NULL
);
--bun:split
CREATE UNIQUE INDEX users_mails_token ON users_mails (token_hash) WHERE token_hash <> '';
--bun:split
CREATE INDEX users_mails_user ON users_mails (user_id);
--bun:split
CREATE INDEX users_mails_email ON users_mails (email, kind, created_on);
--bun:split
CREATE INDEX users_mails_expiry ON users_mails (expires_on);
