ALTER TABLE corpora_documents ADD COLUMN warnings TEXT;
