DROP INDEX corpora_documents_stale;
--bun:split
ALTER TABLE corpora_documents DROP COLUMN index_version;
--bun:split
ALTER TABLE corpora_documents DROP COLUMN name_key;
