-- What an embedding model makes of passages. The passages of a corpus are gone
-- through in the order of their ids for those that have no vector yet.
CREATE TABLE corpora_vectors (
  corpus_id BIGINT NOT NULL,
  model TEXT NOT NULL,
  passage_id BIGINT NOT NULL,
  coordinates {{if .Postgres}}BYTEA{{else}}BLOB{{end}} NOT NULL,
  PRIMARY KEY (corpus_id, model, passage_id)
){{if not .Postgres}} WITHOUT ROWID{{end}};
--bun:split
CREATE INDEX corpora_vectors_passage ON corpora_vectors (passage_id);
--bun:split
CREATE INDEX corpora_passages_corpus ON corpora_passages (corpus_id, id);
