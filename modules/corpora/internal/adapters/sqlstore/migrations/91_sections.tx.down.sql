ALTER TABLE corpora_passages DROP COLUMN sections;
