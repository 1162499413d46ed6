DROP INDEX notifications_inbox_sent;
--bun:split
DROP INDEX notifications_inbox_read;
--bun:split
DROP INDEX notifications_inbox_sequence;
--bun:split
CREATE INDEX notifications_inbox_unread ON notifications_inbox (user_id, is_read);
--bun:split
ALTER TABLE notifications_inbox DROP COLUMN sender_id;
--bun:split
ALTER TABLE notifications_inbox DROP COLUMN sequence;
--bun:split
DROP TABLE notifications_counters;
