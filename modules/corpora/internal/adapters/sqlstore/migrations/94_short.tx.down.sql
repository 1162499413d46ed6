{{if .Postgres}}
DROP INDEX corpora_documents_renamed;
--bun:split
{{end}}
DROP INDEX corpora_documents_stale;
--bun:split
CREATE INDEX corpora_documents_stale ON corpora_documents (corpus_id, id) WHERE step = 'completed' AND index_version < 2;
