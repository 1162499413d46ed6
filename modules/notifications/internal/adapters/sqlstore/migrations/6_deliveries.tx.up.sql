CREATE TABLE notifications_deliveries (
  id {{.ID}},
  webhook_id BIGINT NOT NULL,
  organization_id BIGINT NOT NULL,
  event_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  subject TEXT NOT NULL,
  body TEXT NOT NULL,
  state TEXT NOT NULL,
  due_on {{.Time}} NOT NULL,
  attempts BIGINT NOT NULL,
  first_tried_on {{.Time}},
  last_tried_on {{.Time}},
  duration_ms BIGINT NOT NULL,
  status BIGINT NOT NULL,
  answer TEXT NOT NULL,
  error TEXT NOT NULL,
  replay_of BIGINT NOT NULL,
  created_on {{.Time}} NOT NULL
);
--bun:split
CREATE INDEX notifications_deliveries_webhook ON notifications_deliveries (webhook_id, id);
--bun:split
CREATE INDEX notifications_deliveries_event ON notifications_deliveries (webhook_id, event_id);
--bun:split
CREATE INDEX notifications_deliveries_due ON notifications_deliveries (webhook_id, due_on, id) WHERE state = 'ready';
--bun:split
CREATE INDEX notifications_deliveries_lane ON notifications_deliveries (webhook_id, subject, id) WHERE state IN ('ready', 'waiting');
--bun:split
CREATE INDEX notifications_deliveries_over ON notifications_deliveries (created_on, id) WHERE state IN ('delivered', 'failed');
