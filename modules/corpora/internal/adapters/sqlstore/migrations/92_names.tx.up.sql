-- The encoding that a text was read in.
ALTER TABLE corpora_documents ADD COLUMN charset TEXT NOT NULL DEFAULT '';
--bun:split
-- A document that failed has the passages of its old text, as far as it is found.
UPDATE corpora_documents SET chunk_count = (SELECT count(*) FROM corpora_passages AS p WHERE p.document_id = corpora_documents.id AND p.is_live)
  WHERE step = 'failed' AND revision > 0;
--bun:split
-- Documents whose names may not be composed yet. The server composes them when
-- it starts, and this table is empty from then on.
CREATE TABLE corpora_uncomposed (
  document_id BIGINT PRIMARY KEY
);
--bun:split
INSERT INTO corpora_uncomposed (document_id)
  SELECT id FROM corpora_documents WHERE {{if .Postgres}}name IS NOT NFC NORMALIZED OR claimed_name IS NOT NFC NORMALIZED
  {{- else}}octet_length(name) <> length(name) OR octet_length(claimed_name) <> length(claimed_name){{end}};
