ALTER TABLE chat_threads DROP COLUMN deletions;
--bun:split
DROP TABLE chat_votes;
--bun:split
DROP TABLE chat_comments;
