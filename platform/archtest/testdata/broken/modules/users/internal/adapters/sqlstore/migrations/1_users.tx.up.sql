CREATE TABLE users_users (id BIGINT, thread BIGINT REFERENCES chat_threads (id)); -- want tables
--bun:split
CREATE TABLE people (id BIGINT); -- want tables
--bun:split
CREATE UNIQUE INDEX byname ON users_users (id); -- want tables
--bun:split
-- it's a comment; the next says -- want sqlcomments
SELECT 'fine -- not a comment, isn''t it'; -- fine
