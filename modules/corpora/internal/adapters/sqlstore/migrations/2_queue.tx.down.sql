ALTER TABLE corpora_documents ADD COLUMN claimed_by TEXT NOT NULL DEFAULT '';
--bun:split
ALTER TABLE corpora_documents ADD COLUMN claimed_until {{.Time}};
--bun:split
ALTER TABLE corpora_documents ADD COLUMN attempts BIGINT NOT NULL DEFAULT 0;
