CREATE TABLE notifications_webhooks (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  url TEXT NOT NULL,
  kinds TEXT NOT NULL,
  secret {{.Bytes}} NOT NULL,
  old_secret {{.Bytes}},
  old_secret_until {{.Time}},
  is_enabled BOOLEAN NOT NULL,
  disabled_on {{.Time}},
  disabled_reason TEXT NOT NULL,
  pending BIGINT NOT NULL,
  created_by TEXT NOT NULL,
  created_on {{.Time}} NOT NULL,
  modified_by TEXT NOT NULL,
  modified_on {{.Time}} NOT NULL
);
--bun:split
CREATE INDEX notifications_webhooks_organization ON notifications_webhooks (organization_id, id);
