DROP TABLE corpora_uncomposed;
--bun:split
ALTER TABLE corpora_documents DROP COLUMN charset;
