DROP TABLE chat_ledger;
--bun:split
DROP TABLE chat_support;
--bun:split
DROP TABLE chat_thoughts;
--bun:split
DROP TABLE chat_events;
--bun:split
DROP TABLE chat_contents;
--bun:split
DROP TABLE chat_runs;
--bun:split
DROP TABLE chat_threads;
