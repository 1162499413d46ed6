CREATE TABLE chat_threads (id BIGINT);
