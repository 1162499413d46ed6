CREATE TABLE chat_comments (
  id {{.ID}},
  run_id BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  comment TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_on {{.Time}} NOT NULL
);
--bun:split
CREATE INDEX chat_comments_of_run ON chat_comments (run_id, id);
--bun:split
CREATE INDEX chat_comments_of_user ON chat_comments (user_id);
--bun:split
CREATE TABLE chat_votes (
  id {{.ID}},
  run_id BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  is_upvote BOOLEAN NOT NULL,
  changes BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  created_on {{.Time}} NOT NULL
);
--bun:split
CREATE UNIQUE INDEX chat_votes_key ON chat_votes (run_id, user_id);
--bun:split
CREATE INDEX chat_votes_of_user ON chat_votes (user_id);
--bun:split
ALTER TABLE chat_threads ADD COLUMN deletions BIGINT NOT NULL DEFAULT 0;
