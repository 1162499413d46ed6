ALTER TABLE chat_runs ADD COLUMN vote BIGINT NOT NULL DEFAULT 0;
--bun:split
UPDATE chat_runs SET vote = CASE WHEN v.is_upvote THEN 1 ELSE -1 END FROM chat_votes AS v WHERE v.run_id = chat_runs.id AND v.user_id = chat_runs.user_id;
--bun:split
CREATE INDEX chat_runs_answered ON chat_runs (agent_id, vote, created_on, id) WHERE state = 'completed' AND NOT is_deleted AND query_source <> 'evaluation';
--bun:split
{{if .Postgres}}CREATE TABLE chat_words (run_id BIGINT PRIMARY KEY, words INT[] NOT NULL){{else}}CREATE VIRTUAL TABLE chat_words USING fts5(words, content='', contentless_delete=1, detail=none, tokenize='ascii'){{end}};
--bun:split
{{if .Postgres}}CREATE INDEX chat_words_of ON chat_words USING gin (words) WITH (gin_pending_list_limit = 256){{else}}SELECT 1{{end}};
--bun:split
CREATE TABLE chat_positions (name TEXT PRIMARY KEY, run_id BIGINT NOT NULL);
--bun:split
INSERT INTO chat_positions (name, run_id) SELECT 'words', coalesce(max(id), 0) + 1 FROM chat_runs;
--bun:split
CREATE TABLE chat_unindexed (run_id {{if .Postgres}}BIGINT{{else}}INTEGER{{end}} PRIMARY KEY, agent_id BIGINT NOT NULL);
