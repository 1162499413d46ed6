DROP INDEX chat_threads_of_agent;
--bun:split
DROP TABLE chat_grants;
