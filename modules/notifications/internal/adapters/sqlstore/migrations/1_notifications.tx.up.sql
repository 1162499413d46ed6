CREATE TABLE notifications_inbox (
  id {{.ID}},
  organization_id BIGINT NOT NULL,
  user_id BIGINT NOT NULL,
  title TEXT NOT NULL,
  message TEXT NOT NULL,
  kind TEXT NOT NULL,
  link TEXT,
  is_read BOOLEAN NOT NULL,
  read_on {{.Time}},
  created_by TEXT NOT NULL,
  created_on {{.Time}} NOT NULL,
  cause TEXT NOT NULL
);
--bun:split
CREATE UNIQUE INDEX notifications_inbox_cause ON notifications_inbox (user_id, cause);
--bun:split
CREATE INDEX notifications_inbox_newest ON notifications_inbox (user_id, created_on, id);
--bun:split
CREATE INDEX notifications_inbox_unread ON notifications_inbox (user_id, is_read);
