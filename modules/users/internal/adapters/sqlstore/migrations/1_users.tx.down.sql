DROP TABLE users_permissions;
--bun:split
DROP TABLE users_credentials;
--bun:split
DROP TABLE users_users;
--bun:split
DROP TABLE users_organizations;
