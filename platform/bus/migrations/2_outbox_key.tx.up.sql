-- Nearly all events are of threads, and nobody looks for those by key.
DROP INDEX bus_outbox_key;
--bun:split
CREATE INDEX bus_outbox_key ON bus_outbox (key) WHERE key NOT LIKE 'thread/%';
