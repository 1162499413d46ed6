DROP TABLE users_audit;
--bun:split
DROP TABLE users_api_keys;
--bun:split
DROP INDEX users_users_active;
--bun:split
DELETE FROM users_permissions WHERE resource_type = 'organization';
--bun:split
ALTER TABLE users_credentials DROP COLUMN kept_session;
