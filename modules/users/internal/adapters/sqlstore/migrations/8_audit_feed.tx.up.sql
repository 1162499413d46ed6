ALTER TABLE users_audit ADD COLUMN count BIGINT NOT NULL DEFAULT 1;
--bun:split
ALTER TABLE users_audit ADD COLUMN last_at {{.Time}};
--bun:split
ALTER TABLE users_audit ADD COLUMN position BIGINT NOT NULL DEFAULT 0;
--bun:split
CREATE TABLE users_audit_feed (position BIGINT NOT NULL);
--bun:split
INSERT INTO users_audit_feed (position) VALUES (0);
