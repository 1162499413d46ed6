DROP INDEX corpora_passages_corpus;
--bun:split
DROP TABLE corpora_vectors;
