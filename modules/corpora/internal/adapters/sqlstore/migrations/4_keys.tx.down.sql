DROP TABLE corpora_document_keys;
