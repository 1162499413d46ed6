-- A document counts its sources. The first to have a name or a content in a
-- corpus claims it; documents that failed, and duplicates that were asked for,
-- claim nothing.
ALTER TABLE corpora_documents ADD COLUMN revision BIGINT NOT NULL DEFAULT 0;
--bun:split
ALTER TABLE corpora_documents ADD COLUMN claimed_name TEXT NOT NULL DEFAULT '';
--bun:split
ALTER TABLE corpora_documents ADD COLUMN claimed_content TEXT NOT NULL DEFAULT '';
--bun:split
ALTER TABLE corpora_documents ADD COLUMN etag TEXT NOT NULL DEFAULT '';
--bun:split
ALTER TABLE corpora_documents ADD COLUMN last_modified TEXT NOT NULL DEFAULT '';
--bun:split
UPDATE corpora_documents SET claimed_name = name
  WHERE id IN (SELECT min(id) FROM corpora_documents WHERE step <> 'failed' AND content_type = 'file' GROUP BY corpus_id, name);
--bun:split
UPDATE corpora_documents SET claimed_content = sha256
  WHERE id IN (SELECT min(id) FROM corpora_documents WHERE step <> 'failed' GROUP BY corpus_id, sha256);
--bun:split
CREATE UNIQUE INDEX corpora_documents_one_name ON corpora_documents (corpus_id, claimed_name) WHERE claimed_name <> '';
--bun:split
CREATE UNIQUE INDEX corpora_documents_one_content ON corpora_documents (corpus_id, claimed_content) WHERE claimed_content <> '';
