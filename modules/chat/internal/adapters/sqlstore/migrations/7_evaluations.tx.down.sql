DROP INDEX chat_runs_question;
--bun:split
ALTER TABLE chat_runs DROP COLUMN question_key;
--bun:split
ALTER TABLE chat_runs DROP COLUMN purpose;
