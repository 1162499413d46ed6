CREATE TABLE users_untold (
  name TEXT PRIMARY KEY,
  last_id BIGINT NOT NULL,
  until_id BIGINT NOT NULL
);
--bun:split
INSERT INTO users_untold (name, last_id, until_id) SELECT 'user', 0, max(id) FROM users_users HAVING max(id) IS NOT NULL;
