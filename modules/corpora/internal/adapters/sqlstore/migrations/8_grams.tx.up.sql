-- Which terms have a character 4-gram, so that other forms of a word are found.
CREATE TABLE corpora_grams (
  corpus_id BIGINT NOT NULL,
  gram BIGINT NOT NULL,
  term TEXT{{if .Postgres}} COLLATE "C"{{end}} NOT NULL,
  PRIMARY KEY (corpus_id, gram, term)
){{if not .Postgres}} WITHOUT ROWID{{end}};
--bun:split
-- The version of text.Version by which the postings of a passage were made.
ALTER TABLE corpora_passages ADD COLUMN reading INTEGER NOT NULL DEFAULT 1;
--bun:split
CREATE INDEX corpora_passages_outdated ON corpora_passages (corpus_id, document_id) WHERE reading < 2;
