CREATE TABLE notifications_counters (
  user_id BIGINT PRIMARY KEY,
  organization_id BIGINT NOT NULL,
  last_sequence BIGINT NOT NULL,
  total BIGINT NOT NULL,
  unread BIGINT NOT NULL,
  is_closed BOOLEAN NOT NULL
);
--bun:split
ALTER TABLE notifications_inbox ADD COLUMN sequence BIGINT NOT NULL DEFAULT 0;
--bun:split
ALTER TABLE notifications_inbox ADD COLUMN sender_id BIGINT NOT NULL DEFAULT 0;
--bun:split
UPDATE notifications_inbox SET sequence = s.n
FROM (SELECT id, row_number() OVER (PARTITION BY user_id ORDER BY created_on, id) AS n FROM notifications_inbox) AS s
WHERE s.id = notifications_inbox.id;
--bun:split
INSERT INTO notifications_counters (user_id, organization_id, last_sequence, total, unread, is_closed)
SELECT user_id, min(organization_id), count(*), count(*), sum(CASE WHEN is_read THEN 0 ELSE 1 END), FALSE FROM notifications_inbox GROUP BY user_id;
--bun:split
CREATE UNIQUE INDEX notifications_inbox_sequence ON notifications_inbox (user_id, sequence);
--bun:split
DROP INDEX notifications_inbox_unread;
--bun:split
CREATE INDEX notifications_inbox_read ON notifications_inbox (user_id, is_read, created_on, id);
--bun:split
CREATE INDEX notifications_inbox_sent ON notifications_inbox (user_id, sender_id, created_on) WHERE sender_id > 0;
