ALTER TABLE corpora_statistics DROP COLUMN version;
