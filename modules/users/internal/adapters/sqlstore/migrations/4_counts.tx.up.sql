CREATE TABLE users_counts (
  organization_id BIGINT NOT NULL,
  is_active BOOLEAN NOT NULL,
  users BIGINT NOT NULL,
  PRIMARY KEY (organization_id, is_active)
);
--bun:split
INSERT INTO users_counts (organization_id, is_active, users)
SELECT organization_id, is_active, count(*) FROM users_users GROUP BY organization_id, is_active;
