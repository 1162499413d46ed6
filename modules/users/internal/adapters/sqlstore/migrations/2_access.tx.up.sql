ALTER TABLE users_credentials ADD COLUMN kept_session TEXT NOT NULL DEFAULT '';
--bun:split
INSERT INTO users_permissions (organization_id, user_id, resource_type, resource_id, role, created_by, created_on, modified_by, modified_on)
SELECT organization_id, id, 'organization', organization_id, CASE WHEN is_superuser THEN 'global_admin' ELSE 'application_admin' END, 'System', date_joined, '', date_joined
FROM users_users WHERE is_superuser OR is_staff;
--bun:split
CREATE INDEX users_users_active ON users_users (organization_id, is_active, id);
--bun:split
CREATE TABLE users_api_keys (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  hash TEXT NOT NULL,
  hint TEXT NOT NULL,
  scope_kind TEXT NOT NULL,
  scope_groups TEXT NOT NULL,
  expires_on {{.Time}},
  last_used_on {{.Time}},
  created_by TEXT NOT NULL,
  created_on {{.Time}} NOT NULL,
  modified_by TEXT NOT NULL,
  modified_on {{.Time}} NOT NULL
);
--bun:split
CREATE UNIQUE INDEX users_api_keys_hash ON users_api_keys (hash);
--bun:split
CREATE INDEX users_api_keys_user ON users_api_keys (user_id, id);
--bun:split
CREATE TABLE users_audit (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  key_id BIGINT NOT NULL,
  at {{.Time}} NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  subjects TEXT NOT NULL,
  detail TEXT NOT NULL,
  from_address TEXT NOT NULL,
  outcome TEXT NOT NULL,
  status BIGINT NOT NULL,
  code TEXT NOT NULL,
  request_id TEXT NOT NULL
);
--bun:split
CREATE INDEX users_audit_newest ON users_audit (organization_id, at, id);
--bun:split
CREATE INDEX users_audit_user ON users_audit (organization_id, user_id, at, id);
