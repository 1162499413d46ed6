-- The name of a document as its parts are looked for: lists that many names are
-- in go through it in the order of the ids. It is the longest of its keys.
ALTER TABLE corpora_documents ADD COLUMN name_key TEXT{{if .Postgres}} COLLATE "C"{{end}} NOT NULL DEFAULT '';
--bun:split
{{if .Postgres}}
UPDATE corpora_documents AS d SET name_key = k.key
  FROM (SELECT DISTINCT ON (document_id) document_id, key FROM corpora_document_keys WHERE kind = 2 ORDER BY document_id, length(key) DESC) AS k
  WHERE k.document_id = d.id;
{{else}}
UPDATE corpora_documents SET name_key = k.key
  FROM (SELECT document_id, key, max(length(key)) FROM corpora_document_keys WHERE kind = 2 GROUP BY document_id) AS k
  WHERE k.document_id = corpora_documents.id;
{{end}}
--bun:split
-- Which version of the reading of files the text of a completed document is by.
-- Those of an older one are read again in the background.
ALTER TABLE corpora_documents ADD COLUMN index_version INTEGER NOT NULL DEFAULT 1;
--bun:split
CREATE INDEX corpora_documents_stale ON corpora_documents (corpus_id, id) WHERE step = 'completed' AND index_version < 2;
{{if .Postgres}}
--bun:split
-- Whether a vector is in the table that the server makes for pgvector.
ALTER TABLE corpora_vectors ADD COLUMN is_indexed BOOLEAN NOT NULL DEFAULT FALSE;
{{end}}
