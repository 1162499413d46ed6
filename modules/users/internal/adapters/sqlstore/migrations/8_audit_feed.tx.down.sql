DROP TABLE users_audit_feed;
--bun:split
ALTER TABLE users_audit DROP COLUMN position;
--bun:split
ALTER TABLE users_audit DROP COLUMN last_at;
--bun:split
ALTER TABLE users_audit DROP COLUMN count;
