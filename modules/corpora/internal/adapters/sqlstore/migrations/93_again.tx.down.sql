{{if .Postgres}}
DROP TABLE IF EXISTS corpora_directions;
--bun:split
DROP INDEX IF EXISTS corpora_vectors_bare;
--bun:split
ALTER TABLE corpora_vectors DROP COLUMN is_indexed;
--bun:split
{{end}}
DROP INDEX corpora_documents_stale;
--bun:split
ALTER TABLE corpora_documents DROP COLUMN index_version;
--bun:split
ALTER TABLE corpora_documents DROP COLUMN name_key;
