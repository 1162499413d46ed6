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
