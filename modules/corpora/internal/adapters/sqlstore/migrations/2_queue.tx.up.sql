ALTER TABLE corpora_documents DROP COLUMN claimed_by;
--bun:split
ALTER TABLE corpora_documents DROP COLUMN claimed_until;
--bun:split
ALTER TABLE corpora_documents DROP COLUMN attempts;
