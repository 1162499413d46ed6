-- What a mark says of many, each notification says again.
UPDATE notifications_inbox SET is_read = TRUE,
  read_on = (SELECT r.read_on FROM notifications_reads AS r WHERE r.user_id = notifications_inbox.user_id AND r.sequence >= notifications_inbox.sequence ORDER BY r.sequence LIMIT 1)
WHERE NOT is_read AND EXISTS (SELECT 1 FROM notifications_reads AS r WHERE r.user_id = notifications_inbox.user_id AND r.sequence >= notifications_inbox.sequence);
--bun:split
CREATE INDEX notifications_inbox_newest ON notifications_inbox (user_id, created_on, id);
--bun:split
CREATE INDEX notifications_inbox_read ON notifications_inbox (user_id, is_read, created_on, id);
--bun:split
DROP INDEX notifications_inbox_alone;
--bun:split
DROP INDEX notifications_inbox_unread;
--bun:split
ALTER TABLE notifications_counters DROP COLUMN read_through;
--bun:split
DROP TABLE notifications_reads;
