-- What documents are looked for by: kind 1 is a tag, kind 2 is the rest of the
-- name in lower case from each of its characters on.
CREATE TABLE corpora_document_keys (
  corpus_id BIGINT NOT NULL,
  kind INTEGER NOT NULL,
  key TEXT{{if .Postgres}} COLLATE "C"{{end}} NOT NULL,
  document_id BIGINT NOT NULL,
  PRIMARY KEY (corpus_id, kind, key, document_id)
){{if not .Postgres}} WITHOUT ROWID{{end}};
--bun:split
{{if .Postgres}}
INSERT INTO corpora_document_keys (corpus_id, kind, key, document_id)
  SELECT DISTINCT d.corpus_id, 1, t.tag, d.id FROM corpora_documents AS d, json_array_elements_text(d.tags::json) AS t(tag);
{{else}}
INSERT INTO corpora_document_keys (corpus_id, kind, key, document_id)
  SELECT DISTINCT d.corpus_id, 1, t.value, d.id FROM corpora_documents AS d, json_each(d.tags) AS t;
{{end}}
--bun:split
{{if .Postgres}}
INSERT INTO corpora_document_keys (corpus_id, kind, key, document_id)
  SELECT DISTINCT d.corpus_id, 2, substr(lower(d.name), i), d.id FROM corpora_documents AS d, generate_series(1, length(d.name)) AS s(i);
{{else}}
INSERT INTO corpora_document_keys (corpus_id, kind, key, document_id)
  WITH RECURSIVE corpora_rests (corpus_id, name, id) AS (
    SELECT corpus_id, lower(name), id FROM corpora_documents
    UNION SELECT corpus_id, substr(name, 2), id FROM corpora_rests WHERE length(name) > 1
  ) SELECT corpus_id, 2, name, id FROM corpora_rests;
{{end}}
