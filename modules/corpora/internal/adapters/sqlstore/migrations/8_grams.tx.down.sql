DROP INDEX corpora_passages_outdated;
--bun:split
ALTER TABLE corpora_passages DROP COLUMN reading;
--bun:split
DROP TABLE corpora_grams;
