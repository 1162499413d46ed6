-- Documents to read again, with those that a short document was cut into.
DROP INDEX corpora_documents_stale;
--bun:split
CREATE INDEX corpora_documents_stale ON corpora_documents (corpus_id, id) WHERE step = 'completed' AND (index_version < 2 OR index_version < 3 AND chunk_count BETWEEN 2 AND 17);
{{if .Postgres}}
--bun:split
-- Documents that a process without name_key may have renamed: none of a million, or few.
CREATE INDEX corpora_documents_renamed ON corpora_documents (id) WHERE name_key <> lower(name) COLLATE "C";
{{end}}
