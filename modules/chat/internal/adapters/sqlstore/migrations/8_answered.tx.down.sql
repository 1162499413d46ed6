DROP TABLE chat_unindexed;
--bun:split
DROP TABLE chat_positions;
--bun:split
DROP TABLE chat_words;
--bun:split
DROP INDEX chat_runs_answered;
--bun:split
ALTER TABLE chat_runs DROP COLUMN vote;
