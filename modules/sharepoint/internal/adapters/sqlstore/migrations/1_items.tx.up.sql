CREATE TABLE sharepoint_items (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  external_id TEXT NOT NULL,
  parent_external_id TEXT NOT NULL,
  drive_external_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  name TEXT NOT NULL,
  etag TEXT NOT NULL,
  size BIGINT NOT NULL,
  sha256 TEXT NOT NULL,
  mime_type TEXT NOT NULL,
  web_url TEXT NOT NULL,
  corpus_id BIGINT,
  rights TEXT NOT NULL,
  linked_by BIGINT NOT NULL,
  kept_corpus_id BIGINT NOT NULL,
  document_id BIGINT NOT NULL,
  kept_etag TEXT NOT NULL,
  kept_name TEXT NOT NULL,
  state TEXT NOT NULL,
  last_error TEXT NOT NULL,
  last_synced_on {{.Time}},
  is_deleted BOOLEAN NOT NULL,
  revision BIGINT NOT NULL,
  handled BIGINT NOT NULL,
  generation BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  created_on {{.Time}} NOT NULL,
  modified_by TEXT NOT NULL,
  modified_on {{.Time}} NOT NULL
);
--bun:split
CREATE UNIQUE INDEX sharepoint_items_external ON sharepoint_items (organization_id, external_id);
--bun:split
CREATE INDEX sharepoint_items_parent ON sharepoint_items (organization_id, parent_external_id);
--bun:split
CREATE INDEX sharepoint_items_drive ON sharepoint_items (organization_id, drive_external_id, id);
--bun:split
CREATE INDEX sharepoint_items_pending ON sharepoint_items (organization_id, drive_external_id, id) WHERE kind = 'file' AND revision > handled;
--bun:split
CREATE INDEX sharepoint_items_document ON sharepoint_items (organization_id, document_id) WHERE document_id <> 0;
--bun:split
CREATE TABLE sharepoint_drives (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  external_id TEXT NOT NULL,
  token TEXT NOT NULL,
  start TEXT NOT NULL,
  is_full BOOLEAN NOT NULL,
  generation BIGINT NOT NULL,
  completed_on {{.Time}},
  failures BIGINT NOT NULL,
  last_error TEXT NOT NULL
);
--bun:split
CREATE UNIQUE INDEX sharepoint_drives_external ON sharepoint_drives (organization_id, external_id);
