DROP TABLE corpora_connections;
--bun:split
DROP TABLE corpora_postings;
--bun:split
DROP TABLE corpora_passages;
--bun:split
DROP TABLE corpora_documents;
--bun:split
DROP TABLE corpora_statistics;
--bun:split
DROP TABLE corpora_corpora;
