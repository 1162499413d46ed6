CREATE TABLE corpora_corpora (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  owner_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  description TEXT NOT NULL,
  indexing_mode_id BIGINT NOT NULL,
  is_public BOOLEAN NOT NULL,
  is_deleted BOOLEAN NOT NULL,
  tags TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_on {{.Time}} NOT NULL,
  modified_by TEXT NOT NULL,
  modified_on {{.Time}} NOT NULL
);
--bun:split
CREATE UNIQUE INDEX corpora_corpora_name ON corpora_corpora (owner_id, lower(name)) WHERE NOT is_deleted;
--bun:split
CREATE INDEX corpora_corpora_organization ON corpora_corpora (organization_id, id);
--bun:split
CREATE TABLE corpora_statistics (
  corpus_id BIGINT PRIMARY KEY,
  documents BIGINT NOT NULL,
  passages BIGINT NOT NULL,
  length BIGINT NOT NULL
);
--bun:split
CREATE TABLE corpora_documents (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  corpus_id BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  name TEXT NOT NULL,
  source TEXT NOT NULL,
  content_type TEXT NOT NULL,
  mime_type TEXT NOT NULL,
  size BIGINT NOT NULL,
  sha256 TEXT NOT NULL,
  tags TEXT NOT NULL,
  description TEXT NOT NULL,
  upload_from TEXT NOT NULL,
  step TEXT NOT NULL,
  failure_reason TEXT,
  chunk_count BIGINT NOT NULL,
  page_count BIGINT,
  blob_key TEXT NOT NULL,
  claimed_by TEXT NOT NULL,
  claimed_until {{.Time}},
  attempts BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  created_on {{.Time}} NOT NULL,
  modified_by TEXT NOT NULL,
  modified_on {{.Time}} NOT NULL
);
--bun:split
CREATE INDEX corpora_documents_corpus ON corpora_documents (corpus_id, id);
--bun:split
CREATE INDEX corpora_documents_content ON corpora_documents (corpus_id, sha256);
--bun:split
CREATE INDEX corpora_documents_name ON corpora_documents (corpus_id, name);
--bun:split
CREATE INDEX corpora_documents_waiting ON corpora_documents (id) WHERE step IN ('pending', 'extracting', 'indexing');
--bun:split
CREATE TABLE corpora_passages (
  id {{.ID}},
  corpus_id BIGINT NOT NULL,
  document_id BIGINT NOT NULL,
  number BIGINT NOT NULL,
  page BIGINT NOT NULL,
  title TEXT NOT NULL,
  text TEXT NOT NULL,
  length BIGINT NOT NULL,
  is_live BOOLEAN NOT NULL
);
--bun:split
CREATE INDEX corpora_passages_document ON corpora_passages (document_id, id);
--bun:split
CREATE INDEX corpora_passages_staged ON corpora_passages (corpus_id, id) WHERE NOT is_live;
--bun:split
CREATE TABLE corpora_postings (
  corpus_id BIGINT NOT NULL,
  term TEXT{{if .Postgres}} COLLATE "C"{{end}} NOT NULL,
  block BIGINT NOT NULL,
  passages INTEGER NOT NULL,
  data TEXT NOT NULL,
  PRIMARY KEY (corpus_id, term, block){{if .Postgres}} INCLUDE (passages, data){{end}}
){{if not .Postgres}} WITHOUT ROWID{{end}};
--bun:split
CREATE TABLE corpora_connections (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  agent_id BIGINT NOT NULL,
  corpus_id BIGINT NOT NULL,
  is_enabled BOOLEAN NOT NULL,
  is_default BOOLEAN NOT NULL,
  shares_content BOOLEAN NOT NULL,
  connected_by TEXT NOT NULL,
  created_by TEXT NOT NULL,
  created_on {{.Time}} NOT NULL,
  modified_by TEXT NOT NULL,
  modified_on {{.Time}} NOT NULL
);
--bun:split
CREATE UNIQUE INDEX corpora_connections_one ON corpora_connections (agent_id, corpus_id);
--bun:split
CREATE INDEX corpora_connections_corpus ON corpora_connections (corpus_id);
