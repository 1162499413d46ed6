ALTER TABLE chat_runs DROP COLUMN finish_reason;
