DROP INDEX users_permissions_holders;
--bun:split
CREATE INDEX users_permissions_resource ON users_permissions (resource_type, resource_id);
