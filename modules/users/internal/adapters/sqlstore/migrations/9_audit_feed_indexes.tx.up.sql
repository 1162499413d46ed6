CREATE INDEX users_audit_unnumbered ON users_audit (id) WHERE position = 0;
--bun:split
CREATE INDEX users_audit_position ON users_audit (organization_id, position) WHERE position > 0;
