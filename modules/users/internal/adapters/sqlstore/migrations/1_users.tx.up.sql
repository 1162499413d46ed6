CREATE TABLE users_organizations (
  id {{.ID}},
  org_name TEXT NOT NULL,
  domain TEXT NOT NULL,
  is_deleted BOOLEAN NOT NULL,
  created_by TEXT NOT NULL,
  created_on {{.Time}} NOT NULL,
  modified_by TEXT NOT NULL,
  modified_on {{.Time}} NOT NULL
);
--bun:split
CREATE UNIQUE INDEX users_organizations_domain ON users_organizations (lower(domain));
--bun:split
CREATE TABLE users_users (
  id {{.ID}},
  organization_id BIGINT NOT NULL REFERENCES users_organizations (id),
  email TEXT NOT NULL,
  is_staff BOOLEAN NOT NULL,
  is_superuser BOOLEAN NOT NULL,
  is_active BOOLEAN NOT NULL,
  date_joined {{.Time}} NOT NULL,
  first_name TEXT,
  last_name TEXT
);
--bun:split
CREATE UNIQUE INDEX users_users_email ON users_users (lower(email)) WHERE email <> '';
--bun:split
CREATE INDEX users_users_organization ON users_users (organization_id, id);
--bun:split
CREATE INDEX users_users_admins ON users_users (organization_id, id) WHERE is_superuser;
--bun:split
CREATE TABLE users_credentials (
  user_id BIGINT PRIMARY KEY,
  password_hash TEXT NOT NULL,
  session_epoch BIGINT NOT NULL
);
--bun:split
CREATE TABLE users_permissions (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  resource_type TEXT NOT NULL,
  resource_id BIGINT NOT NULL,
  role TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_on {{.Time}} NOT NULL,
  modified_by TEXT NOT NULL,
  modified_on {{.Time}} NOT NULL
);
--bun:split
CREATE UNIQUE INDEX users_permissions_one ON users_permissions (user_id, resource_type, resource_id);
--bun:split
CREATE INDEX users_permissions_resource ON users_permissions (resource_type, resource_id);
