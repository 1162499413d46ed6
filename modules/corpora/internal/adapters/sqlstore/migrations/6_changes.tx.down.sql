DROP INDEX corpora_documents_one_content;
--bun:split
DROP INDEX corpora_documents_one_name;
--bun:split
ALTER TABLE corpora_documents DROP COLUMN last_modified;
--bun:split
ALTER TABLE corpora_documents DROP COLUMN etag;
--bun:split
ALTER TABLE corpora_documents DROP COLUMN claimed_content;
--bun:split
ALTER TABLE corpora_documents DROP COLUMN claimed_name;
--bun:split
ALTER TABLE corpora_documents DROP COLUMN revision;
