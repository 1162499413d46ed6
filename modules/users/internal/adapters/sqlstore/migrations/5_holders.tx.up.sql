DROP INDEX users_permissions_resource;
--bun:split
CREATE INDEX users_permissions_holders ON users_permissions (resource_id, resource_type, user_id, organization_id, role);
