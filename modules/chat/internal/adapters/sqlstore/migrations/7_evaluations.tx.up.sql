ALTER TABLE chat_runs ADD COLUMN purpose TEXT NOT NULL DEFAULT 'answer';
--bun:split
ALTER TABLE chat_runs ADD COLUMN question_key TEXT;
--bun:split
CREATE UNIQUE INDEX chat_runs_question ON chat_runs (user_id, question_key) WHERE question_key IS NOT NULL;
