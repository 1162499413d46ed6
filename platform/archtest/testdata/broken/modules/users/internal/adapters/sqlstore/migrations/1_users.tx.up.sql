CREATE TABLE users_users (id BIGINT, thread BIGINT REFERENCES chat_threads (id)); -- want tables
--bun:split
CREATE TABLE people (id BIGINT); -- want tables
--bun:split
CREATE UNIQUE INDEX byname ON users_users (id); -- want tables
