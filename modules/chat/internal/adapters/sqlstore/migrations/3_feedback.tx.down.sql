DROP TABLE chat_votes;
--bun:split
DROP TABLE chat_comments;
