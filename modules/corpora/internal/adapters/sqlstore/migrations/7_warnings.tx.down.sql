ALTER TABLE corpora_documents DROP COLUMN warnings;
