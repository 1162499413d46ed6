CREATE TABLE notifications_reads (
  user_id BIGINT NOT NULL,
  sequence BIGINT NOT NULL,
  read_on {{.Time}} NOT NULL,
  PRIMARY KEY (user_id, sequence)
);
--bun:split
ALTER TABLE notifications_counters ADD COLUMN read_through BIGINT NOT NULL DEFAULT 0;
--bun:split
CREATE INDEX notifications_inbox_unread ON notifications_inbox (user_id, sequence) WHERE NOT is_read;
--bun:split
CREATE INDEX notifications_inbox_alone ON notifications_inbox (user_id, sequence) WHERE is_read;
--bun:split
DROP INDEX notifications_inbox_newest;
--bun:split
DROP INDEX notifications_inbox_read;
